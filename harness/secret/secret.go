// Package secret keeps the values that must appear in no output, in no
// encoding.
package secret

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"leakhunt/harness/fault"
)

// Mark stands where a secret stood.
const Mark = "[secret]"

// Shortest is the length, in characters, of the shortest value that can be a
// secret. A shorter one is part of ordinary text, which would become
// unreadable, and whoever saw the marks in it would know the value.
const Shortest = 4

// Set is a set of secrets. Its zero value is empty and ready; a nil Set is
// empty for ever. It is safe for concurrent use.
type Set struct {
	mu       sync.RWMutex
	patterns map[string]*regexp.Regexp // by value
}

// Add takes up values, without the space around them. Empty ones are ignored. A
// value shorter than Shortest is not taken up and makes Add return a Usage
// fault, which does not hold it; the others are taken up nevertheless.
func (s *Set) Add(values ...string) error {
	var err error
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
		p := regexp.MustCompile(pattern(v))
		p.Longest() // "%" is the beginning of "%25"
		s.mu.Lock()
		if s.patterns == nil {
			s.patterns = map[string]*regexp.Regexp{}
		}
		s.patterns[v] = p
		s.mu.Unlock()
	}
	return err
}

// Redact returns p with Mark in place of each secret, in whatever encoding:
// as it is; percent-encoded for a path or a query; escaped for JSON, Go or
// HTML; in base64, standard or for URLs, at any place within a longer value;
// in hex. Where p holds none it is returned itself, else it is left as it was.
func (s *Set) Redact(p []byte) []byte {
	cuts := s.find(p)
	if len(cuts) == 0 {
		return p
	}
	var out bytes.Buffer
	from := 0
	for _, c := range cuts {
		if c[0] >= from {
			out.Write(p[from:c[0]])
			out.WriteString(Mark)
		}
		from = max(from, c[1])
	}
	out.Write(p[from:])
	return out.Bytes()
}

// RedactString is Redact for strings.
func (s *Set) RedactString(text string) string {
	if s.empty() {
		return text
	}
	return string(s.Redact([]byte(text)))
}

// find returns where secrets stand in p, in order of their beginnings; places
// of different secrets may overlap.
func (s *Set) find(p []byte) [][]int {
	if s.empty() {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var cuts [][]int
	for _, re := range s.patterns {
		cuts = append(cuts, re.FindAllIndex(p, -1)...)
	}
	slices.SortFunc(cuts, func(a, b []int) int { return a[0] - b[0] })
	return cuts
}

func (s *Set) empty() bool {
	if s == nil {
		return true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.patterns) == 0
}

// Format implements fmt.Formatter, so that a printed Set shows no secret.
func (s *Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mark) }

// Writer redacts what is written to it, each Write as a unit: a secret that is
// torn over two of them is not found, so lines should be written whole. It is
// safe for concurrent use.
func (s *Set) Writer(w io.Writer) io.Writer { return &writer{set: s, w: w} }

type writer struct {
	set *Set
	mu  sync.Mutex
	w   io.Writer
}

// Write reports all of p as written where all of its redacted form was.
func (w *writer) Write(p []byte) (int, error) {
	clean := w.set.Redact(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.w.Write(clean)
	if err == nil && n < len(clean) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}
