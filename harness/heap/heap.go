// Package heap reads the dumps that language runtimes write of their heaps, and says
// what holds the objects that one source line made: Ruby's ObjectSpace.dump_all and
// V8's heap snapshot. A dump is read as a stream. Only its graph is kept, about 60
// bytes for an object and 10 for a reference. A value of the application never is.
package heap

import (
	"io"
	"net/url"
	"strings"

	"leakhunt/harness/units"
)

// Site is a line whose objects are looked for.
type Site struct {
	File string // as the runtime names it, a file URL as its path
	Line int    // from 1; in V8 the line where the function begins
	Type string // of the objects; "" for any
}

// Dump is the file that a runtime wrote.
type Dump interface {
	io.Reader
	io.ReaderAt
}

// Way is how most of the objects that a site made are held: from the variable,
// constant or class that holds them down to one of them.
type Way struct {
	Steps   []Step
	Objects int // of the site, which are alive
}

// Step is one object on the way. It has no value of the application but the
// names that its source gives: what is below the object that holds most of them
// has none, since a key there is the request's.
type Step struct {
	File    string // V8: the source file whose variable the step is, where it is one
	Name    string // what the step is held by: a variable, a property, a constant
	Kind    string // what the step is: "class", "Array of 5,160", "Map"
	Address string // Ruby: where it lies, in hexadecimal without leading zeros
	Shared  bool   // most of the site's objects are held through it
}

// String is "name (kind)".
func (s Step) String() string {
	switch {
	case s.Name == "":
		return s.Kind
	case s.File != "":
		return s.File + ": " + s.Name + " (" + s.Kind + ")"
	}
	return s.Name + " (" + s.Kind + ")"
}

// Bounds of Words.
const (
	maxSteps = 12
	maxWord  = 120
)

// Words are the steps as a reader sees them, at most about a dozen: one that
// repeats, as the links of a list do, is written once, with how often.
func (w Way) Words() []string {
	var out []string
	for i := 0; i < len(w.Steps); {
		text := shorten(w.Steps[i].String())
		n := 1
		for i+n < len(w.Steps) && shorten(w.Steps[i+n].String()) == text {
			n++
		}
		if i += n; n > 1 {
			text += " × " + units.Count(n)
		}
		out = append(out, text)
	}
	if over := len(out) - maxSteps; over > 0 {
		head, tail := out[:maxSteps/2], out[len(out)-maxSteps/2:]
		out = append(append(append([]string{}, head...), "… "+units.Count(over)+" more …"), tail...)
	}
	return out
}

func shorten(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "?")
	if r := []rune(s); len(r) > maxWord {
		s = string(r[:maxWord-1]) + "…"
	}
	return s
}

// Structural says that the name of a property or a key is likely the source's
// own. One with many digits, or long and with any, may be the number of a session,
// or a token: it is not told.
func Structural(name string) bool {
	digits := 0
	for _, r := range name {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '_', r == '$', r == '-', r == '.', r == '@', r == '/', r == ':', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		default:
			return false
		}
	}
	return name != "" && len(name) <= 40 && digits <= 3 && (digits == 0 || len(name) < 16)
}

// SourceFile turns the file URL that V8 gives an ES module into a path.
func SourceFile(file string) string {
	if u, err := url.Parse(file); err == nil && u.Scheme == "file" {
		return u.Path
	}
	return file
}
