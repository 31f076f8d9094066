package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"leakhunt/harness/fault"
)

// decoder walks the tree of one file and collects every problem on its way.
type decoder struct {
	file        string
	lines       []string
	lookupEnv   func(string) (string, bool)
	override    map[string]string // of vars
	targetGiven bool              // by the caller: the file may leave it out
	deferred    bool              // ${PORT} and ${PID} stay as they are
	problems    []Problem
	uses        []use
	captures    []captured
	columns     []string // of the data file
	hasData     bool
	variables   []variable
	secretNames []secretName
	sensitive   []string // values that no problem may show
}

// reader takes one value of the file into the scenario, or reports what is
// wrong with it.
type reader func(*yaml.Node)

// fields says which keys a mapping may hold, and who reads their values.
type fields map[string]reader

// keys are the keys that a mapping was found to hold.
type keys map[string]*yaml.Node

// mapping reads a mapping with the given fields, of which some are needed.
func (d *decoder) mapping(n *yaml.Node, f fields, needed ...string) keys {
	found := keys{}
	known := slices.Sorted(maps.Keys(f))
	fix := "write key: value, with keys among " + strings.Join(known, ", ")
	if len(known) == 0 {
		fix = "write {}: it has no keys"
	}
	if !d.pairs(n, fix, func(key, value *yaml.Node) {
		read, ok := f[key.Value]
		if !ok {
			if d.full() {
				return
			}
			d.problem(key, didYouMean(key.Value, known, "the keys here are"), "unknown key %q", key.Value)
			if meant := fault.Closest(key.Value, known); meant != "" && found[meant] == nil {
				found[meant] = key // it is misspelt, and not missing as well
			}
			return
		}
		found[key.Value] = key
		read(value)
	}) {
		return found
	}
	for _, name := range needed {
		if found[name] == nil {
			d.problem(n, "add "+name+":", "the key %q is missing", name)
		}
	}
	return found
}

// pairs calls each for every pair of a mapping, in order, keys being text and
// distinct. It returns false where n is no mapping.
func (d *decoder) pairs(n *yaml.Node, fix string, each func(key, value *yaml.Node)) bool {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, "a mapping (key: value)", fix)
		return false
	}
	first := map[string]int{}
	for j := 0; j+1 < len(n.Content); j += 2 {
		key, value := n.Content[j], n.Content[j+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!null" {
			d.wrongType(key, "a key", "a key is text")
			continue
		}
		if strings.Contains(key.Value, "${") {
			d.problem(key, "write the name out; only values are expanded", "${…} does not work in a key")
			continue
		}
		if line := first[key.Value]; line > 0 {
			d.problem(key, "keep one of the two", "duplicate key %q, first on line %d", key.Value, line)
			continue
		}
		first[key.Value] = key.Line
		each(key, value)
	}
	return true
}

// list reads each item of a list.
func (d *decoder) list(n *yaml.Node, fix string, item reader) {
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, "a list", fix)
		return
	}
	for _, c := range n.Content {
		item(c)
	}
}

// only reports all but the first of the keys that exclude each other. It
// returns the first, "" where there is none.
func (d *decoder) only(found keys, names ...string) string {
	var have []string
	for _, name := range names {
		if found[name] != nil {
			have = append(have, name)
		}
	}
	slices.SortStableFunc(have, func(a, b string) int {
		x, y := found[a], found[b]
		return (x.Line-y.Line)*1_000_000 + x.Column - y.Column
	})
	if len(have) == 0 {
		return ""
	}
	for _, name := range have[1:] {
		d.problem(found[name], "keep one of "+strings.Join(names, ", "), "%s: and %s: exclude each other", have[0], name)
	}
	return have[0]
}

// wrongType reports a value of the wrong kind.
func (d *decoder) wrongType(n *yaml.Node, want, fix string) {
	if n.Kind == yaml.MappingNode && !d.full() && strings.HasPrefix(d.from(n.Line, n.Column), "{{") {
		fix = `put placeholders in quotes: "{{name}}"`
	}
	d.problem(n, fix, "expected %s, found %s", want, kindOf(n))
}

// kindOf names what a value is.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch tag := n.ShortTag(); tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "true or false"
	case "!!int":
		return "a whole number"
	case "!!float":
		return "a number with a fraction"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "text"
	default:
		return "a value with the tag " + tag
	}
}

// problem reports what is wrong with the value n.
func (d *decoder) problem(n *yaml.Node, fix, format string, args ...any) {
	d.addAt(n.Line, n.Column, fmt.Sprintf(format, args...), fix)
}

// problemIn reports what is wrong with a part of the text n, at that part.
func (d *decoder) problemIn(n *yaml.Node, part, fix, format string, args ...any) {
	line, column := n.Line, n.Column
	for l := n.Line; l <= n.Line+strings.Count(n.Value, "\n")+1; l++ {
		start := 1
		if l == n.Line {
			start = n.Column
		}
		if before, _, ok := strings.Cut(d.from(l, start), part); ok {
			line, column = l, start+utf8.RuneCountInString(before)
			break
		}
	}
	d.addAt(line, column, fmt.Sprintf(format, args...), fix)
}

func (d *decoder) addAt(line, column int, message, fix string) {
	d.add(Problem{Line: line, Column: column, Text: d.line(line), Message: message, Fix: fix})
}

// maxProblems is how many problems are kept. The file is read to its end even
// so: only then it is known what is secret in it.
const maxProblems = 1000

func (d *decoder) add(p Problem) {
	p.File = d.file
	if !d.full() {
		d.problems = append(d.problems, p)
	}
}

func (d *decoder) full() bool { return len(d.problems) >= maxProblems }

// line is a line of the file, from 1, or "".
func (d *decoder) line(n int) string {
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
}

// from is the rest of a line from a column on.
func (d *decoder) from(line, column int) string {
	r := []rune(d.line(line))
	return string(r[max(0, min(column-1, len(r))):])
}
