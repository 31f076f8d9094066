package project

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"leakhunt/scenarios"
	"leakhunt/scenarios/shellline"
)

// web is the line of a Procfile that answers requests.
var web = regexp.MustCompile(`(?m)^web:[ \t]*(.+)$`)

// procfile finds what a Procfile declares.
func procfile(f folder) []Guess {
	m := web.FindStringSubmatch(f.text("Procfile"))
	if m == nil {
		return nil
	}
	line := strings.TrimSpace(m[1])
	g := Guess{Name: "web: " + line, Why: "Procfile"}
	c, err := shellline.Parse(line)
	if err != nil {
		// A shell takes what a scenario cannot say. PORT is in its environment.
		c = shellline.Command{Argv: []string{"sh", "-c", strings.ReplaceAll(line, "${", "$${")}}
	}
	g.Pin = scenarios.Pin{Command: c.Argv, Env: c.Env, Dir: c.Dir}
	return []Guess{g}
}

// published is the port of this machine in a port of a compose file:
// "3000:80", "127.0.0.1:3000:80/tcp".
var published = regexp.MustCompile(`^(?:[\d.]+:)?(\d+):\d+(?:/tcp)?$`)

// composeFiles are the names that docker compose looks for.
var composeFiles = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// compose finds the services of a compose file that publish a port.
func compose(f folder) []Guess {
	file := f.first(composeFiles...)
	var declared struct {
		Services map[string]struct {
			Ports []yaml.Node `yaml:"ports"`
		} `yaml:"services"`
	}
	if file == "" || !decode(f.text(file), &declared) {
		return nil
	}
	var all []Guess
	for _, name := range slices.Sorted(maps.Keys(declared.Services)) {
		for _, p := range declared.Services[name].Ports {
			m := published.FindStringSubmatch(p.Value)
			if m == nil || slices.Contains(stores, m[1]) {
				continue
			}
			all = append(all, Guess{
				Name: "service " + name + " at port " + m[1], Why: file,
				Pin:  scenarios.Pin{URL: "http://127.0.0.1:" + m[1]},
				Note: "start it first: docker compose up -d " + name,
			})
			break
		}
	}
	return all
}

// stores are the usual ports of databases and queues, which speak no HTTP.
var stores = []string{"3306", "5432", "6379", "5672", "11211", "27017"}

// decode reads YAML; false where that cannot be done. yaml.v3 panics on some input.
func decode(text string, into any) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return yaml.Unmarshal([]byte(text), into) == nil
}
