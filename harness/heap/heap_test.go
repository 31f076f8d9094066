package heap

import (
	"strings"
	"testing"
	"testing/iotest"
)

func TestWords(t *testing.T) {
	links := make([]Step, 0, 60)
	for range 1234 {
		links = append(links, Step{Kind: "Node"})
	}
	var different []Step
	for i := range 30 {
		different = append(different, Step{Kind: strings.Repeat("x", i+1)})
	}
	for _, c := range []struct {
		steps []Step
		want  string
	}{
		{nil, ""},
		{[]Step{{Name: "Keeper", Kind: "class"}, {Name: "KEPT", Kind: "Array of 5"}, {Kind: "String"}}, "Keeper (class) → KEPT (Array of 5) → String"},
		{[]Step{{File: "/app.js", Name: "cache", Kind: "Map"}, {Kind: "a\n b"}}, "/app.js: cache (Map) → a b"},
		{links, "Node × 1,234"},
		{different, "x → xx → xxx → xxxx → xxxxx → xxxxxx → … 18 more … → " + strings.Join([]string{
			strings.Repeat("x", 25), strings.Repeat("x", 26), strings.Repeat("x", 27), strings.Repeat("x", 28), strings.Repeat("x", 29), strings.Repeat("x", 30),
		}, " → ")},
		{[]Step{{Kind: strings.Repeat("é", 500)}}, strings.Repeat("é", maxWord-1) + "…"},
	} {
		if got := strings.Join(Way{Steps: c.steps}.Words(), " → "); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestStructural(t *testing.T) {
	for name, want := range map[string]bool{
		"items": true, "_events": true, "@cache": true, "$stores": true, "/srv/app.js": true, "utf8": true, "by-id": true,
		"": false, "user 7": false, "a1b2c3d4e5": false, "eyJhbGciOiJIUzI1NiJ9": false, "00000000": false,
		"geheim!": false, "ключ": false, strings.Repeat("a", 41): false,
	} {
		if Structural(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// The scanner sees the same whatever pieces the file comes in.
func TestScannerPieces(t *testing.T) {
	const text = ` { "a" : [ 1 , "x\"y" , {"b":null} ] , "c" : -1.5e3 , "d" : 12345 } `
	for size := 1; size < 20; size++ {
		s := newScanner(iotest.OneByteReader(strings.NewReader(text)), size)
		var names []string
		s.object(func(name []byte) {
			names = append(names, string(name))
			if string(name) == "d" {
				if v := s.uint(); v != 12345 {
					t.Errorf("size %d: %d", size, v)
				}
				return
			}
			s.skip()
		})
		if s.err != nil || strings.Join(names, "") != "acd" || s.peek() != 0 {
			t.Errorf("size %d: %v, %v", size, names, s.err)
		}
	}
	broken := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(text)))
	s := newScanner(broken, 8)
	s.skip()
	if s.err == nil || !strings.Contains(s.err.Error(), "cannot be read") {
		t.Errorf("a disc that fails: %v", s.err)
	}
}
