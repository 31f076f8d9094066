//go:build live

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/target/targettest"
	"leakhunt/harness/verdict"
)

// TestExampleScenarios copies each scenario that starts a server, as a new user
// would, and changes nothing but the URIs: a planted leak is found, and its
// innocent neighbours are not accused.
func TestExampleScenarios(t *testing.T) {
	bin := build(t)
	for name, env := range map[string][]string{
		"puma":                 nil,
		"unicorn":              nil,
		"gunicorn":             {"WSGI_APP=passenger_wsgi:application"},
		"uwsgi":                {"WSGI_FILE=passenger_wsgi.py"},
		"node":                 nil,
		"passenger-standalone": nil,
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../../scenarios/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			head, _, ok := strings.Cut(string(text), "\nuris:")
			if !ok {
				t.Fatal("the scenario has no URIs")
			}
			file := filepath.Join(t.TempDir(), "scenario.yaml")
			text = []byte(head + "\nuris:\n  - /clean\n  - /leak?bytes=1024\n  - /big?bytes=100000\n")
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
			t.Setenv("APP_DIR", appDir(t, name))
			for _, e := range env {
				k, v, _ := strings.Cut(e, "=")
				t.Setenv(k, v)
			}
			r := hunt(t, bin, "run", file, "-q", "-n", "250", "-o", "json", "--seed", "3")
			for _, u := range r.URIs {
				t.Logf("%s %s by %v: %s", u.URI, u.Verdict, u.Evidence, u.Why)
				if leaks := u.Verdict == verdict.Leak; leaks != strings.HasPrefix(u.URI, "/leak") {
					t.Errorf("%s is %s: %s", u.URI, u.Verdict, u.Why)
				}
			}
		})
	}
}

// appDir is a copy of the fixture applications that holds one only, since
// Passenger chooses by what it finds.
func appDir(t *testing.T, name string) string {
	t.Helper()
	dir := targettest.AppDir(t)
	if name == "passenger-standalone" {
		for _, other := range []string{"app.js", "passenger_wsgi.py"} {
			if err := os.RemoveAll(filepath.Join(dir, other)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}
