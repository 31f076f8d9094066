package heap

import (
	"bytes"
	"errors"
	"io"

	"leakhunt/harness/fault"
)

// scanner reads JSON as a stream without building its values: a dump of a
// gigabyte has texts of megabytes, and arrays of a hundred million numbers. It
// keeps its first error; after one, every call returns at once.
type scanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	base     int64 // offset of buf[0] in the input
	err      error
}

func newScanner(r io.Reader, size int) *scanner { return &scanner{r: r, buf: make([]byte, size)} }

var errCut = errors.New("it ends in the middle")

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = fault.Measuref("the heap dump cannot be read at byte %d: %s", s.offset(), what)
	}
}

func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

// fill reads more; false at the end of the input.
func (s *scanner) fill() bool {
	s.base += int64(s.end)
	s.pos, s.end = 0, 0
	for range 100 {
		n, err := s.r.Read(s.buf)
		s.end = n
		if n > 0 {
			return true
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && s.err == nil {
				s.err = fault.Measuref("the heap dump cannot be read").Because(err)
			}
			return false
		}
	}
	s.fail(io.ErrNoProgress.Error())
	return false
}

// next is the next byte; 0 and an error at the end.
func (s *scanner) next() byte {
	if s.pos == s.end && !s.fill() {
		if s.err == nil {
			s.fail(errCut.Error())
		}
		return 0
	}
	b := s.buf[s.pos]
	s.pos++
	return b
}

// peek is the next byte that is no white space, 0 at the end.
func (s *scanner) peek() byte {
	for s.err == nil && (s.pos < s.end || s.fill()) {
		switch b := s.buf[s.pos]; b {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return b
		}
	}
	return 0
}

func (s *scanner) expect(want byte) {
	switch s.peek() {
	case want:
		s.pos++
	case 0:
		s.fail(errCut.Error())
	default:
		s.fail("expected " + string(want))
	}
}

// text is the next string, escapes as they are, cut to limit bytes.
func (s *scanner) text(limit int) []byte {
	s.expect('"')
	var out []byte
	for s.err == nil {
		if s.pos == s.end && !s.fill() {
			s.fail(errCut.Error())
			return nil
		}
		part := s.buf[s.pos:s.end]
		i := bytes.IndexAny(part, `"\`)
		stop := i
		if i < 0 {
			stop = len(part)
		}
		out = append(out, part[:max(0, min(stop, limit-len(out)))]...)
		s.pos += stop
		if i < 0 {
			continue
		}
		s.pos++
		if part[i] == '"' {
			return out
		}
		if b := s.next(); len(out)+2 <= limit {
			out = append(out, '\\', b)
		}
	}
	return nil
}

// uint is the next whole number; one that is negative or does not fit fails.
func (s *scanner) uint() uint64 {
	var v uint64
	digits := 0
	for b := s.peek(); s.err == nil && b >= '0' && b <= '9'; digits++ {
		if v > 1<<53 {
			s.fail("a number is too large")
		}
		v = v*10 + uint64(b-'0')
		s.pos++
		if s.pos == s.end && !s.fill() {
			break
		}
		b = s.buf[s.pos]
	}
	if digits == 0 {
		if s.pos == s.end {
			s.fail(errCut.Error())
		}
		s.fail("expected a whole number")
	}
	return v
}

// object calls field with each name; field reads the value.
func (s *scanner) object(field func(name []byte)) {
	s.list('{', '}', func() {
		name := s.text(64)
		s.expect(':')
		if s.err == nil {
			field(name)
		}
	})
}

// array calls item before each item; item reads it.
func (s *scanner) array(item func()) { s.list('[', ']', item) }

// list calls item before each of what stands between open and end.
func (s *scanner) list(open, end byte, item func()) {
	s.expect(open)
	for first := true; s.err == nil; first = false {
		if s.peek() == end {
			s.pos++
			return
		}
		if !first {
			s.expect(',')
		}
		if s.err == nil {
			item()
		}
	}
}

// skip passes over any value.
func (s *scanner) skip() {
	for depth := 0; s.err == nil; {
		switch b := s.peek(); b {
		case 0:
			s.fail(errCut.Error())
		case '"':
			s.text(0)
		case '{', '[':
			s.pos++
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				s.fail("expected a value")
				return
			}
			s.pos++
			depth--
		case ',', ':':
			if depth == 0 {
				s.fail("expected a value")
				return
			}
			s.pos++
			continue
		default:
			s.word()
		}
		if depth == 0 {
			return
		}
	}
}

// word passes over a number, true, false or null.
func (s *scanner) word() {
	n := 0
	for ; s.err == nil && (s.pos < s.end || s.fill()); n++ {
		b := s.buf[s.pos]
		if b != '-' && b != '+' && b != '.' && (b < '0' || b > '9') && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') {
			break
		}
		s.pos++
	}
	if n == 0 {
		s.fail("expected a value")
	}
}
