package load

import (
	"strings"
	"testing"
)

// FuzzFinder: however a body is cut, its finder agrees with strings.Contains.
func FuzzFinder(f *testing.F) {
	f.Add("xxabcxx", "abc", uint8(3))
	f.Add("aaaab", "aab", uint8(1))
	f.Add("abcabd", "abd", uint8(2))
	f.Fuzz(func(t *testing.T, body, want string, step uint8) {
		var s finder
		s.reset("an earlier one")
		s.feed([]byte("an earl"))
		s.reset(want)
		size := int(step)%7 + 1
		for i := 0; i < len(body); i += size {
			s.feed([]byte(body[i:min(len(body), i+size)]))
		}
		if s.found != strings.Contains(body, want) {
			t.Errorf("found %t: %q in %q by %d", s.found, want, body, size)
		}
	})
}
