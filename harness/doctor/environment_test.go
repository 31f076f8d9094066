package doctor

import (
	"strings"
	"testing"
)

// What a variable turns on, and what is advised against it.
func TestVariables(t *testing.T) {
	for variable, want := range map[string]string{
		"RAILS_ENV=development":                                 "Start it in production mode: RAILS_ENV=production.",
		"NODE_ENV=dev":                                          "Start it in production mode: NODE_ENV=production.",
		"NODE_ENV=production":                                   "",
		"FLASK_DEBUG=1":                                         "Start it without FLASK_DEBUG, or with FLASK_DEBUG=0.",
		"FLASK_DEBUG=production":                                "Start it without FLASK_DEBUG, or with FLASK_DEBUG=0.",
		"FLASK_DEBUG=0":                                         "",
		"FLASK_DEBUG=":                                          "",
		"DJANGO_DEBUG=True":                                     "Start it without DJANGO_DEBUG, or with DJANGO_DEBUG=0.",
		"DJANGO_DEBUG=off":                                      "",
		"RUBYOPT=-W0 -r/tmp/x/agent.rb":                         "Move the file to a folder such as /etc/leakhunt, and change RUBYOPT.",
		"NODE_OPTIONS=--require /tmp/agent.js":                  "Move the file to a folder such as /etc/leakhunt, and change NODE_OPTIONS.",
		"NODE_OPTIONS=--require=\"/var/tmp/agent.js\"":          "Move the file to a folder such as /etc/leakhunt, and change NODE_OPTIONS.",
		"PYTHONPATH=/srv/lib:/tmp/agent":                        "Move the file to a folder such as /etc/leakhunt, and change PYTHONPATH.",
		"LD_PRELOAD=/srv/tmp/libjemalloc.so /tmpfs/x":           "",
		"RUBYOPT=-r/etc/leakhunt/agent.rb":                      "",
		"TMPDIR=/tmp/x":                                         "",
		"JAVA_TOOL_OPTIONS=-javaagent:/tmp/agent.jar=port=9999": "Move the file to a folder such as /etc/leakhunt, and change JAVA_TOOL_OPTIONS.",
	} {
		name, value, _ := strings.Cut(variable, "=")
		first, _ := slow(name, value)
		second, _ := vanishing(name, value)
		if got := first + second; got != want {
			t.Errorf("%s: %q, want %q", variable, got, want)
		}
	}
}
