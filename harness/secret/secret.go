// Package secret keeps the values that must appear in no output, in no
// encoding.
package secret

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"leakhunt/harness/fault"
)

// Mark stands where a secret stood.
const Mark = "[secret]"

// Shortest is the length, in characters, of the shortest value that can be a secret. A
// shorter one is part of ordinary text, which would become unreadable. A reader who saw
// the marks in that would know the value.
const Shortest = 4

// Set is a set of secrets. Its zero value is empty and ready; a nil Set is
// empty forever. It is safe for concurrent use.
type Set struct {
	mu     sync.Mutex // for Add
	values map[string]bool
	index  atomic.Pointer[index] // of all values; never changed once it is here
}

// Add takes up values, without the space around them, and each longer line of one
// that has several: who prints a key indents its lines. Empty ones are ignored. A
// value shorter than Shortest is not taken up and makes Add return a Usage
// fault, which does not hold it. The others are taken up nevertheless.
func (s *Set) Add(values ...string) error {
	var err error
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[string]bool{}
	}
	known := len(s.values)
	x := newIndex()
	if now := s.index.Load(); now != nil {
		*x = *now // what is appended stands behind what readers see
	}
	take := func(v string) {
		if !s.values[v] {
			s.values[v] = true
			x.add(v)
		}
	}
	for _, v := range values {
		v = strings.TrimSpace(v)
		switch n := utf8.RuneCountInString(v); {
		case n == 0:
			continue
		case n < Shortest:
			err = fault.Usagef("a secret has %d characters: too short to be kept out of the output", n).
				WithHint("Use one of at least %d characters, or take it out of secrets:.", Shortest)
			continue
		}
		take(v)
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); len(line) >= cutShort {
				take(line)
			}
		}
	}
	if len(s.values) > known {
		s.index.Store(x)
	}
	return err
}

// Redact returns p with Mark in place of each secret, in whatever encoding:
//
//   - as it is
//   - percent-encoded for a path or a query
//   - escaped for JSON, Go, Ruby, Python or HTML, also twice
//   - in base64, standard or for URLs, at any place within a longer value
//   - in hex
//
// The first 16 bytes of a secret, or more, are marked where the rest is cut off. Redact
// returns p itself where it holds no secret. It never changes p.
func (s *Set) Redact(p []byte) []byte {
	x := s.all()
	if x == nil {
		return p
	}
	var out bytes.Buffer
	f := newFilter(x)
	f.feed(p, &out)
	f.end(&out)
	if !f.found {
		return p
	}
	return out.Bytes()
}

// RedactString is Redact for strings.
func (s *Set) RedactString(text string) string {
	if s.all() == nil {
		return text
	}
	return string(s.Redact([]byte(text)))
}

func (s *Set) all() *index {
	if s == nil {
		return nil
	}
	return s.index.Load()
}

// Format implements fmt.Formatter, so that a printed Set shows no secret.
func (s *Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mark) }

// Writer redacts what is written to it. Of a secret that comes in several writes
// nothing is passed on before it is known to be none: what a text ends with that a
// secret begins with is held back until the next write or Flush.
func (s *Set) Writer(w io.Writer) *Writer { return &Writer{set: s, w: w} }

// Writer is Set.Writer. It is safe for concurrent use.
type Writer struct {
	set   *Set
	mu    sync.Mutex
	w     io.Writer
	index *index
	f     *filter
	out   bytes.Buffer
}

// Write reports all of p as written where what can be passed on was.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.set.all()
	if x == nil {
		return w.w.Write(p)
	}
	w.out.Reset()
	if x != w.index {
		old := w.f
		w.index, w.f = x, newFilter(x)
		if old != nil { // what is held back may be a new secret's
			w.f.feed(old.held(), &w.out)
		}
	}
	w.f.feed(p, &w.out)
	n, err := w.pass()
	if err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}

// Flush passes on what is held back: nothing follows it.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f == nil {
		return nil
	}
	w.out.Reset()
	w.f.end(&w.out)
	w.index, w.f = nil, nil
	_, err := w.pass()
	return err
}

// pass writes what is known to be no secret, in one write.
func (w *Writer) pass() (int, error) {
	if w.out.Len() == 0 {
		return 0, nil
	}
	n, err := w.w.Write(w.out.Bytes())
	if err == nil && n < w.out.Len() {
		err = io.ErrShortWrite
	}
	return n, err
}
