// Package recorded reads memory series that were recorded elsewhere: CSV with
// the columns requests and rss_bytes, what Prometheus answers to a range query, and
// logs of ps and pidstat, plain or gzipped.
package recorded

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
)

// The columns that a file must have. Others are ignored.
const (
	columnRequests = "requests"
	columnRSS      = "rss_bytes"
)

// maxRows bounds what is read, and the requests from the first reading to the
// last: a million are 60 times what a verdict looks at.
const maxRows = 1 << 20

// maxRSS is more bytes than any machine has, and the largest value whose
// neighbours a float64 still tells apart.
const maxRSS = 1 << 53

// maxLine bounds one line of the file, in bytes.
const maxLine = 64 << 10

// Series is one recorded series, in the order of the file.
type Series struct {
	Name     string    // which process of the file; "" where it is of one alone
	Requests []int     // requests sent so far; 0 is the fresh process, or the first reading of a monitor
	RSS      []float64 // bytes
	Warnings []Warning // what a reader should know; never nil

	mid bool // a monitor recorded it: now and then, from the midst of the process's life on
}

// Warning is something odd in a series that can still be read.
type Warning struct {
	Code    string // kebab-case, stable
	Message string
}

// Read reads a series; name is how errors call the file. The columns may come
// in any order, beside others. A line that cannot be read is a *fault.Error
// with file, line, the text, and what would be right; the Series is then empty.
func Read(r io.Reader, name string) (Series, error) {
	plain, err := uncompressed(r, name)
	if err != nil {
		return Series{}, err
	}
	lines := bufio.NewScanner(plain)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	p := parser{name: name}
	s := Series{Warnings: []Warning{}}
	for lines.Scan() {
		p.line++
		err := p.read(lines.Text(), &s)
		if err != nil && !lines.Scan() && lines.Err() != nil {
			break // the line is what was left of a damaged file
		}
		if err != nil {
			return Series{}, err
		}
	}
	if err := lines.Err(); err != nil {
		return Series{}, readError(name, p.line+1, err)
	}
	if p.width == 0 {
		return Series{}, fault.Usagef("%s: empty file", name).
			WithHint("The first line must name the columns: %s,%s.", columnRequests, columnRSS)
	}
	if len(s.Requests) == 0 {
		return Series{}, fault.Usagef("%s: no reading after the header", name).
			WithHint("Add a line for each reading, such as 0,8134656.")
	}
	s.Warnings = append(s.Warnings, oddities(s)...)
	return s, nil
}

// uncompressed is r, unpacked where it begins with gzip's magic (RFC 1952,
// section 2.3.1), and without the byte order mark of UTF-8.
func uncompressed(r io.Reader, name string) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, readError(name, 1, err)
		}
		b = bufio.NewReader(z)
	}
	if mark, _ := b.Peek(3); bytes.Equal(mark, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = b.Discard(3) // cannot fail: the three bytes were just seen
	}
	return b, nil
}

func readError(name string, line int, err error) error {
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fault.Usagef("%s: the gzip data is damaged or cut short, near line %d", name, line).
			Because(err).WithHint("Copy the file again, or unpack it with gunzip to see where it ends.")
	case errors.Is(err, bufio.ErrTooLong):
		return fault.Usagef("%s:%d: the line is longer than %d bytes", name, line, maxLine).
			WithHint("The file must be CSV with the columns %s,%s.", columnRequests, columnRSS)
	}
	return fault.Usagef("%s: cannot be read", name).Because(err).
		WithHint("It must be a CSV file with the columns %s,%s.", columnRequests, columnRSS)
}

type parser struct {
	name     string
	line     int
	width    int // number of columns, 0 before the header
	requests int // index of the column
	rss      int
}

func (p *parser) read(text string, s *Series) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	fields, err := split(text)
	if err != nil {
		return p.bad(text, "quotes must come in pairs around a whole field")
	}
	if p.width == 0 {
		return p.header(text, fields)
	}
	if len(fields) != p.width {
		return p.bad(text, fmt.Sprintf("%d fields as in the header, not %d", p.width, len(fields)))
	}
	if len(s.Requests) == maxRows {
		return p.bad(text, fmt.Sprintf("at most %d readings", maxRows))
	}
	n, err := strconv.Atoi(fields[p.requests])
	if err != nil || n < 0 {
		return p.bad(text, fmt.Sprintf("%s must be a whole number from 0 on, not %q", columnRequests, short(fields[p.requests])))
	}
	v, err := strconv.ParseFloat(fields[p.rss], 64)
	if err != nil || !(v >= 0 && v <= maxRSS) {
		return p.bad(text, fmt.Sprintf("%s must be a number of bytes, not %q", columnRSS, short(fields[p.rss])))
	}
	if k := len(s.Requests); k > 0 && n <= s.Requests[k-1] {
		return p.bad(text, fmt.Sprintf("%s must rise from line to line, and %d follows %d", columnRequests, n, s.Requests[k-1]))
	}
	if len(s.Requests) > 0 && n-s.Requests[0] > maxRows {
		return p.bad(text, fmt.Sprintf("at most %d requests after the first line's %d, not %d", maxRows, s.Requests[0], n))
	}
	s.Requests = append(s.Requests, n)
	s.RSS = append(s.RSS, v)
	return nil
}

func (p *parser) header(text string, fields []string) error {
	p.width = len(fields)
	p.requests = slices.Index(fields, columnRequests)
	p.rss = slices.Index(fields, columnRSS)
	if p.requests < 0 || p.rss < 0 {
		return p.bad(text, fmt.Sprintf("the first line must name the columns %s and %s", columnRequests, columnRSS))
	}
	for _, name := range []string{columnRequests, columnRSS} {
		if n := count(fields, func(f string) bool { return f == name }); n > 1 {
			return p.bad(text, fmt.Sprintf("%d columns are called %s", n, name))
		}
	}
	return nil
}

func (p *parser) bad(text, right string) error {
	return fault.Usagef("%s:%d: %q: %s", p.name, p.line, short(text), right).
		WithHint("Each line needs the requests so far and the bytes resident then, such as 128,8134656.")
}

// split reads one line. A field has no line break in it, so each line is a
// record of its own and errors can name it.
func split(text string) ([]string, error) {
	if !strings.Contains(text, `"`) {
		fields := strings.Split(strings.TrimRight(text, "\r"), ",")
		for i, f := range fields {
			fields[i] = strings.TrimSpace(f)
		}
		return fields, nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	return r.Read()
}

func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
