package runtimes

import (
	"embed"
	"sort"
	"strings"

	"leakhunt/harness/fault"
)

// protocol is the version of the line protocol that agents speak.
const protocol = 1

//go:embed agent
var agentFiles embed.FS

// agentFile names each language's agent, as it must be called on disk: Python
// loads a module by that very name.
var agentFile = map[string]string{
	"ruby":   "agent.rb",
	"node":   "agent.js",
	"python": "sitecustomize.py",
}

// agentParts are what each agent is joined from: a user who copies it has one file.
var agentParts = map[string][]string{
	"ruby":   {"ruby/agent.rb", "ruby/calls.rb", "ruby/malloc.rb", "ruby/routes.rb", "ruby/start.rb"},
	"node":   {"agent.js"},
	"python": {"python/agent.py", "python/routes.py", "python/lines.py", "python/start.py"},
}

// Languages are those that have an agent, sorted.
func Languages() []string {
	names := make([]string, 0, len(agentFile))
	for name := range agentFile {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Source is the agent for a language: "ruby", "node" or "python". Any other is
// a Usage error.
func Source(language string) (string, error) {
	parts, ok := agentParts[language]
	if !ok {
		return "", noAgent(language)
	}
	var texts []string
	for _, name := range parts {
		text, err := agentFiles.ReadFile("agent/" + name)
		if err != nil {
			return "", err
		}
		texts = append(texts, string(text))
	}
	return strings.Join(texts, "\n\n"), nil
}

func noAgent(language string) error {
	return fault.Usagef("there is no agent for %q", language).
		WithHint("Agents exist for %s.", strings.Join(Languages(), ", "))
}
