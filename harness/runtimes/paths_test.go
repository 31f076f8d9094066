package runtimes

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestLocal(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "releases", "7")
	for _, f := range []string{"app/models/feed.rb", "src/main/java/com/shop/Cart.java"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, f)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(root, filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		root + "/app/models/feed.rb":                     "app/models/feed.rb",
		dir + "/current/app/models/feed.rb":              "app/models/feed.rb", // through a link
		root + "/my app/a: b,%0A.js":                     "my app/a: b,%0A.js",
		root + "/node_modules/lodash/memoize.js":         "lodash/memoize.js",
		root + "/node_modules/a/node_modules/b/index.js": "b/index.js",
		"/other/app.rb":                                  "/other/app.rb",
		root + "2/app.rb":                                root + "2/app.rb", // a folder that only begins alike
		"app.rb":                                         "app.rb",
		"./app.rb":                                       "app.rb",
		"/usr/lib/ruby/vendor_ruby/rack/session/pool.rb": "rack/session/pool.rb",
		"/var/lib/gems/3.1.0/gems/rack-2.2.4/lib/rack/session/pool.rb":                   "rack-2.2.4/lib/rack/session/pool.rb",
		"/usr/lib/python3/dist-packages/flask/app.py":                                    "flask/app.py",
		"/root/go/pkg/mod/github.com/prometheus/client_golang@v1.20.5/prometheus/vec.go": "github.com/prometheus/client_golang@v1.20.5/prometheus/vec.go",
		"/usr/lib/python3.11/functools.py":                                               "/usr/lib/python3.11/functools.py",
		"com/shop/Cart.java":                                                             "src/main/java/com/shop/Cart.java",
		"com/shop/Gone.java":                                                             "com/shop/Gone.java",
		"(eval)":                                                                         "(eval)",
		"<string>":                                                                       "<string>",
		"":                                                                               "",
	} {
		frame := ""
		if file != "" {
			frame = file + ":12 block in show"
		}
		got := Local([]Site{{File: file, Caller: frame, Stack: []string{frame}}}, root)[0]
		if want == "" {
			frame = ""
		} else {
			frame = want + ":12 block in show"
		}
		if got.File != want || got.Caller != frame || !reflect.DeepEqual(got.Stack, []string{frame}) {
			t.Errorf("%q: got %q, %q, want %q", file, got.File, got.Caller, want)
		}
		if got := Local([]Site{{File: file}}, "")[0].File; Owner(file) == OwnerApp && got != file {
			t.Errorf("%q without a folder: %q", file, got)
		}
	}
	before := []Site{{File: root + "/a.rb", Stack: []string{root + "/a.rb:1"}}}
	if Local(before, root); before[0].File != root+"/a.rb" || before[0].Stack[0] != root+"/a.rb:1" {
		t.Error("Local changed what it was given")
	}
}

func TestEvaluated(t *testing.T) {
	for file, want := range map[string]bool{"(eval)": true, "(eval at /srv/a.rb:3)": true, "<string>": true, "/srv/a.rb": false, "": false} {
		if Evaluated(file) != want {
			t.Errorf("%q: %v", file, !want)
		}
	}
}
