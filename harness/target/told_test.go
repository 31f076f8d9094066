package target

import (
	"slices"
	"testing"
)

func TestTold(t *testing.T) {
	for name, c := range map[string]struct {
		runtime   string
		env, argv []string
		want      []string
	}{
		"go, never by itself":        {"go", []string{"GOGC=off", "GOMEMLIMIT=1GiB"}, nil, []string{"GOGC=off"}},
		"go, later":                  {"go", []string{"GOGC=400"}, nil, []string{"GOGC=400"}},
		"go, as ever":                {"go", []string{"GOGC=100", "GOMEMLIMIT=1GiB"}, nil, nil},
		"go, ours":                   {"go", Tight("go"), nil, nil},
		"go, no number":              {"go", []string{"GOGC="}, nil, nil},
		"ruby":                       {"ruby", []string{"A=1", "RUBY_GC_MALLOC_LIMIT=90000000", "RUBY_GC_HEAP_INIT_SLOTS=1000000"}, nil, []string{"RUBY_GC_MALLOC_LIMIT=90000000", "RUBY_GC_HEAP_INIT_SLOTS=1000000"}},
		"ruby, ours":                 {"ruby", append(Tight("ruby"), counted["ruby"]...), nil, nil},
		"ruby, the allocator's":      {"ruby", []string{"MALLOC_ARENA_MAX=2"}, nil, nil},
		"node, by its variable":      {"node", []string{"NODE_OPTIONS=--enable-source-maps --max-semi-space-size=128"}, nil, []string{"--max-semi-space-size=128"}},
		"node, by a wrapper":         {"node", Tight("node"), []string{"node", "--max_semi_space_size=64", "app.js"}, []string{"--max_semi_space_size=64"}},
		"node, in two words":         {"node", nil, []string{"node", "--max-semi-space-size", "64", "app.js"}, []string{"--max-semi-space-size"}},
		"node, ours":                 {"node", Tight("node"), []string{"node", "app.js"}, nil},
		"node, how much it may take": {"node", []string{"NODE_OPTIONS=--max-old-space-size=4096"}, nil, nil},
		"java, heap":                 {"java", Tight("java"), []string{"java", "-Xms1g", "-Xmx1g", "App"}, []string{"-Xms1g"}},
		"java, collector":            {"java", Tight("java"), []string{"java", "-XX:+UseG1GC", "App"}, []string{"-XX:+UseG1GC"}},
		"java, its launcher's":       {"java", append(Tight("java"), "JDK_JAVA_OPTIONS=-Xmn600m"), []string{"java"}, []string{"-Xmn600m"}},
		"java, the last word":        {"java", append(Tight("java"), "_JAVA_OPTIONS=-XX:NewSize=600m"), []string{"java"}, []string{"-XX:NewSize=600m"}},
		"java, ours":                 {"java", Tight("java"), []string{"java", "-ea", "-Xmx1g", "-Xss1m", "App"}, nil},
		"java, ours while counted":   {"java", counted["java"], []string{"java"}, nil},
		"python":                     {"python", []string{"PYTHONMALLOC=malloc"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Told(c.runtime, c.env, c.argv); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
