package harness

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// whenQuiet does something each time that a run begins to wait.
type whenQuiet struct {
	Silent
	do func()
}

func (w whenQuiet) Note(text string) {
	if strings.HasPrefix(text, "waiting") {
		w.do()
	}
}

// What a request keeps for some seconds grows like a leak until it is let go: in
// a quiet moment, or while a neighbour is being sent.
func TestLetGo(t *testing.T) {
	for name, c := range map[string]struct {
		requests  scenarios.Count
		neighbour bool // lets go, too
	}{
		"in a quiet moment":                     {scenarios.Count{N: 250}, false},
		"in a quiet moment, by as many as tell": {auto, false},
		"while others are sent":                 {scenarios.Count{N: 250}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held := 0.0
			hold := func(f *fake, more float64) {
				f.live, f.rss, held = f.live+more, f.rss+more, held+more
			}
			f := newFake(t, func(f *fake, path string, n int) int {
				switch {
				case path == "/held":
					hold(f, 16<<10)
				case path == "/neighbour" && c.neighbour:
					hold(f, -held)
				}
				return shop(f, path, n)
			})
			o := f.counted()
			o.Observer = whenQuiet{do: func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				hold(f, -held)
			}}
			r := mustRun(t, f, scenario(c.requests, "/held", "/neighbour", "/leak"), o)
			if u := byName(t, r, "/held"); u.Verdict != verdict.Warmup || !strings.Contains(u.Why, "and let go of it within 1ms") || u.Growth > 16 || u.Detectable < 16<<10 {
				t.Errorf("%s at %.0f B per request, floor %.0f (%s)", u.Verdict, u.Growth, u.Detectable, u.Why)
			}
			if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak || u.Growth < 4000 {
				t.Errorf("the leak beside it is %s at %.0f B per request (%s)", u.Verdict, u.Growth, u.Why)
			}
		})
	}
}

// A session that another route ends stays for as long as that is not sent: by
// itself, the route that begins it leaks.
func TestWhatOnlyANeighbourLetsGo(t *testing.T) {
	f := newFake(t, func(f *fake, path string, _ int) int {
		if f.live += 4096; path == "/logout" {
			f.live -= 2 * 4096
		}
		return 200
	})
	r := mustRun(t, f, scenario(scenarios.Count{N: 250}, "/login", "/logout"), f.counted())
	if u := byName(t, r, "/login"); u.Verdict != verdict.Leak {
		t.Errorf("%s: %s", u.Verdict, u.Why)
	}
}

// What the run's time does not allow is not waited for, and ends no run.
func TestWaitIsLimited(t *testing.T) {
	f := newFake(t, shop)
	o := f.counted()
	o.Outlast = time.Hour
	o.Observer = whenQuiet{do: func() { t.Error("it waits") }}
	sc := scenario(scenarios.Count{N: 250}, "/", "/leak")
	sc.Limits.Time = time.Hour
	r := mustRun(t, f, sc, o)
	if u := byName(t, r, "/leak"); !r.Complete || u.Verdict != verdict.Leak {
		t.Errorf("complete %v, %s: %s", r.Complete, u.Verdict, u.Why)
	}
}

// A wait ends with the run.
func TestWaitIsInterrupted(t *testing.T) {
	f := newFake(t, shop)
	o := f.counted()
	o.Outlast = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.Observer = whenQuiet{do: cancel}
	plan, err := NewPlan(scenario(scenarios.Count{N: 250}, "/", "/leak"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(ctx, plan, f, o)
	if err == nil || r.EndedBy != EndedByUser {
		t.Fatalf("%v, ended by %q", err, r.EndedBy)
	}
	if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak {
		t.Errorf("%s: %s", u.Verdict, u.Why)
	}
}

// What was added before the URI's first block, by a former process, or in a block
// that nobody counted at its end, is not looked for in the end.
func TestLetGoCounts(t *testing.T) {
	one := func(at time.Duration, first int, from, to float64, cut bool) block {
		return block{
			first: first, n: 50, cut: cut,
			start: edge{at: at, counters: []float64{from}}, end: edge{at: at + 1, counters: []float64{to}},
		}
	}
	before, mine := one(10, 0, 0, 500, false), one(20, 100, 500, 600, false)
	for name, c := range map[string]struct {
		own, neighbour track
		now            float64
		grown, gone    float64
	}{
		"all is there":            {track{blocks: []block{mine}}, track{blocks: []block{before}}, 600, 100, 0},
		"half is gone":            {track{blocks: []block{mine}}, track{blocks: []block{one(30, 0, 600, 650, false)}}, 600, 100, 50},
		"the neighbour's fell":    {track{blocks: []block{mine}}, track{blocks: []block{one(30, 0, 600, 550, false)}}, 550, 100, 50},
		"in a former process":     {track{life: 100, blocks: []block{one(5, 0, 0, 900, false), mine}}, track{}, 600, 100, 0},
		"in none of this process": {track{life: 200, blocks: []block{mine}}, track{}, 0, 0, 0},
		"cut off":                 {track{blocks: []block{mine, one(30, 150, 600, 0, true)}}, track{}, 600, 100, 0},
	} {
		h := &hunt{tracks: []*track{&c.own, &c.neighbour}}
		h.reading = edge{counters: []float64{c.now}}
		if grown, gone := h.letGo(&c.own, 0); grown != c.grown || gone != c.gone {
			t.Errorf("%s: %v of %v gone, want %v of %v", name, gone, grown, c.gone, c.grown)
		}
	}
}

// A ring that all share, such as the last events of a log, grows by whoever puts
// the largest entries into it, while its neighbours push those out again.
func TestARingThatAllShare(t *testing.T) {
	for seed := range int64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var ring []float64
			f := newFake(t, func(f *fake, path string, _ int) int {
				entry := 100.0
				switch path {
				case "/large":
					entry = 4096
				case "/leak":
					f.live += 1024
				}
				if ring = append(ring, entry); len(ring) > 60 {
					f.live, ring = f.live-ring[0], ring[1:]
				}
				f.live += entry
				return 200
			})
			sc := scenario(scenarios.Count{N: 250}, "/", "/large", "/leak")
			sc.Seed = seed
			r := mustRun(t, f, sc, f.counted())
			if u := byName(t, r, "/large"); u.Verdict == verdict.Leak || u.Verdict == verdict.Stable && u.Detectable < 100 {
				t.Errorf("%s at %.0f B per request, floor %.0f: %s", u.Verdict, u.Growth, u.Detectable, u.Why)
			}
			if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak && u.Verdict != verdict.Inconclusive && u.Detectable < 1024 {
				t.Errorf("the leak beside it is %s with a floor of %.0f B: %s", u.Verdict, u.Detectable, u.Why)
			}
		})
	}
}
