//go:build live

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// keeper is a released package, used the way its documentation warns of.
type keeper struct {
	route string
	file  string // whose line keeps the memory: the package's, or the application's
	line  string // the application's own line, which calls it (Node: where the function begins)
}

// Ten uses of nine released packages on real servers: the culprit's file is
// among the first three sites, the application's own line is named, and the
// sites explain the growth; their innocent neighbours have none, though one is
// forced through the pass.
func TestLines(t *testing.T) {
	t.Parallel()
	program := leakhunt(t)
	for _, c := range []struct {
		name, source string
		install      [][]string
		command      string
		keepers      []keeper
	}{
		{
			"ruby", "app.rb", nil, `[puma, -w, "0", -t, "1:1", -q, -b, "tcp://127.0.0.1:${PORT}", config.ru]`,
			[]keeper{
				{"/visit", "rack/session/pool.rb", "then next Visit.call"},
				{"/price/{{n}}", "app.rb", "then PRICES.of"},
			},
		},
		{
			"node", "app.js",
			[][]string{{"npm", "install", "--no-audit", "--no-fund", "--silent", "express@4.21.2", "express-session@1.18.1", "prom-client@15.1.3"}},
			`[node, app.js]`,
			[]keeper{
				{"/visit", "express-session/session/memory.js", "app.get('/visit'"},
				{"/orders/{{n}}", "prom-client/lib/counter.js", "app.get('/orders/:n'"},
			},
		},
		{
			"python", "app.py", nil, `[gunicorn, -w, "1", -b, "127.0.0.1:${PORT}", "app:app"]`,
			[]keeper{
				{"/orders/{{n}}", "prometheus_client/metrics.py", "SEEN.labels"},
				{"/price/{{n}}", "cachetools/keys.py", "return price(n)"},
				{"/listen", "blinker/base.py", "CHANGED.connect"},
			},
		},
		{
			"go", "main.go",
			[][]string{
				{"go", "mod", "init", "lines"},
				{"go", "get", "github.com/prometheus/client_golang@v1.20.5", "github.com/gorilla/context@v1.1.1"},
				{"go", "build", "-mod=mod", "-o", "app"},
			},
			`[./app]`,
			[]keeper{
				{"/orders/{{n}}", "github.com/prometheus/client_golang@v1.20.5/prometheus/", "seen.WithLabelValues"},
				{"/visit", "main.go", "context.Set"},
			},
		},
		{
			"java", "App.java",
			[][]string{{"javac", "-cp", "/usr/share/java/guava.jar", "App.java"}},
			`[java, -Dsun.net.httpserver.nodelay=true, -cp, "/usr/share/java/guava.jar:.", App]`,
			[]keeper{
				{"/price/{{n}}", "App.java", "new byte[1000 +"},
				{"/tag/{{n}}", "App.java", "TAGS.put"},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "my shop") // a path with a space
			if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata/lines", c.name))); err != nil {
				t.Fatal(err)
			}
			for _, argv := range c.install {
				do(t, dir, argv[0], argv[1:]...)
			}
			uris, guilty := "/, /garbage", []string{}
			for _, k := range c.keepers {
				uris += fmt.Sprintf(", {uri: %q, cookies: fresh}", k.route)
				guilty = append(guilty, k.route)
			}
			res := hunted(t, program, dir, fmt.Sprintf(`version: 1
name: shop
target: {command: %s, dir: %q, ready: {uri: /, timeout: 60s}}
requests: 250
warmup: 150
uris: [%s]
`, c.command, dir, uris), "--sites-for", "/garbage")
			accuses(t, res, guilty...)
			for _, k := range c.keepers {
				k.check(t, res, filepath.Join(dir, c.source))
			}
			for _, u := range res.URIs {
				forced := u.URI == "/garbage"
				if u.Verdict != verdict.Leak && (len(u.Sites) > 0 || forced != (u.SitesPass != nil)) {
					t.Errorf("%s is %s, and has sites: %+v, %+v", u.URI, u.Verdict, u.Sites, u.SitesPass)
				}
				if forced && !strings.Contains(u.SitesNote, "it was asked for") {
					t.Errorf("forced through the pass: %s", u.SitesNote)
				}
			}
		})
	}
}

func (k keeper) check(t *testing.T, res *result.Result, source string) {
	t.Helper()
	var u result.URI
	for _, u = range res.URIs {
		if u.URI == k.route {
			break
		}
	}
	if u.SitesPass == nil {
		t.Errorf("%s was not traced: %s", k.route, u.SitesNote)
		return
	}
	var share float64
	own := fmt.Sprintf("%s:%d", filepath.Base(source), lineOf(t, source, k.line))
	rank, named := 0, false
	for i, s := range u.Sites {
		share += s.BytesPerRequest / u.Growth
		if rank == 0 && strings.Contains(s.File, k.file) {
			rank = i + 1
		}
		named = named || calls(s, own)
	}
	t.Logf("%s: %s is number %d, %s named, %.0f %% of %.0f B/request; %d requests, %.1f s, %d KiB", k.route, k.file, rank, own,
		100*share, u.Growth, u.SitesPass.Requests, u.SitesPass.Seconds, u.SitesPass.PeakExtraRSS>>10)
	if rank < 1 || rank > 3 || !named || share < 0.75 || share > 1.25 || u.SitesPass.Requests > 300 {
		t.Errorf("%s: %s is number %d, %s named: %v, %.0f %%, %d requests: %+v", k.route, k.file, rank, own, named, 100*share,
			u.SitesPass.Requests, u.Sites)
	}
}

// calls is whether the application's own line is the site's, or calls it.
func calls(s record.Site, own string) bool {
	at := fmt.Sprintf("%s:%d", s.File, s.Line)
	return at == own || s.Caller == own || strings.HasPrefix(s.Caller, own+" ")
}

func lineOf(t *testing.T, file, text string) int {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(source), text)
	if !ok {
		t.Fatalf("%s has no %q", file, text)
	}
	return 1 + strings.Count(before, "\n")
}
