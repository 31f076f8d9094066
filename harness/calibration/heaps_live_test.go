//go:build live

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"leakhunt/harness/verdict"
)

// The pass that names lines costs little more where much is alive, and what it
// costs is said.
func TestHeaps(t *testing.T) {
	program := leakhunt(t)
	for _, c := range []struct{ runtime, command, source, line string }{
		{"ruby", `[puma, -w, "0", -t, "1:1", -q, -b, "tcp://127.0.0.1:${PORT}", config.ru]`, "config.ru", "KEPT <<"},
		{"node", `[node, app.js]`, "app.js", "function leak"},
		{"python", `[gunicorn, -w, "1", -b, "127.0.0.1:${PORT}", "app:application"]`, "app.py", "KEPT.append"},
	} {
		for _, alive := range []int{50_000, 2_000_000} {
			t.Run(fmt.Sprintf("%s with %d objects", c.runtime, alive), func(t *testing.T) {
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
uris: [/leak]
`, c.command, dir, alive))
				u := res.URIs[0]
				if u.URI != "/leak" || u.Verdict != verdict.Leak || u.SitesPass == nil || len(u.Sites) == 0 {
					t.Fatalf("%s is %s: %s; %s", u.URI, u.Verdict, u.Why, u.SitesNote)
				}
				p, s := u.SitesPass, u.Sites[0]
				t.Logf("%d MiB: %.2f s, %d requests, %.1f MiB more RSS", u.RSSEnd>>20, p.Seconds, p.Requests, float64(p.PeakExtraRSS)/(1<<20))
				if own := lineOf(t, filepath.Join(dir, c.source), c.line); s.File != c.source || s.Line != own {
					t.Errorf("%s:%d is first, want %s:%d", s.File, s.Line, c.source, own)
				}
				if p.PeakExtraRSS > u.RSSEnd/2+64<<20 {
					t.Errorf("%d MiB more RSS, of %d", p.PeakExtraRSS>>20, u.RSSEnd>>20)
				}
			})
		}
	}
}
