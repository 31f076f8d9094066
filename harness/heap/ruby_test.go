package heap

import (
	"os"
	"strings"
	"testing"
)

func dump(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// testdata/ruby.dump is ObjectSpace.dump_all of Ruby 3.1 after eight calls that
// were traced, less most of what has nothing to do with them.
func TestRuby(t *testing.T) {
	const app = "/srv/shop/app.rb"
	for _, c := range []struct {
		site    Site
		objects int
		want    string
	}{
		{Site{app, 6, "Array"}, 8, "Shop::Keeper (class) → Array of 38 → Array of 1"},
		{Site{app, 17, "String"}, 8, "Shop::Keeper (class) → Array of 38 → Array of 1 → String"},
		{Site{app, 11, "Object"}, 8, "global variables → Array of 1 → Store → Hash of 38 → Object"},
		{Site{app, 11, "String"}, 8, "global variables → Array of 1 → Store → Hash of 38 → String"},
		{Site{app, 11, "Nothing"}, 16, "global variables → Array of 1 → Store → Hash of 38 → String"},
		{Site{app, 19, ""}, 8, "Thread → Array of 38 → String"},
		{Site{app, 20, "Node"}, 8, "Object (class) → Array of 1 → Node × 5"},
		{Site{app, 7, "Array"}, 0, ""},
		{Site{"/srv/other.rb", 6, "Array"}, 0, ""},
	} {
		ways, err := Ruby(strings.NewReader(dump(t, "ruby.dump")), []Site{c.site})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ways[0].Words(), " → "); got != c.want || ways[0].Objects != c.objects {
			t.Errorf("%s:%d %s: %d objects, %s\nwant %d, %s", c.site.File, c.site.Line, c.site.Type, ways[0].Objects, got, c.objects, c.want)
		}
	}
}

// What most objects are held through is shared, and has an address to ask for.
func TestRubyShared(t *testing.T) {
	ways, err := Ruby(strings.NewReader(dump(t, "ruby.dump")), []Site{{"/srv/shop/app.rb", 11, "Object"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range ways[0].Steps {
		if want := i < 4; s.Shared != want || (s.Address == "") != (i == 0) || strings.HasPrefix(s.Address, "0x") {
			t.Errorf("step %d is %+v", i, s)
		}
	}
}

func TestRubyRefuses(t *testing.T) {
	whole := dump(t, "ruby.dump")
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "no roots"},
		{"cut", whole[:len(whole)-4], "ends in the middle"},
		{"cut in a text", whole[:strings.Index(whole, `"value"`)+10], "ends in the middle"},
		{"without roots", `{"address":"0x1","type":"STRING"}`, "no roots"},
		{"no dump", "<html>", "expected {"},
		{"a number for a text", `{"type":5}`, `expected "`},
		{"references of objects", `{"type":"ROOT","references":[{}]}`, `expected "`},
		{"a huge line", `{"address":"0x1","line":99999999999999999999}`, "too large"},
		{"a negative line", `{"address":"0x1","line":-1}`, "whole number"},
	} {
		_, err := Ruby(strings.NewReader(c.text), []Site{{"a.rb", 1, ""}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// Addresses that are not in the dump, or stand twice, hold nothing; unknown
// fields of another Ruby are passed over.
func TestRubyOddities(t *testing.T) {
	ways, err := Ruby(strings.NewReader(odd), []Site{{"/a b.rb", 3, ""}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(ways[0].Words(), " → "); got != "Shop /x → string" {
		t.Error(got)
	}
}

const odd = `{"type":"ROOT", "root":"vm", "references":["0x10", "0xdead", "nonsense"]}
{"address":"0x10", "type":"OBJECT", "class":"0x20", "shape":{"id":[1,{"a":null}]}, "references":["0x30", "0x30", "0x10"]}
{"address":"0x20", "type":"CLASS", "name":"Sh\u006fp \u002fx", "references":[]}
{"address":"0x30", "type":"STRING", "class":"0x99", "value":"a\"}{\\", "file":"\/a b.rb", "line":3}
`

func FuzzRuby(f *testing.F) {
	f.Add(odd, "/a b.rb", 3)
	f.Add(`{"type":"ROOT","references":["0x1"]}{"address":"0x1","class":"0x1","singleton":true,"file":"a","line":1}`, "a", 1)
	f.Fuzz(func(t *testing.T, text, file string, line int) {
		ways, err := Ruby(strings.NewReader(text), []Site{{file, line, "String"}, {file, line, ""}})
		checkWays(t, ways, err, 2)
	})
}

func checkWays(t *testing.T, ways []Way, err error, sites int) {
	t.Helper()
	if (err == nil) != (len(ways) == sites) {
		t.Fatalf("%d ways, %v", len(ways), err)
	}
	for _, w := range ways {
		for _, word := range w.Words() {
			if word == "" || len([]rune(word)) > maxWord+20 || strings.ContainsAny(word, "\n\x00") && !strings.Contains(word, "\x00") {
				t.Errorf("a step reads %q", word)
			}
		}
		if len(w.Steps) > 0 && w.Objects == 0 {
			t.Errorf("nothing is held by %v", w.Words())
		}
	}
}

// A thread's stack still holds what its last call has pushed into a constant:
// the constant is what holds it, though the way through the thread is shorter.
func TestRubyLeavesStacksForLast(t *testing.T) {
	const text = `{"type":"ROOT", "root":"vm", "references":["0x10", "0x20"]}
{"address":"0x10", "type":"CLASS", "name":"Object", "references":["0x30"]}
{"address":"0x20", "type":"DATA", "class":"0x50", "struct":"VM/thread", "references":["0x40", "0x80"]}
{"address":"0x30", "type":"MODULE", "name":"Keeper", "references":["0x40"]}
{"address":"0x40", "type":"ARRAY", "length":2, "references":["0x60", "0x70"]}
{"address":"0x50", "type":"CLASS", "name":"Thread", "references":[]}
{"address":"0x60", "type":"STRING", "file":"/a.rb", "line":1}
{"address":"0x70", "type":"STRING", "file":"/a.rb", "line":1}
{"address":"0x80", "type":"STRING", "file":"/a.rb", "line":2}
`
	ways, err := Ruby(strings.NewReader(text), []Site{{"/a.rb", 1, ""}, {"/a.rb", 2, ""}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"Keeper (module) → array of 2 → string", "Thread → string"} {
		if got := strings.Join(ways[i].Words(), " → "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
