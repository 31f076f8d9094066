package project

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"

	"leakhunt/scenarios"
	"leakhunt/scenarios/shellline"
)

// listens is a port that a program of Node has written into it.
var listens = regexp.MustCompile(`\.listen\(\s*(?:\{\s*port:\s*)?(\d{2,5})\b`)

// node finds what package.json starts.
func node(f folder) []Guess {
	var manifest struct {
		Main    string            `json:"main"`
		Bin     json.RawMessage   `json:"bin"`
		Scripts map[string]string `json:"scripts"`
	}
	if json.Unmarshal([]byte(f.text("package.json")), &manifest) != nil {
		return nil
	}
	g := Guess{Name: "Node", Why: "package.json", Pin: scenarios.Pin{Env: []string{"NODE_ENV=production"}}}
	for _, name := range []string{"start:prod", "start"} {
		line := manifest.Scripts[name]
		if line == "" {
			continue
		}
		// npm itself would be one process more: it is left out where a program is named.
		if c, err := shellline.Parse(line); err == nil && path.Base(c.Argv[0]) == "node" && c.Dir == "" {
			return []Guess{program(f, g, c)}
		}
		g.Name = "Node, by npm run " + name
		g.Pin.Command = []string{"npm", "run", name}
		return []Guess{g}
	}
	main := f.first(installed(manifest.Bin), path.Clean(manifest.Main), "server.js", "app.js", "index.js", "src/index.js")
	if main == "" {
		return nil
	}
	return []Guess{program(f, g, shellline.Command{Argv: []string{"node", main}})}
}

// installed is the program that a package puts into PATH, where it is one alone: what others
// load (main) starts nothing then.
func installed(bin json.RawMessage) string {
	var one string
	if json.Unmarshal(bin, &one) == nil && one != "" {
		return path.Clean(one)
	}
	var several map[string]string
	if json.Unmarshal(bin, &several) != nil || len(several) != 1 {
		return ""
	}
	for _, program := range several {
		return path.Clean(program)
	}
	return ""
}

// program is a guess whose command is node itself.
func program(f folder, g Guess, c shellline.Command) Guess {
	g.Pin.Command = c.Argv
	g.Pin.Env = append(g.Pin.Env, c.Env...)
	for _, word := range c.Argv[1:] {
		if !strings.HasPrefix(word, "-") {
			g.Pin.Port = literal(f.text(path.Clean(word)), listens)
			break
		}
	}
	return g
}
