package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// Every application of the corpus makes a scenario that leakhunt takes, and half of them
// were not looked at.
func TestCorpusApplications(t *testing.T) {
	apps, err := corpusApplications()
	if err != nil {
		t.Fatal(err)
	}
	runtimes, looked := map[string]int{}, 0
	for _, a := range apps {
		runtimes[a.runtime]++
		if a.Looked {
			looked++
		}
		for _, evidence := range []string{"counter", "tight"} {
			text, err := corpusTrial{a, evidence, 1, "/srv/corpus"}.scenario("auto", "/srv/mark")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "s.yaml")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			sc, err := scenarios.Load(path, scenarios.Options{})
			if err != nil {
				t.Fatalf("%s, %s: %v", a.Name, evidence, err)
			}
			if len(sc.URIs) != len(a.URIs)+1 || sc.URIs[len(a.URIs)].Name != plantedRow || strings.Contains(string(text), "${CORPUS}") {
				t.Errorf("%s, %s: %d URIs: %s", a.Name, evidence, len(sc.URIs), text)
			}
		}
	}
	if len(apps) < 101 || len(runtimes) != 6 || looked != 16 {
		t.Errorf("%d applications, %d of them looked at, by runtime %v", len(apps), looked, runtimes)
	}
	for runtime, n := range runtimes {
		if n < 3 {
			t.Errorf("%s has %d applications", runtime, n)
		}
	}
}

// The versions that corpus/install fetches of npm's packages are those that the entries name, and it
// builds every program of Go that they start.
func TestCorpusInstall(t *testing.T) {
	apps, err := corpusApplications()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("corpus/install")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range apps {
		for _, arg := range a.Command {
			if path, ok := strings.CutPrefix(arg, "${CORPUS}/node/"); ok {
				name, _, _ := strings.Cut(path, "/node_modules/")
				if !strings.Contains(string(text), " "+name+"@"+a.Version) {
					t.Errorf("%s: install has no %s@%s", a.Name, name, a.Version)
				}
			}
			if name, ok := strings.CutPrefix(arg, "${CORPUS}/bin/"); ok &&
				!regexp.MustCompile("/"+regexp.QuoteMeta(name)+`(/v[0-9]+)?[@"]`).Match(text) {
				t.Errorf("%s: install builds no %s", a.Name, name)
			}
		}
	}
}

const oneReleased = `{"runtime": "ruby", "applications": [{"name": "shop", "version": "1", "documentation": "its README",
"command": ["shop", "-p", "${PORT}"], "uris": ["/", "/a"], "planted": "/b?planted=1", "guilty": {"/a": "it is slow"}}]}`

