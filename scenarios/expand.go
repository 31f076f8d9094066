package scenarios

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// scalar is one value of the file, its ${VAR} expanded.
type scalar struct {
	text     string
	tag      string // as YAML resolves it: "!!str", "!!int", …
	expanded bool   // text comes in part from the environment and is not shown
}

// scalar reads a value that is neither mapping nor list. It returns false
// where it is, or where a ${VAR} cannot be expanded; that is reported then.
func (d *decoder) scalar(n *yaml.Node, want, fix string) (scalar, bool) {
	if n.Kind != yaml.ScalarNode {
		d.wrongType(n, want, fix)
		return scalar{}, false
	}
	s := scalar{text: n.Value, tag: n.ShortTag()}
	if s.tag != "!!str" || !strings.Contains(n.Value, "${") {
		return s, true
	}
	var ok bool
	s.text, ok = d.expand(n)
	s.expanded = true
	// ${N} may stand for a number, in quotes too: { } and [ ] demand them.
	s.tag = (&yaml.Node{Kind: yaml.ScalarNode, Value: s.text}).ShortTag()
	return s, ok
}

// reference is ${NAME}, ${NAME:-default}, ${NAME:?message}, or an escape $${.
var reference = regexp.MustCompile(`\$\$\{|\$\{([^{}]*)\}|\$\{`)

// inside is what stands in the braces: a name, an operator, its argument.
var inside = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(?:(:[-?])((?s:.*)))?$`)

// deferredNames are known only when the process runs.
var deferredNames = []string{"PORT", "PID"}

// expand replaces the references in n's text. Every one that cannot be
// replaced is reported.
func (d *decoder) expand(n *yaml.Node) (string, bool) {
	ok := true
	text := reference.ReplaceAllStringFunc(n.Value, func(ref string) string {
		if ref == "$${" {
			return "${"
		}
		value, fine := d.value(n, ref)
		ok = ok && fine
		return value
	})
	return text, ok
}

// value is what one reference stands for.
func (d *decoder) value(n *yaml.Node, ref string) (string, bool) {
	m := inside.FindStringSubmatch(strings.TrimSuffix(strings.TrimPrefix(ref, "${"), "}"))
	if m == nil || ref == "${" {
		d.problemIn(n, ref, "write ${NAME}, ${NAME:-default} or ${NAME:?message}, one not inside another; $${ stands for a plain ${",
			"this ${…} is not understood")
		return "", false
	}
	name, operator, argument := m[1], m[2], m[3]
	if d.deferred && slices.Contains(deferredNames, name) {
		return "${" + name + "}", true
	}
	value, defined := d.lookupEnv(name)
	if defined && (value != "" || operator == "") {
		return value, true
	}
	switch {
	case operator == ":-":
		return argument, true
	case operator == ":?" && argument != "":
		d.problemIn(n, ref, "set it: export "+name+"=…", "${%s} is not set: %s", name, argument)
	case slices.Contains(deferredNames, name):
		d.problemIn(n, ref, "leakhunt fills ${PORT} and ${PID} in target.command, target.env and settle.exec only; elsewhere export "+name+"=…",
			"${%s} is not set", name)
	default:
		d.problemIn(n, ref, "set it (export "+name+"=…) or give a default: ${"+name+":-value}", "${%s} is not set", name)
	}
	return "", false
}

// later wraps a reader of texts in which ${PORT} and ${PID} stay.
func (d *decoder) later(read reader) reader {
	return func(n *yaml.Node) {
		d.deferred = true
		defer func() { d.deferred = false }()
		read(n)
	}
}
