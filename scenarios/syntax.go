package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// document reads the one document of the file as a tree. It returns nil where
// there is none; the problems then say why.
func (d *decoder) document(data []byte) *yaml.Node {
	if d.binary(data) {
		return nil
	}
	trees, err := parseYAML(data)
	if err != nil {
		d.syntax(data, err)
		return nil
	}
	if len(trees) == 0 || isNull(trees[0]) {
		d.add(Problem{
			Message: "the file is empty",
			Fix:     `the shortest scenario is: {target: {url: "http://127.0.0.1:3000"}, uris: [/]}`,
		})
		return nil
	}
	if len(trees) > 1 {
		line := d.documentStart(trees[1].Line)
		d.addAt(line, 1, "a second document begins here", "a file holds one scenario: split it in two files")
	}
	return trees[0]
}

// documentStart is the line of the "---" that begins the document at line.
func (d *decoder) documentStart(line int) int {
	for l := min(line, len(d.lines)); l > 1; l-- {
		if strings.HasPrefix(d.lines[l-1], "---") {
			return l
		}
	}
	return line
}

// parseYAML returns the root of every document.
func parseYAML(data []byte) (roots []*yaml.Node, err error) {
	err = guard(func() error {
		dec := yaml.NewDecoder(bytes.NewReader(data))
		for {
			var doc yaml.Node
			if err := dec.Decode(&doc); err != nil {
				return err
			}
			root := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: doc.Line, Column: doc.Column}
			if len(doc.Content) > 0 {
				root = doc.Content[0]
			}
			roots = append(roots, root)
		}
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return roots, err
}

// guard runs f and makes an error of a panic: yaml.v3 has some.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not readable as YAML (%v)", r)
		}
	}()
	return f()
}

// binary finds what no text file holds.
func (d *decoder) binary(data []byte) bool {
	for line, text := range bytes.Split(data, []byte("\n")) {
		column := 0
		for rest := text; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			rest = rest[size:]
			column++
			if (r == utf8.RuneError && size == 1) || (r < ' ' && r != '\t' && r != '\r') || r == 0x7f {
				d.addAt(line+1, column, "the file is not UTF-8 text", "a scenario is a YAML file, saved as UTF-8 without control characters")
				return true
			}
		}
	}
	return false
}

// syntax reports what yaml.v3 could not read. The line numbers of its errors
// are those of a construct's beginning, counted from 0 or from 1; so the line
// is looked for: the shortest beginning of the file that fails the same way.
func (d *decoder) syntax(data []byte, err error) {
	lines := bytes.SplitAfter(data, []byte("\n"))
	line := 1 + sort.Search(len(lines)-1, func(i int) bool {
		_, e := parseYAML(bytes.Join(lines[:i+1], nil))
		return e != nil && e.Error() == err.Error()
	})
	text := d.line(line)
	message, fix := explain(err.Error(), text)
	d.addAt(line, 1+utf8.RuneCountInString(text)-utf8.RuneCountInString(strings.TrimLeft(text, " \t")), message, fix)
}

var yamlPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

// explain says in the words of a scenario what yaml.v3 says in those of its
// grammar.
func explain(message, line string) (what, fix string) {
	has := func(s string) bool { return strings.Contains(message, s) }
	tab := strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t")
	switch {
	case tab:
		return "a tab indents this line", "YAML indents with spaces"
	case has("cannot start any token"):
		return "a value begins with a character that YAML keeps for itself (@, % or `)", "put the value in quotes"
	case has("mapping values are not allowed"):
		return `this line does not fit: a second ": ", or more indented than its neighbours`,
			`put a value that holds ": " in quotes; indent keys of one mapping alike`
	case has("',' or"):
		return "a { or [ is not closed, or a comma is missing",
			`inside { } and [ ], put values that hold {, }, [, ] or a comma in quotes: "${NAME}", "{{name}}"`
	case has("did not find expected"):
		return "the indentation of this line fits nothing above it", "indent keys and list items alike, with spaces"
	case has("could not find expected ':'"):
		return `this line is no "key: value"`, `write "key: value", or "- value" in a list`
	case has("unexpected end of stream"):
		return "a quote is opened and never closed", "close it, or put the whole value in the other kind of quotes"
	case has("escape"):
		return `a \ in double quotes begins an escape that YAML does not know`, `use single quotes ('\d+'), or write \\`
	case has("unknown anchor"):
		name := strings.TrimSuffix(strings.TrimPrefix(message, "yaml: unknown anchor '"), "' referenced")
		return "*" + name + " refers to an anchor that is not defined above", "define it with &" + name + ", or put the value in quotes"
	}
	return yamlPrefix.ReplaceAllString(message, ""), "the file must be YAML"
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
