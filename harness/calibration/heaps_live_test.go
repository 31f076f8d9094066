//go:build live

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/verdict"
)

// many is how many objects are alive beside the leak where much is.
const many = 2_000_000

// The pass that names lines costs little more where much is alive, and what it
// costs is said. What holds the objects costs V8 much more, half a minute and 15
// times as much memory again where much is alive: it is asked for beside few objects,
// of Node alone, and of each runtime in package runtimes.
func TestHeaps(t *testing.T) {
	t.Parallel()
	program := leakhunt(t)
	for _, c := range []struct {
		runtime, command, source, line string
		alive                          int
		sites, held                    string // how the leak is held, as asked for by sites
		extra                          int64  // RSS that the pass may take, beside half of what there is
	}{
		{"ruby", `[puma, -w, "0", -t, "1:1", -q, -b, "tcp://127.0.0.1:${PORT}", config.ru]`, "config.ru", "KEPT <<", many, "auto", "", 64 << 20},
		{"node", `[node, app.js]`, "app.js", "function leak", many, "auto", "", 64 << 20},
		{"node", `[node, app.js]`, "app.js", "function leak", 50_000, "retainers", "app.js: kept (Array) → ", 192 << 20},
		{"python", `[gunicorn, -w, "1", -b, "127.0.0.1:${PORT}", "app:application"]`, "app.py", "KEPT.append", many, "auto", "", 64 << 20},
	} {
		t.Run(fmt.Sprintf("%s with %d objects", c.runtime, c.alive), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata/heaps", c.runtime))); err != nil {
				t.Fatal(err)
			}
			res := hunted(t, program, dir, fmt.Sprintf(`version: 1
name: heap
target: {command: %s, dir: %q, env: {HEAP: "%d"}, ready: {uri: /, timeout: 60s}}
requests: 100
rounds: 4
warmup: 100
sites: %s
uris: [/leak]
`, c.command, dir, c.alive, c.sites))
			u := res.URIs[0]
			if u.URI != "/leak" || u.Verdict != verdict.Leak || u.SitesPass == nil || len(u.Sites) == 0 {
				t.Fatalf("%s is %s: %s; %s", u.URI, u.Verdict, u.Why, u.SitesNote)
			}
			p, s := u.SitesPass, u.Sites[0]
			t.Logf("%d MiB: %.2f s, %d requests, %.1f MiB more RSS", u.RSSEnd>>20, p.Seconds, p.Requests, float64(p.PeakExtraRSS)/(1<<20))
			if own := lineOf(t, filepath.Join(dir, c.source), c.line); s.File != c.source || s.Line != own {
				t.Errorf("%s:%d is first, want %s:%d", s.File, s.Line, c.source, own)
			}
			if held := strings.Join(s.RetainedBy, " → "); !strings.HasPrefix(held, c.held) || (c.held == "") != (held == "") {
				t.Errorf("held by %q, want %q", held, c.held)
			}
			if p.PeakExtraRSS > u.RSSEnd/2+c.extra {
				t.Errorf("%d MiB more RSS, of %d", p.PeakExtraRSS>>20, u.RSSEnd>>20)
			}
		})
	}
}
