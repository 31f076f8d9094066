//go:build live

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/target/targettest/redminetest"
)

// TestImportAppRedmine asks a real Rails application for its routes, and Rails'
// own command beside it: both make the same scenario.
func TestImportAppRedmine(t *testing.T) {
	t.Parallel()
	bin := build(t)
	app := redminetest.New(t)
	env := append(os.Environ(), "RAILS_ENV=production", "XDG_STATE_HOME="+t.TempDir())
	run := func(argv ...string) string {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir, cmd.Env = app.Root, env
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, said.String())
		}
		return string(out)
	}
	routes := filepath.Join(t.TempDir(), "routes.txt")
	if err := os.WriteFile(routes, []byte(run("ruby", "bin/rails", "routes")), 0o600); err != nil {
		t.Fatal(err)
	}
	uri := regexp.MustCompile(`(?m)^  - (.*)$`)
	want := uri.FindAllString(run(bin, "import", "rails-routes", routes, "--unsafe", "--max", "5000"), -1)
	text := run(bin, "import", "app", "--unsafe", "--max", "5000", "--ready-timeout", "5m", "--command", "RAILS_ENV=production puma -w 0 -t 1:1 -b tcp://127.0.0.1:${PORT}")
	got := uri.FindAllString(text, -1)
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 200 || !slices.Equal(got, want) {
		t.Errorf("%d routes through the agent, %d by rails routes", len(got), len(want))
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Logf("missing %q", w)
			}
		}
		for _, g := range got {
			if !slices.Contains(want, g) {
				t.Logf("too many %q", g)
			}
		}
	}
	at := regexp.MustCompile(`(?m)^  # \S+#\w+, app/controllers/\w+\.rb:\d+$`)
	if n := len(at.FindAllString(text, -1)); n < len(got)*9/10 {
		t.Errorf("%d of %d routes have their line", n, len(got))
	} else {
		t.Logf("%d routes, %d with their line", len(got), n)
	}
	if !strings.Contains(text, "  # issues#show, app/controllers/issues_controller.rb:") {
		t.Error("issues#show has no line")
	}
}
