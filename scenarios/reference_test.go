package scenarios

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

var rewrite = flag.Bool("rewrite", false, "write the reference of the format anew")

// formatPage writes every key of the schema as a table, in the schema's order: what it
// means, what it may be, its default, and an example.
type formatPage struct {
	root    *yaml.Node
	text    strings.Builder
	missing []string // keys without an example
	done    map[string]bool
}

// at is a mapping's value for that key; nil without one.
func at(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// resolved is n, or the definition that it refers to.
func (r *formatPage) resolved(n *yaml.Node) *yaml.Node {
	for ref := at(n, "$ref"); ref != nil; ref = at(n, "$ref") {
		n = at(at(r.root, "definitions"), strings.TrimPrefix(ref.Value, "#/definitions/"))
	}
	return n
}

// nested are the mappings with keys of their own that a value may be.
func (r *formatPage) nested(n *yaml.Node) (out []*yaml.Node) {
	n = r.resolved(n)
	if p := at(n, "properties"); p != nil && len(p.Content) > 0 {
		return []*yaml.Node{n}
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if list := at(n, key); list != nil {
			for _, c := range list.Content {
				out = append(out, r.nested(c)...)
			}
		}
	}
	if items := at(n, "items"); items != nil {
		out = append(out, r.nested(items)...)
	}
	return out
}

// section writes the keys of one mapping, and then those of the mappings in it.
func (r *formatPage) section(title, path string, n *yaml.Node) {
	keys := at(n, "properties")
	required := map[string]bool{}
	if list := at(n, "required"); list != nil {
		for _, c := range list.Content {
			required[c.Value] = true
		}
	}
	fmt.Fprintf(&r.text, "\n## %s\n\n| key | what it is | default | example |\n|:--|:--|:--|:--|\n", title)
	type inner struct {
		path string
		n    *yaml.Node
	}
	var below []inner
	for i := 0; i+1 < len(keys.Content); i += 2 {
		name, value := keys.Content[i].Value, keys.Content[i+1]
		full := strings.TrimPrefix(path+"."+name, ".")
		nested := r.nested(value)
		fallback := "–"
		if d := at(value, "default"); d != nil {
			fallback = code(d)
		} else if required[name] {
			fallback = "required"
		}
		example := r.example(value)
		if example == "" && nested == nil {
			r.missing = append(r.missing, full)
		}
		if example == "" {
			example = "[below](#" + strings.ToLower(strings.ReplaceAll(full, ".", "")) + ")"
		}
		fmt.Fprintf(&r.text, "| `%s` | %s | %s | %s |\n", name, cell(at(value, "description").Value), fallback, example)
		for _, c := range nested {
			below = append(below, inner{full, c})
		}
	}
	for _, b := range below {
		mark := fmt.Sprint(b.n.Line, b.n.Column)
		if !r.done[mark] {
			r.done[mark] = true
			r.section(b.path, b.path, b.n)
		}
	}
}

// example is one, in the schema's own words where it has any.
func (r *formatPage) example(n *yaml.Node) string {
	if list := at(n, "examples"); list != nil {
		return code(list.Content[len(list.Content)-1])
	}
	if d := at(n, "default"); d != nil {
		return code(d)
	}
	if n := r.resolved(n); at(n, "examples") != nil {
		return code(at(n, "examples").Content[0])
	}
	return ""
}

// code is a value as a scenario has it, on one line.
func code(n *yaml.Node) string {
	var v any
	if err := n.Decode(&v); err != nil {
		panic(err) // the schema was read
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	s := string(text)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		s = n.Value
	}
	return "`" + cell(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(s)) + "`"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

const referenceHead = `# The format of a scenario

Every key, as the schema has it (` + "`leakhunt schema`" + `); ` + "`go test ./scenarios -rewrite`" + ` writes this page from it. A
scenario is YAML. An unknown key, a wrong type or an undefined ` + "`${VAR}`" + ` is an error that names its line.

- Sizes: a whole number of bytes, or digits with ` + "`B`, `KiB`, `MiB`, `GiB`, `KB`, `MB` or `GB`" + `. Durations: ` + "`500ms`, `30s`, `1h30m`" + `.
- ` + "`${NAME}`, `${NAME:-default}` and `${NAME:?message}`" + ` are filled from the environment when the file is read;
  ` + "`{{n}}`, `{{name}}` and `{{data.column}}`" + ` at each request.
`

// The reference is that of the schema, and every key has an example.
func TestReference(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	r := &formatPage{root: doc.Content[0], done: map[string]bool{}}
	r.text.WriteString(referenceHead)
	r.section("The file", "", r.root)
	for _, key := range r.missing {
		t.Errorf("%s has no example in the schema", key)
	}
	if *rewrite {
		if err := os.WriteFile("FORMAT.md", []byte(r.text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != r.text.String() {
		t.Error("FORMAT.md is not what the schema says: go test ./scenarios -rewrite")
	}
}
