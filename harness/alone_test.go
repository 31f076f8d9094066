package harness

import (
	"math/rand/v2"
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
		"go, a heap that fills": {"go", grows(1024, 12<<20, 0), "", confirmFar, ""},
		"go, a step and its garbage": {"go", func(f *fake, _ string, n int) int {
			if n == 4000 {
				f.rss += 32 << 20
			} else if n > burnInAlone && n < 24000 {
				f.rss += 2 << 10
			}
			return 200
		}, "", confirmFar, ""},
		"go, 4 KiB":                   {"go", grows(4096, always, 1), verdict.Leak, 8192, "grew 4.0 KiB"},
		"python, 1 KiB":               {"python", grows(1024, always, 1), verdict.Leak, 3200, "grew 1.0 KiB"},
		"ruby, a cache that is full":  {"ruby", grows(4096, 16<<20, 0.2), "", confirmFar, ""},
		"ruby, 4 KiB":                 {"ruby", grows(4096, always, 1), verdict.Leak, 16384, "grew 4.0 KiB"},
		"node, an old space":          {"node", grows(1024, 12<<20, 0), "", confirmFar, ""},
		"java, 4 KiB":                 {"java", grows(4096, always, 1), verdict.Inconclusive, confirmFar, "let its class histogram be read"},
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
			if u.Verdict != c.want || u.Requests != 4096 || (u.GrowthLow > 0) != (c.want == verdict.Leak) {
				t.Errorf("%s of %.0f B at least after %d requests: %s", u.Verdict, u.GrowthLow, u.Requests, u.Why)
			}
		})
	}
}

// Nor does a full cache leak that has neighbours, and no room of its own to grow
// by as much: its budget is not broken either, for it may not grow at all.
func TestSeveralURIsWithAFixedNumber(t *testing.T) {
	for name, c := range map[string]struct {
		runtime string
		rounds  int
		want    verdict.Label
	}{
		"go, one round":      {"go", 1, verdict.Inconclusive},
		"go, five rounds":    {"go", 5, verdict.Inconclusive},
		"php, which has few": {"php", 5, verdict.Leak},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(f *fake, path string, _ int) int {
				if path == "/cache" {
					f.rss += 8192
				}
				return 200
			})
			f.runtime = c.runtime
			sc := scenario(scenarios.Count{N: 4096}, "/", "/cache")
			sc.Rounds, sc.URIs[1].Budget = c.rounds, 512
			u := byName(t, mustRun(t, f, sc, f.options()), "/cache")
			guilty := c.want == verdict.Leak
			if u.Verdict != c.want || u.OverBudget != guilty || strings.Contains(u.Why, aloneInstead) == guilty {
				t.Errorf("%s, over budget: %v: %s", u.Verdict, u.OverBudget, u.Why)
			}
		})
	}
}

// Who was neither suspected nor tried is not convicted, whatever the series says
// afterwards; and who would be is a suspect, and tried.
func TestNobodyIsConvictedUntried(t *testing.T) {
	h := &hunt{session: session{pinned: &fake{runtime: "go", server: serverOf(t)}}}
	h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
	untried := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		slope, wave, period := 0.2+r.Float64(), 1024*r.Float64(), 200+r.IntN(1200)
		tr := &track{Item: Item{Requests: scenarios.Count{Auto: true}}}
		for i := range maxAuto { // a saw-tooth that rises
			tr.pages = append(tr.pages, int32(10240+slope*float64(i)+wave*float64(i%period)/float64(period)+64*r.Float64()))
		}
		tr.blocks = []block{{n: maxAuto, start: edge{metric: 40 << 20}}}
		h.tracks = []*track{tr, {}}[:1+seed%2]
		p := rssPace{h}
		for _, n := range []int{128, 256, 512, 1024, 2048, 3072, maxAuto} {
			part := *tr
			part.pages, part.blocks = tr.pages[:n], []block{{n: n, start: edge{metric: 40 << 20}}}
			part.late, part.suspect = tr.late, false
			p.next(&part, 1)
			p.look(&part)
			tr.late, tr.suspect, tr.done = part.late, part.suspect, part.done
		}
		if verdict.Recorded(tr.joined(nil), h.params(tr)).Label != verdict.Leak {
			continue
		}
		if !tr.suspect {
			t.Errorf("series %d is no suspect", seed)
		}
		if late := verdict.NewLate(h.params(tr)); !looked(late, tr.joined(nil)) {
			untried++
		}
		tr.suspect, tr.done = false, true
		if j := h.byRSS(tr); j.Label == verdict.Leak {
			t.Errorf("series %d is convicted untried: %s", seed, j.Reason)
		}
	}
	if untried == 0 {
		t.Error("no series was convicted by all of it alone: nothing was shown")
	}
}

// looked says whether the sweep's looks convict or suspect by themselves.
func looked(late *verdict.Late, mem []float64) bool {
	var j verdict.Judgement
	for done := false; !done && late.Next() <= len(mem); {
		j, done = late.Look(mem[:late.Next()])
	}
	return late.Suspect() || j.Label == verdict.Leak || j.Low > 0
}

// The neighbour that made room is the one that grew most, not the one whose
// readings are highest.
func TestHeaviestIsWhoGrew(t *testing.T) {
	at := func(name string, from, to int64) *track {
		tr := &track{blocks: []block{{start: edge{metric: from}, end: edge{metric: to}}}}
		tr.Name = name
		return tr
	}
	h := &hunt{tracks: []*track{at("first", 10<<20, 40<<20), at("last", 60<<20, 61<<20), at("fell", 61<<20, 50<<20), at("own", 0, 90<<20)}}
	if got := h.heaviest(h.tracks[3]); got != "first" {
		t.Errorf("%q made room", got)
	}
	h.tracks = h.tracks[2:]
	if got := h.heaviest(h.tracks[1]); got != "" {
		t.Errorf("%q made room by falling", got)
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
	f.runtime = "php"
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
