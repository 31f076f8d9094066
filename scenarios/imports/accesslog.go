package imports

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLine is how long a line of a log may be, in bytes.
const maxLine = 64 << 10

// request is what a line of a log says. Its bytes are the line's.
type request struct {
	method, target, host []byte
	status               int
}

// reason is why a line is no request; "" where it is one.
type reason string

const (
	tooLong   reason = "longer than 64 KiB"
	binary    reason = "binary"
	garbled   reason = "in no format that is known"
	noRequest reason = "without a request, such as a TLS handshake on a plain port"
	noStatus  reason = "without a status"
	otherHost reason = "of another host (--host)"
	unmatched reason = "not as --format says"
)

// AccessLog reads logs into a Folder, line by line.
type AccessLog struct {
	folder  *Folder
	format  *format // nil: each line by its looks
	host    string  // "": every host
	lines   int64
	formats []string // what was seen, and how many lines of each
	seen    []int64
	skipped []skip
	hosts   map[string]bool
	scratch scratch
}

// skip counts the lines of one reason.
type skip struct {
	why   reason
	lines int64
	first int64 // the line of the first, from 1
	file  string
}

// NewAccessLog reads into a new Folder. layout is nginx's log_format syntax; ""
// finds the format of each line by its looks. Of a log of several hosts, host
// picks one; "" takes all. Its error is a Usage fault.
func NewAccessLog(o Options, layout, host string) (*AccessLog, error) {
	l := &AccessLog{folder: NewFolder(o), host: host, hosts: map[string]bool{}}
	if layout != "" {
		var err error
		if l.format, err = parseFormat(layout); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Read reads one log, to its end or an error. What was read before it counts.
// name is how lines that are skipped are found again.
func (l *AccessLog) Read(name string, r io.Reader) error {
	in := bufio.NewReaderSize(r, maxLine)
	for number := int64(1); ; number++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
			l.lines++
			l.skip(tooLong, name, number)
		} else if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			l.lines++
			if why := l.line(line); why != "" {
				l.skip(why, name, number)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// line adds one line, or says why it is none.
func (l *AccessLog) line(line []byte) reason {
	kind, r, why := "as --format says", request{}, reason("")
	if l.format != nil {
		r, why = l.format.parse(line)
	} else {
		kind, r, why = l.scratch.parse(line)
	}
	if why != "" {
		// Looked at last: a name in Latin 1 makes no line binary that can be read.
		if why != noRequest && (bytes.IndexByte(line, 0) >= 0 || !utf8.Valid(line)) {
			return binary
		}
		return why
	}
	const enough = 100
	if r.host != nil && len(l.hosts) < enough && !l.hosts[string(r.host)] {
		l.hosts[string(r.host)] = true
	}
	if l.host != "" && !bytes.EqualFold(r.host, []byte(l.host)) {
		return otherHost
	}
	i := slices.Index(l.formats, kind)
	if i < 0 {
		i = len(l.formats)
		l.formats, l.seen = append(l.formats, kind), append(l.seen, 0)
	}
	l.seen[i]++
	l.folder.Add(r.method, r.target, r.status)
	return ""
}

func (l *AccessLog) skip(why reason, name string, number int64) {
	for i := range l.skipped {
		if l.skipped[i].why == why {
			l.skipped[i].lines++
			return
		}
	}
	l.skipped = append(l.skipped, skip{why, 1, number, name})
}

// Found is what the logs came to.
func (l *AccessLog) Found() *Found {
	parts := make([]string, len(l.formats))
	for i, kind := range l.formats {
		parts[i] = kind
		if len(parts) > 1 {
			parts[i] += " " + group(l.seen[i])
		}
	}
	source := "an access log of " + plural(l.lines, "line")
	if len(parts) > 0 {
		source += " (" + strings.Join(parts, ", ") + ")"
	}
	f := l.folder.Found(source)
	for _, s := range l.skipped {
		f.Notes = append(f.Notes, fmt.Sprintf("%s %s; the first is line %d of %s", plural(s.lines, "line"), s.why, s.first, s.file))
	}
	if len(l.hosts) > 1 && l.host == "" {
		f.Notes = append(f.Notes, "nothing for its host, though the log is of several: --host picks one")
	}
	return f
}
