package harness

import (
	"strings"
	"testing"

	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// grows is a route that adds rate bytes a request until most have come, and a
// share of that for ever after.
func grows(rate, most, share float64) func(f *fake, path string, n int) int {
	return func(f *fake, _ string, n int) int {
		if float64(n)*rate <= most {
			f.rss += rate
		} else {
			f.rss += rate * share
		}
		return 200
	}
}

// A scenario of one URI is the simplest there is. A heap that is seldom
// collected, or a full cache in it, grows there as evenly as a leak, and convicts
// nobody; who outgrows it leaks.
func TestOneURIHasToOutgrowTheHeap(t *testing.T) {
	const always = 1 << 40
	for name, c := range map[string]struct {
		runtime string
		route   func(f *fake, path string, n int) int
		want    verdict.Label // "": anything but a leak
		most    int           // requests
		why     string
	}{
		"go, a heap that fills":       {"go", grows(1024, 12<<20, 0), "", confirmFar, ""},
		"go, 4 KiB":                   {"go", grows(4096, always, 1), verdict.Leak, 8192, "grew 4.0 KiB"},
		"python, 1 KiB":               {"python", grows(1024, always, 1), verdict.Leak, 3200, "grew 1.0 KiB"},
		"ruby, a cache that is full":  {"ruby", grows(4096, 16<<20, 0.2), "", confirmFar, ""},
		"ruby, 4 KiB":                 {"ruby", grows(4096, always, 1), verdict.Leak, 16384, "grew 4.0 KiB"},
		"node, an old space":          {"node", grows(1024, 12<<20, 0), "", confirmFar, ""},
		"java, 4 KiB":                 {"java", grows(4096, always, 1), verdict.Inconclusive, confirmFar, "let jcmd read it"},
		"php, nothing":                {"php", grows(0, always, 1), verdict.Stable, 2048, "no new memory"},
		"unknown, a heap that fills":  {"", grows(1024, 12<<20, 0), "", confirmFar, ""},
		"unknown, 16 KiB beyond that": {"", grows(16384, always, 1), verdict.Leak, 8192, "grew 16.0 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, c.route)
			f.runtime, f.rss = c.runtime, 16<<20
			u := mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/"), f.options()).URIs[0]
			if c.want == "" && u.Verdict == verdict.Leak || c.want != "" && u.Verdict != c.want || u.Requests > c.most {
				t.Errorf("%s after %d requests: %s", u.Verdict, u.Requests, u.Why)
			}
			if !strings.Contains(strings.ToLower(u.Why), strings.ToLower(c.why)) {
				t.Errorf("%s", u.Why)
			}
		})
	}
}

// The same with a fixed number of requests: they say what they can.
func TestOneURIWithAFixedNumber(t *testing.T) {
	for name, c := range map[string]struct {
		rate float64
		want verdict.Label
	}{
		"within the heap": {2048, verdict.Inconclusive},
		"beyond it":       {16384, verdict.Leak},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, grows(c.rate, 1<<40, 1))
			f.runtime, f.rss = "go", 16<<20
			u := mustRun(t, f, scenario(scenarios.Count{N: 4096}, "/"), f.options()).URIs[0]
			if u.Verdict != c.want || u.Requests != 4096 {
				t.Errorf("%s after %d requests: %s", u.Verdict, u.Requests, u.Why)
			}
		})
	}
}

// What is reported as possible and what is reported as hidden agree: an interval
// of what is not convicted reaches up to its floor.
func TestIntervalReachesTheFloor(t *testing.T) {
	f := newFake(t, func(f *fake, path string, n int) int {
		if n < 200 {
			f.rss += 64 << 10
		}
		if path == "/leak" {
			f.rss += 8192
		}
		return 200
	})
	f.runtime = "go"
	res := mustRun(t, f, scenario(scenarios.Count{N: 4096}, "/", "/leak"), f.options())
	for _, u := range res.URIs {
		switch hides := u.GrowthHigh >= u.Detectable; {
		case u.Detectable <= 0:
			t.Errorf("%s: no floor", u.Name)
		case u.Verdict == verdict.Leak && u.GrowthHigh > 1.5*u.Growth:
			t.Errorf("%s: up to %.0f of %.0f B", u.Name, u.GrowthHigh, u.Growth)
		case u.Verdict != verdict.Leak && !hides:
			t.Errorf("%s: up to %.0f B with a floor of %.0f B", u.Name, u.GrowthHigh, u.Detectable)
		}
	}
	if byName(t, res, "/leak").Verdict != verdict.Leak || byName(t, res, "/").Verdict == verdict.Leak {
		t.Errorf("%+v", res.Summary)
	}
}
