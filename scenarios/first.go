package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// First is what a first scenario says.
type First struct {
	Name string // "" is that of its file
	Pin
	URIs []string
}

// Pin is the target of a scenario that is to be written. One of URL, Command and
// Passenger is set; what follows Command belongs to it.
type Pin struct {
	URL       string
	Passenger string // an app's name
	Command   []string
	Env       []string // NAME=value
	Dir       string
	Port      int    // that it listens on by itself; 0: it is given one
	Ready     string // a URI that is answered once it is ready
}

// Aimed is whether it says which process is pinned.
func (p *Pin) Aimed() bool { return p.URL != "" || p.Passenger != "" || len(p.Command) > 0 }

// Lines are those that stand under target:. In what belongs to the command ${NAME}
// stands for a variable, as in every scenario.
func (p *Pin) Lines() string {
	var b strings.Builder
	switch {
	case len(p.Command) > 0:
		words := make([]string, len(p.Command))
		for i, w := range p.Command {
			words[i] = strconv.Quote(w)
		}
		fmt.Fprintf(&b, "  command: [%s]\n", strings.Join(words, ", "))
		if p.Dir != "" {
			fmt.Fprintf(&b, "  dir: %s\n", oneLiner(p.Dir))
		}
		if len(p.Env) > 0 {
			b.WriteString("  env:\n")
		}
		for _, e := range p.Env {
			name, value, _ := strings.Cut(e, "=")
			fmt.Fprintf(&b, "    %s: %s\n", name, oneLiner(value))
		}
		if p.Port != 0 {
			fmt.Fprintf(&b, "  port: %d\n", p.Port)
		}
		if p.Ready != "" {
			fmt.Fprintf(&b, "  ready: {uri: %s}\n", inFlow(p.Ready))
		}
	case p.Passenger != "":
		fmt.Fprintf(&b, "  passenger: {app: %s}\n", inFlow(strings.ReplaceAll(p.Passenger, "${", "$${")))
	default:
		fmt.Fprintf(&b, "  url: %s\n", oneLiner(p.URL))
	}
	return b.String()
}

// oneLiner is a text as YAML writes it on a line of its own.
func oneLiner(s string) string {
	if text, err := yaml.Marshal(s); err == nil && strings.Count(string(text), "\n") == 1 {
		return strings.TrimSuffix(string(text), "\n")
	}
	return strconv.Quote(s)
}

// inFlow is a text as YAML writes it between { and }.
func inFlow(s string) string {
	if strings.ContainsAny(s, ",[]{}") {
		return strconv.Quote(s)
	}
	return oneLiner(s)
}

const firstHead = `# yaml-language-server: $schema=./leakhunt.schema.json
# leakhunt schema > leakhunt.schema.json lets an editor complete this file.
# requests: auto sends as many as each verdict needs; a number, exactly that many.
# {{n}} in a URI counts 1, 2, 3…: it finds leaks that are keyed by the URL.
`

// YAML is the scenario, with what a new user wants to know as comments. It may
// still be invalid, for what First holds was not checked.
func (f *First) YAML() ([]byte, error) {
	uris, err := yaml.Marshal(struct {
		Requests string   `yaml:"requests"`
		URIs     []string `yaml:"uris"`
	}{"auto", f.URIs})
	if err != nil {
		return nil, err
	}
	head := firstHead + "version: 1\n"
	if f.Name != "" {
		head += "name: " + oneLiner(f.Name) + "\n"
	}
	return append([]byte(head+"target:\n"+f.Lines()), uris...), nil
}
