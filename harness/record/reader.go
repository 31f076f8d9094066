package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// What a file can be instead of a journal. Beside these NewReader returns a
// *VersionError, a *DamageError, or what the reader below it returned.
var (
	ErrEmpty   = errors.New("it is empty")
	ErrForeign = errors.New("it is not a journal of leakhunt")
	ErrCut     = errors.New("it ends within its first line")
)

// VersionError says that a journal is of a version of the format that this
// leakhunt does not read.
type VersionError struct {
	Version int
	Tool    string // leakhunt's version that wrote it; "" where the journal names none
}

func (e *VersionError) Error() string {
	s := fmt.Sprintf("its format has version %d, and this leakhunt reads up to version %d", e.Version, VersionLanes)
	if e.Tool != "" {
		s += fmt.Sprintf(" (leakhunt %s wrote it)", e.Tool)
	}
	return s
}

// DamageError says which line of a journal is not what was written. The lines
// before it are good.
type DamageError struct {
	Line int // from 1
	Err  error
}

func (e *DamageError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *DamageError) Unwrap() error { return e.Err }

// Tail is where the good lines of a journal end.
type Tail struct {
	Lines int   // good lines, the header included
	Bytes int64 // in them
	// Torn is how many bytes come after them: the last line, which was not
	// written to its end or not as it was meant to be. 0: the journal ended with a
	// whole line.
	Torn int64
}

// Reader reads a journal. It takes memory for one line of at most MaxLine bytes,
// whatever it reads.
type Reader struct {
	Header Header

	in   *bufio.Reader
	line []byte
	sum  uint32
	tail Tail
	err  error
}

// NewReader reads the header of a journal.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 64<<10)}
	if err := r.recognise(); err != nil {
		return nil, err
	}
	from, line, err := r.next()
	if err != nil {
		if r.tail.Torn > 0 {
			err = ErrCut
		}
		return nil, err
	}
	if err := json.Unmarshal(line, &r.Header); err != nil {
		return nil, &DamageError{Line: 1, Err: err}
	}
	if v := r.Header.Version; v != versionOf(r.Header) {
		return nil, &VersionError{Version: v, Tool: r.Header.Tool}
	}
	r.accept(from, line)
	return r, nil
}

// ReadAfter reads the lines of a journal that follow the line after, without a
// header. It returns an error where that is no line. Nothing says that it is one of
// a journal that is whole: Tail and errors count lines and bytes from there on.
func ReadAfter(after []byte, in io.Reader) (*Reader, error) {
	hexed, ok := bytes.CutSuffix(after, []byte(sumEnd))
	if at := len(hexed) - 2*crc32.Size; ok && at >= len(sumAt) && bytes.HasSuffix(hexed[:at], []byte(sumAt)) {
		if sum, err := strconv.ParseUint(string(hexed[at:]), 16, 32); err == nil {
			return &Reader{in: bufio.NewReaderSize(in, 64<<10), sum: uint32(sum)}, nil
		}
	}
	return nil, errors.New("this is no line of a journal")
}

// Sniff says whether a file that begins like this is a journal, of any version.
func Sniff(head []byte) bool { return bytes.HasPrefix(head, []byte(head1)) }

// head1 is how each journal begins, whatever its version.
const head1 = opening + magic + `","version":`

func (r *Reader) recognise() error {
	const digits = 10
	head, err := r.in.Peek(len(head1) + digits)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case len(head) == 0:
		return ErrEmpty
	case len(head) < len(head1) && bytes.HasPrefix([]byte(head1), head):
		return ErrCut
	case !Sniff(head):
		return ErrForeign
	}
	version := 0
	for _, c := range head[len(head1):] {
		if c < '0' || c > '9' {
			break
		}
		version = 10*version + int(c-'0')
	}
	if version <= VersionLanes {
		return nil // 0 where it is torn; the checksum tells of all else
	}
	e := &VersionError{Version: version}
	if line, err := r.readLine(); err == nil {
		var h struct{ Tool string }
		if json.Unmarshal(line, &h) == nil && strings.IndexFunc(h.Tool, unprintable) < 0 {
			e.Tool = h.Tool
		}
	}
	return e
}

// unprintable says that a letter is no good in a message: the line may be anything.
func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// Next is the next event. At the end it returns io.EOF, and Tail says how the
// journal ended. It returns a *DamageError for a line that is not what was
// written while others follow it, and what the reader below returned. Nothing
// comes after an error.
func (r *Reader) Next() (Event, error) {
	if r.err != nil {
		return nil, r.err
	}
	from, line, err := r.next()
	if err == nil {
		var ev Event
		if ev, err = decode(from, line); err == nil {
			r.accept(from, line)
			return ev, nil
		}
		err = &DamageError{Line: r.tail.Lines + 1, Err: err}
	}
	r.err = err
	return nil, err
}

// Tail is where the lines end that were read so far.
func (r *Reader) Tail() Tail { return r.tail }

// Encoder is one that goes on where the lines end that were read so far.
func (r *Reader) Encoder() *Encoder {
	e := NewEncoder(r.Header.Environment.PageBytes)
	e.sum = r.sum
	return e
}

// next is the next line whose checksum is right: without checksum and closing
// brace, and all of it.
func (r *Reader) next() (from, line []byte, err error) {
	line, err = r.readLine()
	if err != nil {
		if errors.Is(err, io.EOF) {
			r.tail.Torn = int64(len(line))
		}
		return nil, nil, err
	}
	from = line[:max(0, len(line)-sumLen)]
	sum := crc32.Update(r.sum, crc32.IEEETable, from)
	if !bytes.Equal(line[len(from):], appendSum(nil, sum)) {
		return nil, nil, r.bad(line)
	}
	return from, line, nil
}

// accept counts a line of next as good.
func (r *Reader) accept(from, line []byte) {
	r.sum = crc32.Update(r.sum, crc32.IEEETable, from)
	r.tail.Lines++
	r.tail.Bytes += int64(len(line))
}

// bad is the error of a line whose checksum is wrong.
func (r *Reader) bad(line []byte) error {
	if _, err := r.in.Peek(1); errors.Is(err, io.EOF) {
		r.tail.Torn = int64(len(line))
		return io.EOF
	}
	err := errors.New("its checksum is wrong, or lines before it are missing")
	if r.tail.Lines > 0 && Sniff(line) {
		err = errors.New("another journal begins here")
	}
	return &DamageError{Line: r.tail.Lines + 1, Err: err}
}

// readLine is the next line with its newline. With io.EOF comes what there is
// of a line without one. The line is good until the next call.
func (r *Reader) readLine() ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		if len(r.line)+len(part) > MaxLine {
			return nil, &DamageError{Line: r.tail.Lines + 1, Err: fmt.Errorf("it is longer than %d MiB", MaxLine>>20)}
		}
		r.line = append(r.line, part...)
		switch {
		case err == nil, errors.Is(err, io.EOF):
			return r.line, err
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("line %d: %w", r.tail.Lines+1, err)
		}
	}
}
