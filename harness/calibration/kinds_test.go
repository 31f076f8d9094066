package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// Each kind of the list has a case whose scenario is valid, and the truth is about rows
// that it has.
func TestKindCases(t *testing.T) {
	var kinds []int
	for _, c := range kindCases {
		kinds = append(kinds, c.kind)
		sc, err := scenarios.Load(filepath.Join("testdata/kinds", c.scenario+".yaml"), scenarios.Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		names := []string{"new visitor", "every request"}
		for _, u := range sc.URIs {
			names = append(names, u.Name)
		}
		for _, r := range c.rows {
			if !slices.Contains(names, r.name) {
				t.Errorf("%s has no row %s, of %q", c.scenario, r.name, names)
			}
			if (r.rather == "") != (r.from > 0 && r.to >= r.from) {
				t.Errorf("%s, %s: the truth is neither a range nor unknown: %+v", c.scenario, r.name, r)
			}
		}
	}
	if !slices.IsSorted(kinds) || len(slices.Compact(kinds)) != 18 {
		t.Errorf("the kinds are not 1 to 18: %v", kinds)
	}
}

// Right and wrong are computed from what is kept, and nothing of that is run again.
func TestKindsTable(t *testing.T) {
	uri := func(name string, v verdict.Label, growth, floor float64, probes ...result.Probe) result.URI {
		return result.URI{Name: name, Verdict: v, Growth: growth, GrowthLow: growth - 10, GrowthHigh: growth + 10, Detectable: floor, Probes: probes}
	}
	for _, c := range []struct {
		name     string
		exit     int
		table    string
		seconds  float64
		rows     []result.URI
		judged   string
		mistakes []string
	}{
		{"cache", 1, "", 9, []result.URI{uri("/leak/{{n}}", verdict.Leak, 1100, 50), uri("/page/{{n}}", verdict.Warmup, 0, 50)}, "right", nil},
		{"cache", 1, "", 9, []result.URI{uri("/leak/{{n}}", verdict.Leak, 1100, 50), uri("/page/{{n}}", verdict.Leak, 4000, 50)}, "**wrong**", []string{"/page/{{n}} is accused"}},
		{"cache", 0, "", 9, []result.URI{uri("/leak/{{n}}", verdict.Stable, 0, 400)}, "**wrong**", []string{"exit 0, and 1 is right", "is stable with a floor of 400 B: a lie"}},
		{"cache", 0, "", 9, []result.URI{uri("/leak/{{n}}", verdict.Bloat, 0, 4000)}, "**wrong**", []string{"is bloat: missed"}},
		{"cache", 1, "", 9, []result.URI{uri("/leak/{{n}}", verdict.Leak, 500, 50)}, "**wrong**", []string{"has the interval 490 B … 510 B"}},
		{"cache", 1, "", 9, []result.URI{uri("/leak/{{n}}", verdict.Inconclusive, 500, 50)}, "open", []string{"/leak/{{n}} is open"}},
		{"cache", 1, "", 9, nil, "**wrong**", []string{"/leak/{{n}} has no row"}},
		{"access-log", 4, "", 9, []result.URI{uri("/a", verdict.Inconclusive, 0, 9)}, "open", []string{"every row is open", "/a is open"}},
		{"access-log", 0, "", 9, []result.URI{uri("/a", verdict.Stable, 0, 9), uri("every request", verdict.Leak, 900, 9)}, "right", nil},
		{"oom", 1, "made at oom.py:8", 9, []result.URI{uri("/export", verdict.Leak, 2e6, 9)}, "right", nil},
		{"oom", 1, "made at oom.py:9", 9, []result.URI{uri("/export", verdict.Leak, 2e6, 9)}, "**wrong**", []string{"oom.py:8 is not named"}},
		{"gunicorn-native", 1, "made at gunicorn/util.py:641", 9, []result.URI{uri("/native", verdict.Leak, 8192, 9)}, "**wrong**", []string{"gunicorn/ is named"}},
		{"probes", 1, "", 9, []result.URI{uri("/login", verdict.Leak, 0, 9, result.Probe{Unit: "objects", Growth: 1, Low: 1, High: 1})}, "right", nil},
		{"probes", 1, "", 9, []result.URI{uri("/login", verdict.Leak, 300, 9)}, "**wrong**", []string{"not by a count of objects"}},
		{"ten", 1, "", 901, []result.URI{uri("/3", verdict.Leak, 4096, 9)}, "**wrong**", []string{"it took 901 s, where 900 are right"}},
		{"ten", 1, "", 900, []result.URI{uri("/3", verdict.Leak, 4096, 9), {Name: "/4", Verdict: verdict.Failed, FirstError: "status 500"}}, "**wrong**", []string{"/4 failed: status 500"}},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, c.name+"-1")
		for end, text := range map[string]string{".exit": fmt.Sprintln(c.exit), ".table": c.table} {
			if err := os.WriteFile(path+end, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := writeJSON(path+".json", result.Result{SchemaVersion: 1, RequestsTotal: 7, DurationS: c.seconds, URIs: c.rows}); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		args := []string{"-kinds", dir, "-only", "none", "-leakhunt", "/nonexistent"}
		if err := calibrate(context.Background(), args, &out, io.Discard, time.Now); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if !strings.Contains(text, "| "+c.judged+" |\n") || strings.Count(text, "not run") != strings.Count(text, "\n| ")-2 {
			t.Errorf("%s is not %s:\n%s", c.name, c.judged, text)
		}
		_, odd, _ := strings.Cut(text, "What is not:")
		if got := strings.Count(odd, "\n- "); got < len(c.mistakes) || c.mistakes == nil && got > 0 {
			t.Errorf("%s: mistakes: %s", c.name, odd)
		}
		for _, m := range c.mistakes {
			if !strings.Contains(odd, m) {
				t.Errorf("%s: no %q in %s", c.name, m, odd)
			}
		}
	}
}

func TestKindsOnly(t *testing.T) {
	err := calibrate(context.Background(), []string{"-kinds", t.TempDir(), "-only", "cash"}, io.Discard, io.Discard, time.Now)
	if err == nil || !strings.Contains(err.Error(), `"cash"`) {
		t.Errorf("a case that there is not: %v", err)
	}
}