func TestParseReleased(t *testing.T) {
	apps, err := parseReleased([]byte(oneReleased))
	if err != nil || len(apps) != 1 || apps[0].Ready != "/" || apps[0].runtime != "ruby" {
		t.Fatalf("%+v, %v", apps, err)
	}
	for _, c := range []struct{ old, wrong, want string }{
		{`"ruby"`, `"cobol"`, `runtime "cobol" is none of [go java node php python ruby]`},
		{`"shop"`, `"a shop"`, "its name"},
		{`"shop"`, `""`, "its name"},
		{`"version": "1"`, `"version": ""`, "needs a version"},
		{`"its README"`, `""`, "the documentation"},
		{"${PORT}", "80", "with ${PORT}"},
		{`"/", "/a"`, `"/a"`, "two URIs at least"},
		{"/b?planted=1", "/b", "/b has no planted=1"},
		{`"/", "/a"`, `"/", "/a", "/b?planted=1"`, "among the innocents too"},
		{`"guilty": {"/a"`, `"guilty": {"/c"`, `"/c" is to be one of its rows`},
		{"it is slow", "", "with a reason"},
		{`"version"`, `"verson"`, "unknown field"},
		{`]}`, `]} {}`, "more after the first object"},
	} {
		text := strings.Replace(oneReleased, c.old, c.wrong, 1)
		if c.old == "]}" {
			text = oneReleased + " {}"
		}
		if apps, err := parseReleased([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) || apps != nil {
			t.Errorf("%s: %v, want %q", c.wrong, err, c.want)
		}
	}
}

func FuzzReleased(f *testing.F) {
	f.Add([]byte(oneReleased))
	f.Fuzz(func(t *testing.T, text []byte) {
		apps, err := parseReleased(text)
		if err != nil && apps != nil {
			t.Fatalf("%v with %v", err, apps)
		}
		for _, a := range apps {
			if _, err := (corpusTrial{app: a, evidence: "tight"}).scenario(2, ""); err != nil {
				t.Fatalf("%+v: %v", a, err)
			}
		}
	})
}

// What the truth is of each row: nothing is known of those that are guilty by themselves.
func TestCorpusTruth(t *testing.T) {
	apps, err := parseReleased([]byte(strings.Replace(oneReleased, `"ruby"`, `"go"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	trial := corpusTrial{app: apps[0], evidence: "tight", seed: 1}
	var res result.Result
	for _, name := range []string{"/", "/a", plantedRow, "new visitor"} {
		res.URIs = append(res.URIs, result.URI{Name: name})
	}
	got := trial.truth(&res)
	if _, known := got["/a"]; known || len(got) != 3 || got[plantedRow] != 4096+32 || got["new visitor"] != 0 {
		t.Errorf("%v", got)
	}
}

// -only chooses, and an application without a counter has RSS alone.
func TestCorpusTrials(t *testing.T) {
	apps := []released{{Name: "a", Looked: true, Counter: true}, {Name: "b"}, {Name: "c", Counter: true}}
	for _, c := range []struct {
		only, evidence string
		want           []string
	}{
		{"", "counter", []string{"corpus-a-counter-seed3", "corpus-b-tight-seed3", "corpus-c-counter-seed3"}},
		{"looked", "counter,tight", []string{"corpus-a-counter-seed3", "corpus-a-tight-seed3"}},
		{"unseen", "counter,tight", []string{"corpus-b-tight-seed3", "corpus-c-counter-seed3", "corpus-c-tight-seed3"}},
		{"b,c", "tight", []string{"corpus-b-tight-seed3", "corpus-c-tight-seed3"}},
		{"none", "tight", nil},
	} {
		trials, err := (&corpus{only: c.only}).trials(apps, &live{evidence: c.evidence, first: 3}, "/srv")
		var got []string
		for _, tr := range trials {
			got = append(got, tr.file())
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("-only %s -evidence %s: %v, %v, want %v", c.only, c.evidence, got, err, c.want)
		}
	}
	for _, c := range []struct{ only, evidence string }{{"d", "tight"}, {"a", "plain"}} {
		if _, err := (&corpus{only: c.only}).trials(apps, &live{evidence: c.evidence}, "/srv"); err == nil {
			t.Errorf("-only %s -evidence %s: no error", c.only, c.evidence)
		}
	}
}

// A run is summed up by what is not as the truth is.
func TestCorpusOutcome(t *testing.T) {
	trial := corpusTrial{app: released{Guilty: map[string]string{"/b": "sessions"}}}
	for _, c := range []struct {
		name    string
		verdict verdict.Label
		smoke   bool
		want    string
	}{
		{"/a", verdict.Stable, false, "as it is"},
		{"/a", verdict.Leak, false, "/a is leak: why"},
		{"/b", verdict.Leak, false, "as it is"},
		{plantedRow, verdict.Leak, false, "as it is"},
		{plantedRow, verdict.Stable, false, "planted is stable: why"},
		{plantedRow, verdict.Inconclusive, true, "as it is"},
		{"/b", verdict.Failed, true, "/b is error: why"},
	} {
		res := &result.Result{URIs: []result.URI{{Name: c.name, Verdict: c.verdict, Why: "why"}}}
		if got := trial.outcome(res, c.smoke); got != c.want {
			t.Errorf("%s, %s, smoke %v: %s, want %s", c.name, c.verdict, c.smoke, got, c.want)
		}
	}
}
