package scenarios

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"leakhunt/harness/fault"
)

// placeholder is {{name}}; blanks beside the name do not count.
var placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// nameForm is how a variable may be called.
var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// counter is the placeholder that counts the requests to a URI.
const counter = "n"

// columnPrefix begins the placeholders that stand for the data file's columns.
const columnPrefix = "data."

// Placeholders are the names in the {{…}} of s, in order, each once.
func Placeholders(s string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		if name := strings.TrimSpace(m[1]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// everyStep is a position after all steps of before.
const everyStep = int(^uint(0) >> 1)

// use is a text with placeholders, and where it stands: the number of the
// step, or everyStep in the requests that are measured.
type use struct {
	node *yaml.Node
	text string
	step int
}

// captured is a name that a step's answer gives a value to.
type captured struct {
	name string
	step int
}

// template notes a text whose placeholders are filled at each request.
func (d *decoder) template(step int, read func(dst *string) reader) func(dst *string) reader {
	return func(dst *string) reader {
		return func(n *yaml.Node) {
			read(dst)(n)
			d.uses = append(d.uses, use{n, *dst, step})
		}
	}
}

// checkPlaceholders reports those that nothing fills. It runs last, when all
// names are known.
func (d *decoder) checkPlaceholders(vars map[string]string) {
	for _, u := range d.uses {
		if strings.Contains(placeholder.ReplaceAllString(u.text, ""), "{{") {
			d.problemIn(u.node, "{{", "write {{name}}", "a {{ that no }} closes")
		}
		for _, name := range Placeholders(u.text) {
			wrong, fix := d.unfilled(name, u.step, vars)
			switch part := written(u.node.Value, name); {
			case wrong == "":
			case part == "":
				d.problem(u.node, "a value that holds {{ belongs under vars:, where it is not read again",
					"a value from the environment brings a {{…}} with it")
			default:
				d.problemIn(u.node, part, fix, "%s", wrong)
			}
		}
	}
}

// written is the placeholder as it is written in text, or "".
func written(text, name string) string {
	for _, p := range placeholder.FindAllString(text, -1) {
		if strings.TrimSpace(p[2:len(p)-2]) == name {
			return p
		}
	}
	return ""
}

// unfilled says why nothing gives name a value in the given step, or "".
func (d *decoder) unfilled(name string, step int, vars map[string]string) (wrong, fix string) {
	if name == counter {
		if step == everyStep {
			return "", ""
		}
		return "{{n}} counts the requests to a URI and has no value under before: and in headers: of the scenario", "use it under uris:"
	}
	if column, ok := strings.CutPrefix(name, columnPrefix); ok {
		switch {
		case !d.hasData:
			return "{{" + name + "}} needs a data file, and there is none", "add data: file.csv, whose first row names the columns"
		case d.columns != nil && !slices.Contains(d.columns, column):
			return "the data file has no column for {{" + name + "}}", didYouMean(column, d.columns, "its columns are")
		}
		return "", ""
	}
	if _, ok := vars[name]; ok {
		return "", ""
	}
	for _, c := range d.captures {
		if c.name == name && c.step < step {
			return "", ""
		}
	}
	for _, c := range d.captures {
		if c.name == name {
			return "{{" + name + "}} is captured only later", "use it in requests after that step, or capture it earlier"
		}
	}
	if !nameForm.MatchString(name) {
		return "this is no placeholder", "write {{n}}, {{name}} with letters, digits, _ and -, or {{data.column}}"
	}
	known := slices.Collect(maps.Keys(vars))
	for _, c := range d.captures {
		known = append(known, c.name)
	}
	fix = "define it under vars:, with --var " + name + "=…, or by a capture: under before:"
	if w := fault.Closest(name, known); w != "" {
		fix = "did you mean {{" + w + "}}? Otherwise " + fix
	}
	return "nothing gives {{" + name + "}} a value", fix
}

// checkName says what is wrong with the name of a variable or a capture.
func checkName(text string) (wrong, fix string) {
	switch {
	case text == counter:
		return "the name n is taken: {{n}} counts the requests to a URI", "choose another name"
	case !nameForm.MatchString(text):
		return "a name is made of letters, digits, _ and -, and does not begin with a digit", "choose a name such as user_id"
	}
	return "", ""
}
