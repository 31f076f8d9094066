package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// Every trial makes a scenario that leakhunt takes.
func TestTrialScenarios(t *testing.T) {
	l := live{runtimes: "ruby,node,python,go,java,php", evidence: strings.Join(evidences, ","), runs: 1}
	for _, l.requests = range []int{0, 250} {
		trials, err := l.trials()
		if err != nil {
			t.Fatal(err)
		}
		if len(trials) != 5+1+6+6+6*7+6*3+6*3 {
			t.Errorf("%d trials", len(trials))
		}
		for _, tr := range trials {
			text, err := tr.scenario("/srv/app")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "s.yaml")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			sc, err := scenarios.Load(path, scenarios.Options{})
			if err != nil {
				t.Fatalf("%s, %s: %v", tr.app.runtime, tr.name(), err)
			}
			if len(sc.URIs) != len(tr.routes()) || sc.Target.Tighten == tr.asItComes() || sc.Requests.Auto != (l.requests == 0 && !strings.HasPrefix(tr.evidence, "slope")) {
				t.Errorf("%s, %s: %d URIs, tight %v, %+v", tr.app.runtime, tr.name(), len(sc.URIs), sc.Target.Tighten, sc.Requests)
			}
		}
	}
}

// Seeds that nobody has looked at yet can be asked for.
func TestTrialSeeds(t *testing.T) {
	l := live{runtimes: "go,java", evidence: "tight", first: 41, runs: 2}
	trials, err := l.trials()
	if err != nil {
		t.Fatal(err)
	}
	var seeds []int
	for _, tr := range trials {
		seeds = append(seeds, tr.seed)
	}
	if want := []int{41, 41, 42, 42}; !slices.Equal(seeds, want) {
		t.Errorf("seeds %v, want %v", seeds, want)
	}
}

// What may still be filling when a fixed number of requests ends is not asked.
func TestTrialRoutes(t *testing.T) {
	has := func(tr trial, name string) bool {
		return slices.ContainsFunc(tr.routes(), func(r route) bool { return r.name == name })
	}
	auto, fixed := trial{evidence: "counter"}, trial{evidence: "counter", requests: 250}
	rss := trial{evidence: "plain"}
	for _, c := range []struct {
		t    trial
		name string
		want bool
	}{
		{auto, "warmup", true},
		{fixed, "warmup", false},
		{fixed, "recent", true},
		{fixed, "leak64", true},
		{rss, "leak64", false},
		{rss, "cache", true},
		{rss, "garbage", true},
		{rss, "leak16k", false},
		{trial{evidence: "alone", route: "leak16k"}, "leak16k", true},
		{trial{evidence: "alone", route: "leak16k"}, "clean", false},
	} {
		if has(c.t, c.name) != c.want {
			t.Errorf("%s, %d requests: %s asked: %v", c.t.evidence, c.t.requests, c.name, !c.want)
		}
	}
}

// A results file is counted as it stands, and not run again.
func TestLiveResults(t *testing.T) {
	ruby := applications[0]
	tr := trial{app: ruby, evidence: "counter", seed: 1}
	found := tr.findings(&result.Result{DurationS: 10, URIs: []result.URI{
		{URI: "/leak1k", Verdict: verdict.Leak, Growth: 1024, GrowthLow: 1000, GrowthHigh: 1100, Requests: 250},
		{URI: "/clean", Verdict: verdict.Stable, GrowthLow: -5, GrowthHigh: 5, Detectable: 5, Requests: 250},
	}})
	path := filepath.Join(t.TempDir(), "live.jsonl")
	for _, f := range found {
		if err := appendFindings(path, []finding{f}); err != nil {
			t.Fatal(err)
		}
	}
	var table, log bytes.Buffer
	args := []string{"-sim", "0", "-live", "-runtimes", "ruby", "-results", path, "-leakhunt", "/nonexistent"}
	if err := calibrate(context.Background(), args, &table, &log, frozen); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for _, want := range []string{
		"-live -runs 1 -results live.jsonl`",
		"| live | agent | ruby | 1 | 0 | 97.50 % | 1 | 0 | 0 | 0 | 100.0 % | 250 | 5.0 s |",
		"| live | agent | ruby | 1.0 KiB | 1 | 100.0 % |",
	} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
	args[len(args)-1] = "/nonexistent"
	if err := calibrate(context.Background(), append(args, "-runs", "2"), &table, &log, frozen); err == nil {
		t.Error("the second seed was not run")
	}
}

func TestLiveErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "live.jsonl")
	for _, text := range []string{"{", "{}", `{"runtime":"ruby"}`} {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readFindings(path); err == nil || !strings.Contains(err.Error(), path+":1: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, l := range []live{{runtimes: "cobol", evidence: "tight"}, {runtimes: "ruby", evidence: "guess"}} {
		if _, err := l.trials(); err == nil {
			t.Errorf("%+v: no error", l)
		}
	}
}

func FuzzFindings(f *testing.F) {
	line, err := json.Marshal(finding{Runtime: "ruby", Evidence: "agent", Route: "clean", Verdict: verdict.Stable})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseFindings(bytes.NewReader(text), "x")
		if err != nil && found != nil {
			t.Fatalf("%v with %v", found, err)
		}
	})
}

// The interval of RSS alone is to hold how fast RSS grows, as measured on other
// processes; that of a counter, what the application keeps.
func TestSlopes(t *testing.T) {
	row := func(evidence, route string, kept, growth float64) finding {
		return finding{Runtime: "go", Evidence: evidence, Route: route, Kept: kept, Growth: growth}
	}
	s := slopesOf([]finding{
		row("slope", "leak1k", 1024, 2000), row("slope", "leak1k", 1024, 1800), row("slope-tight", "leak1k", 1024, 1030),
		row("plain", "leak1k", 1024, 5), row("alone", "leak1k", 1024, 7),
	})
	for _, c := range []struct {
		f    finding
		want float64
	}{
		{row("plain", "leak1k", 1024, 5), 1900},
		{row("alone", "leak1k", 1024, 7), 1900},
		{row("tight", "leak1k", 1024, 9), 1030},
		{row("pprof", "leak1k", 1024, 9), 1024},
		{row("plain", "leak4k", 4096, 9), 4096},
		{row("plain", "clean", 0, 9), 0},
	} {
		if got := s.of(c.f); got != c.want {
			t.Errorf("%s, %s: %.0f, want %.0f", c.f.Evidence, c.f.Route, got, c.want)
		}
	}
	start := result.URI{URI: "/leak1k", Verdict: verdict.Leak, Growth: 5, RSSStart: 1 << 20, RSSEnd: 17 << 20, Requests: slopeRequests}
	tr := trial{app: applications[3], evidence: "slope", route: "leak1k", seed: 1}
	if f := tr.findings(&result.Result{URIs: []result.URI{start}}); len(f) != 1 || f[0].Growth != 1024 || !f[0].reference() {
		t.Errorf("%+v", f)
	}
}
