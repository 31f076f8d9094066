package scenarios

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// First is what a first scenario says. One of URL, Command and Passenger is
// set.
type First struct {
	URL       string
	Command   string // words separated by spaces
	Passenger string // an app's name
	URIs      []string
}

const firstHead = `# yaml-language-server: $schema=./leakhunt.schema.json
# leakhunt schema > leakhunt.schema.json lets an editor complete this file.
# requests: auto sends as many as each verdict needs; a number, exactly that many.
# {{n}} in a URI counts 1, 2, 3…: it finds leaks that are keyed by the URL.
`

// YAML is the scenario, with what a new user wants to know as comments. It may
// still be invalid, for what First holds was not checked.
func (f *First) YAML() ([]byte, error) {
	var target any
	switch {
	case f.URL != "":
		target = map[string]any{"url": f.URL}
	case f.Command != "":
		target = map[string]any{"command": strings.Fields(f.Command)}
	default:
		target = map[string]any{"passenger": map[string]any{"app": f.Passenger}}
	}
	body, err := yaml.Marshal(struct {
		Version  int      `yaml:"version"`
		Target   any      `yaml:"target"`
		Requests string   `yaml:"requests"`
		URIs     []string `yaml:"uris"`
	}{1, target, "auto", f.URIs})
	if err != nil {
		return nil, err
	}
	return append([]byte(firstHead), body...), nil
}
