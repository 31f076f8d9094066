package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// pattern is a text that is looked for: a secret, or the part of its base64 form that
// does not depend on its neighbours.
type pattern struct {
	text []byte
	// fail is the failure function of Knuth, Morris and Pratt: fail[n] is the length
	// of the longest text that the first n bytes both begin and end with.
	fail []int32
	// The base64 character before and behind text holds bits of the secret too.
	before, behind bool
	padded         bool // = may follow
}

func newPattern(text []byte) *pattern {
	p := &pattern{text: text, fail: make([]int32, len(text)+1)}
	for i, k := 1, int32(0); i < len(text); i++ {
		for k > 0 && text[i] != text[k] {
			k = p.fail[k]
		}
		if text[i] == text[k] {
			k++
		}
		p.fail[i+1] = k
	}
	return p
}

// next is how many bytes of the pattern have been seen when b follows n of them.
func (p *pattern) next(n int, b byte) int {
	if n == len(p.text) {
		n = int(p.fail[n])
	}
	for n > 0 && p.text[n] != b {
		n = int(p.fail[n])
	}
	if p.text[n] == b {
		n++
	}
	return n
}

// starts are patterns by their first byte.
type starts [256][]*pattern

func (s *starts) add(p *pattern) { s[p.text[0]] = append(s[p.text[0]], p) }

// index is what is looked for: in decoded text, in hex, in base64.
type index struct {
	text, hex, base64 starts
	waking            [256][]*encoder
}

func newIndex() *index { return &index{waking: waking()} }

func (x *index) add(value string) {
	x.text.add(newPattern([]byte(value)))
	if shown := shownInvalid(value); shown != value {
		x.text.add(newPattern([]byte(shown)))
	}
	x.hex.add(newPattern([]byte(hex.EncodeToString([]byte(value)))))
	for shift := range 3 {
		x.base64.add(codedAt([]byte(value), shift))
	}
}

// shownInvalid is how Go and JSON print a value whose bytes are no UTF-8.
func shownInvalid(value string) string {
	var b strings.Builder
	for _, r := range value {
		b.WriteRune(r)
	}
	return b.String()
}

// codedAt is the value within base64 text where its first byte stands shift bytes
// into a group of three.
func codedAt(value []byte, shift int) *pattern {
	code := base64.StdEncoding.EncodeToString(append(make([]byte, shift), value...))
	first := (8*shift + 5) / 6          // characters that only depend on what stands before, and a shared one
	end := 8 * (shift + len(value)) / 6 // the first that also depends on what follows
	p := newPattern(bytes.Clone([]byte(code[first:end])))
	p.before, p.behind, p.padded = shift > 0, 8*(shift+len(value))%6 != 0, true
	return p
}
