package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/reduce"
	"leakhunt/harness/result"
	"leakhunt/harness/secret"
	"leakhunt/harness/verdict"
)

const (
	chained = "version: 1\ntarget: {demo: {}}\nbefore: [{uri: /}]\nuris: [/a, /b]\n"
	each    = "version: 1\ntarget: {demo: {}}\nuris: [/a, /b]\n"
)

// ranWith is a run command with flags as they were given, and its plan of a scenario.
func ranWith(t *testing.T, text string, args ...string) (*app, *cobra.Command, *harness.Plan, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{stderr: &strings.Builder{}, secrets: &secret.Set{}}
	c := a.runCommand()
	if err := c.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	o := overrides{given: func(string) bool { return false }}
	o.only, _ = c.Flags().GetStringArray("only")
	plan, err := a.plan(&o, path)
	if err != nil {
		t.Fatal(err)
	}
	return a, c, plan, path
}

func TestFlowNamesMinimize(t *testing.T) {
	leak := []result.URI{{Name: "/a", Verdict: verdict.Leak}, {Name: "/b", Verdict: verdict.Stable}}
	all := append([]result.URI{{Name: "every request", Scope: result.ScopeShared, Verdict: verdict.Leak}}, leak[1])
	ignored := []result.URI{{Name: "/a", Verdict: verdict.Leak, Ignored: true}}
	query := "version: 1\ntarget: {demo: {}}\nbefore: [{uri: /}]\nuris: ['/a?b=1&c=2']\n"
	bare := "version: 1\ntarget: {demo: {}}\nbefore: [{uri: /}]\nuris: [/a]\n"
	for name, c := range map[string]struct {
		text     string
		args     []string
		uris     []result.URI
		complete bool
		want     string
	}{
		"a chain":          {chained, nil, leak, true, "leakhunt minimize PATH"},
		"its flags":        {chained, []string{"-n", "9", "--only", "/*", "--var", "password=hunter22", "-o", "json", "--seed", "3", "--max-time", "1m"}, leak, true, "leakhunt minimize PATH --max-time=1m0s --only=/* --var=password=[secret]"},
		"what all keep":    {each, nil, all, true, "leakhunt minimize PATH"},
		"one request":      {query, nil, leak[:1], true, "leakhunt minimize PATH"},
		"nothing to leave": {bare, nil, leak[:1], true, ""},
		"each by itself":   {each, nil, leak, true, ""},
		"no leak":          {chained, nil, leak[1:], true, ""},
		"ignored":          {chained, nil, ignored, true, ""},
		"before its time":  {chained, nil, leak, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, cmd, plan, path := ranWith(t, c.text, c.args...)
			got := ""
			if f := flowOf(cmd, plan, path, &result.Result{URIs: c.uris, Complete: c.complete}); f != nil {
				got = strings.ReplaceAll(strings.Join(f.words, " "), path, "PATH")
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if f := flowOf(cmd, plan, "demo", &result.Result{URIs: c.uris, Complete: true}); f != nil {
				t.Errorf("of no file: %q", f.words)
			}
		})
	}
}

// A search that is killed leaves the smallest scenario that it knew.
func TestMinimizeKeepsTheSmallest(t *testing.T) {
	a, _, plan, path := ranWith(t, "version: 1\ntarget: {demo: {}}\nuris: [/a, /b, /c]\n")
	small, err := a.reduction(plan, &overrides{}, path)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "small.yaml")
	tell := a.reductions(small, []plainSink{{"json", ""}, {"scenario", file}})
	tell(reduce.Reduction{Test: 1, Set: []int{0}, Smallest: []int{0, 1, 2}})
	if _, err := os.Stat(file); err == nil {
		t.Error("nothing is smaller yet, and a file is there")
	}
	tell(reduce.Reduction{Test: 4, Set: []int{0, 2}, Leaks: true, Smallest: []int{0, 2}})
	got, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(got), "# 2 of the 3 parts of ") || !strings.Contains(string(got), "/c") || strings.Contains(string(got), "/b") {
		t.Errorf("%v\n%s", err, got)
	}
}
