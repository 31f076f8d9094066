package runtimes

import (
	"math"
	"testing"

	"leakhunt/harness/heap"
)

func TestRank(t *testing.T) {
	at := func(file string, line int, objects, bytes float64) Site {
		return Site{File: file, Line: line, ObjectsPerRequest: objects, BytesPerRequest: bytes, Owner: Owner(file)}
	}
	feed := at("/srv/app/feed.rb", 31, 200, 200*4096)
	for _, c := range []struct {
		name           string
		sites, control []Site
		growth         float64
		want           []string
		explained      float64
	}{
		{
			name:  "whole numbers before bytes that come in some requests",
			sites: []Site{at("/srv/app/log.rb", 5, 30, 200*5000), feed}, growth: 9000,
			want: []string{"/srv/app/feed.rb", "/srv/app/log.rb"}, explained: 9096.0 / 9000,
		},
		{
			name:  "what the control leaves behind as well is taken away",
			sites: []Site{at("/gems/rack/x.rb", 9, 200, 200*8192), feed}, control: []Site{at("/gems/rack/x.rb", 9, 200, 200*8192)}, growth: 4096,
			want: []string{"/srv/app/feed.rb"}, explained: 1,
		},
		{
			name:  "another line of the same file stays",
			sites: []Site{feed}, control: []Site{at("/srv/app/feed.rb", 32, 200, 200*4096)}, growth: 4096,
			want: []string{"/srv/app/feed.rb"}, explained: 1,
		},
		{
			name:  "a clean route has no culprit",
			sites: []Site{at("/srv/app/a.rb", 1, 12, 12*300), at("/srv/app/b.rb", 2, 3, 90000)}, growth: 0,
		},
		{
			name:  "a leak in one of ten requests is found by its bytes",
			sites: []Site{at("/srv/app/a.rb", 1, 20, 20*40960)}, growth: 4000,
			want: []string{"/srv/app/a.rb"}, explained: 4096.0 / 4000,
		},
		{
			name:  "stacks of one place are one site",
			sites: []Site{at("/srv/app/a.rb", 1, 100, 100*64), at("/srv/app/a.rb", 1, 100, 100*64)}, growth: 64,
			want: []string{"/srv/app/a.rb"}, explained: 1,
		},
		{
			name:  "the runtime's own files come after the application's",
			sites: []Site{at("node:events", 1, 200, 200*100), at("/srv/app/a.js", 2, 200, 200*90)}, growth: 190,
			want: []string{"/srv/app/a.js", "node:events"}, explained: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ranked, explained := Rank(c.sites, c.control, 200, c.growth)
			if len(ranked) != len(c.want) {
				t.Fatalf("got %+v, want %v", ranked, c.want)
			}
			for i, s := range ranked {
				if s.File != c.want[i] {
					t.Errorf("rank %d is %s, want %s", i+1, s.File, c.want[i])
				}
			}
			if math.Abs(explained-c.explained) > 1e-9 {
				t.Errorf("explained %v, want %v", explained, c.explained)
			}
		})
	}
	if ranked, explained := Rank([]Site{feed}, nil, 0, 1); ranked != nil || explained != 0 {
		t.Errorf("without a request: %v, %v", ranked, explained)
	}
	if ranked, _ := Rank([]Site{feed}, nil, 200, 4096); ranked[0].ObjectsPerRequest != 1 || ranked[0].BytesPerRequest != 4096 {
		t.Errorf("rates: %+v", ranked[0])
	}
	if feed.BytesPerRequest != 200*4096 {
		t.Error("Rank changed what it was given")
	}
}

func TestOwner(t *testing.T) {
	for file, want := range map[string]string{
		"/srv/shop/app/models/feed.rb":                                OwnerApp,
		"/usr/share/redmine/app/controllers/issues_controller.rb":     OwnerApp,
		"/var/lib/gems/3.1.0/gems/rack-2.2.4/lib/rack/session.rb":     OwnerLibrary,
		"/usr/share/rubygems-integration/all/gems/x-1/lib/x.rb":       OwnerLibrary,
		"/usr/lib/ruby/vendor_ruby/rack/session/pool.rb":              OwnerLibrary,
		"/usr/lib/ruby/3.1.0/set.rb":                                  OwnerRuntime,
		"<internal:kernel>":                                           OwnerRuntime,
		"/usr/lib/python3/dist-packages/django/core/cache.py":         OwnerLibrary,
		"/srv/venv/lib/python3.11/site-packages/flask/app.py":         OwnerLibrary,
		"/usr/lib/python3.11/functools.py":                            OwnerRuntime,
		"<frozen importlib._bootstrap>":                               OwnerRuntime,
		"/srv/web/node_modules/lodash/memoize.js":                     OwnerLibrary,
		"node:internal/streams/readable":                              OwnerRuntime,
		"/usr/bin/gunicorn":                                           OwnerLibrary,
		"/srv/bin/report.rb":                                          OwnerApp,
		"":                                                            OwnerRuntime,
		"/srv/web/internal/store.js":                                  OwnerApp,
		"/root/go/pkg/mod/github.com/prometheus/client_golang/vec.go": OwnerLibrary,
		"/usr/local/go/src/net/http/server.go":                        OwnerRuntime,
		"/srv/shop/main.go":                                           OwnerApp,
	} {
		if got := Owner(file); got != want {
			t.Errorf("%q is %s's, want %s", file, got, want)
		}
	}
	if got := heap.SourceFile("file:///srv/my%20app/a.mjs"); got != "/srv/my app/a.mjs" {
		t.Errorf("got %q", got)
	}
}
