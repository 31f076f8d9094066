package harness

import (
	"net/http/httptest"
	"slices"
	"testing"

	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// RSS of a tight process tells a leak of 1 KiB within the horizon, and the
// floor of its neighbours is below that.
func TestTightTellsSoon(t *testing.T) {
	f := newFake(t, func(f *fake, path string, n int) int {
		if path == "/leak" || path == "/hidden" && n > 1300 { // the first fill what is free
			f.rss += 1024
		}
		return 200
	})
	f.runtime, f.settings, f.rss = "go", target.Tight("go"), 40<<20
	res := mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/", "/leak", "/other", "/hidden"), f.options())
	for name, most := range map[string]int{"/leak": 2500, "/hidden": 4096} {
		leak := byName(t, res, name)
		if leak.Verdict != verdict.Leak || leak.Requests > most || leak.Growth < 800 || leak.Growth > 1200 {
			t.Errorf("%s: %s of %.0f B after %d requests: %s", name, leak.Verdict, leak.Growth, leak.Requests, leak.Why)
		}
	}
	for _, name := range []string{"/", "/other"} {
		if u := byName(t, res, name); u.Verdict != verdict.Stable || u.Detectable > maxFloorTight || u.Requests >= maxAuto {
			t.Errorf("%s: %s above %.0f B after %d requests: %s", name, u.Verdict, u.Detectable, u.Requests, u.Why)
		}
	}
}

// What goes ahead of a tight process's blocks is not judged; it is longer before
// long ones.
func TestLead(t *testing.T) {
	f := newFake(t, func(f *fake, path string, n int) int {
		if path == "/leak" || path == "/hidden" && n > 1300 {
			f.rss += 1024
		}
		return 200
	})
	f.runtime, f.settings = "go", target.Tight("go")
	res := mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/", "/leak", "/hidden"), f.options())
	const burnIn = (burnInAll + 2) / 3
	for path, want := range map[string]int{
		"/":       64 + 64 + 64 + 64,          // 128, 128, 256 and 512 in turn with the others
		"/leak":   64 + 1024/8,                // suspected at once, and tried alone
		"/hidden": 64 + 64 + 64 + 64 + 1024/8, // suspected after 1,024, and tried alone
	} {
		if got := f.seen[path] - burnIn - byName(t, res, path).Requests; got != want {
			t.Errorf("%s: %d requests ahead of its blocks, want %d", path, got, want)
		}
	}
}

// A large tight process may keep more back than a floor of 1 KiB allows for:
// its innocents are stable above the floor that there is.
func TestTightAndLarge(t *testing.T) {
	f := newFake(t, func(*fake, string, int) int { return 200 })
	f.route = func(f *fake, _ string, n int) int {
		if n <= 40 {
			f.rss += 8 << 20
		}
		return 200
	}
	f.runtime, f.settings, f.rss = "java", target.Tight("java"), 400<<20
	res := mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/", "/other"), f.options())
	for _, u := range res.URIs {
		if u.Verdict != verdict.Stable || u.Detectable < maxFloorTight || u.Detectable > maxFloorPlain {
			t.Errorf("%s: %s above %.0f B: %s", u.Name, u.Verdict, u.Detectable, u.Why)
		}
	}
}

// What is tried alone has to outgrow what the process may have in reserve.
func TestReserve(t *testing.T) {
	const rss, anon = 100 << 20, 60 << 20
	for name, c := range map[string]struct {
		runtime  string
		settings []string
		headroom float64
		tight    bool
	}{
		"unknown":           {"", nil, followsMost * anon, false},
		"node":              {"node", nil, followsMost * anon, false},
		"go":                {"go", nil, sharePlain * rss, false},
		"node, tight":       {"node", []string{"NODE_OPTIONS=--require=/tmp/leakhunt-0/fullcollections.js"}, shareTight * anon, true},
		"go, tight":         {"go", []string{"GOGC=10"}, shareTight * anon, true},
		"ruby, tight":       {"ruby", []string{"LD_PRELOAD=/usr/lib/libjemalloc.so.2"}, shareTight * anon, true},
		"ruby, tight glibc": {"ruby", []string{"MALLOC_ARENA_MAX=1"}, shareLoose * anon, true},
		"ruby":              {"ruby", nil, max(shareRuby*rss, 16<<20), false},
		"php":               {"php", nil, shareFrees * rss, false},
		"perl":              {"perl", nil, shareFrees * rss, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := &hunt{session: session{settings: c.settings, pinned: &fake{runtime: c.runtime, settings: c.settings, server: serverOf(t)}}}
			h.reading.metric, h.reading.Anon, h.start, h.warmed = rss, anon, rss, rss
			if got := h.headroom(rss); got != c.headroom || h.tight() != c.tight {
				t.Errorf("headroom %.0f, want %.0f; tight: %v", got, c.headroom, h.tight())
			}
			if n := h.longer(confirmLeast); c.tight && n > 2500 {
				t.Errorf("a suspect goes on to %d requests", n)
			}
		})
	}
}

// What others added to a process makes room for garbage: as much again in Go. In V8
// all that is alive does, three times as much.
func TestReserveFollowsNeighbours(t *testing.T) {
	for runtime, times := range map[string]float64{"go": 1, "node": 3} {
		h := &hunt{session: session{pinned: &fake{runtime: runtime, server: serverOf(t)}}}
		h.warmed, h.reading.metric, h.reading.Anon = 40<<20, 240<<20, 200<<20
		if got, want := h.headroom(240<<20), max(240, times*200)*(1<<20); got != want {
			t.Errorf("%s: headroom %.0f, want %.0f", runtime, got, want)
		}
	}
}

// Memory that grows unevenly on a process as it comes is no evidence; the same
// growth, evenly, is.
func TestUnevenGrowthConvictsNobody(t *testing.T) {
	h := &hunt{session: session{pinned: &fake{runtime: "go", server: serverOf(t)}}}
	h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
	even, uneven := &track{seen: 512, slope: 2048}, &track{seen: 512, slope: 2048}
	for _, t := range []*track{even, uneven} {
		t.Requests, t.tried = scenarios.Count{Auto: true}, true
		level, state := 40<<20, uint32(7)
		for range 8192 {
			state = state*1664525 + 1013904223
			level += 2048
			if t == uneven && state>>16%64 == 0 {
				level += (int(state>>24) - 128) << 13 // up or down by up to 1 MiB
			}
			t.pages = append(t.pages, int32(level/4096))
		}
		b := block{n: len(t.pages), alone: true}
		b.start.metric = 40 << 20
		t.blocks = []block{b}
	}
	if j := h.confirmed(even); j.Label != verdict.Leak {
		t.Errorf("even growth is %s: %s", j.Label, j.Reason)
	}
	if j := h.confirmed(uneven); j.Label == verdict.Leak {
		t.Errorf("uneven growth (%.0f to %.0f) is a leak: %s", j.Low, j.High, j.Reason)
	}
}

// Growth counts from the lowest where a collection shows what is alive at most,
// and from the first where holes may be filled again.
func TestGrowthCountsFromTheTrough(t *testing.T) {
	for runtime, want := range map[string]verdict.Label{"go": verdict.Leak, "ruby": verdict.Inconclusive} {
		h := &hunt{session: session{pinned: &fake{runtime: runtime, server: serverOf(t)}}}
		h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
		h.start, h.warmed = 40<<20, 60<<20
		tr := &track{tried: true, seen: 512, slope: 4096}
		for i := range 32768 {
			level := 160 << 20
			if i > 2048 { // a collection
				level = 100<<20 + (i-2048)*4096
			}
			tr.pages = append(tr.pages, int32(level/4096))
		}
		tr.blocks = []block{{n: len(tr.pages), alone: true, start: edge{metric: 160 << 20}}}
		mem := tr.joined(h.alone(tr))
		tr.headroom = h.headroom(h.trough(mem))
		if j := h.confirmed(tr); j.Label != want {
			t.Errorf("%s: %s: %s", runtime, j.Label, j.Reason)
		}
	}
}

// What a neighbour left in a tight process, and what its first fall gives back,
// does not count against a leak, unless the leak may fill the holes.
func TestTightGrowthCountsFromTheTrough(t *testing.T) {
	for setting, want := range map[string]verdict.Label{
		"LD_PRELOAD=/usr/lib/libjemalloc.so.2": verdict.Leak, "MALLOC_ARENA_MAX=1": verdict.Inconclusive,
	} {
		h := &hunt{session: session{settings: []string{setting}, pinned: &fake{runtime: "ruby", server: serverOf(t)}}}
		h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
		tr := &track{tried: true, headroom: leastHeadroom, seen: 1024}
		for i := range confirmLeast {
			level := 41<<20 + i<<10
			if i >= 256 {
				level -= 1 << 20
			}
			tr.pages = append(tr.pages, int32(level/4096))
		}
		tr.blocks = []block{{n: len(tr.pages), alone: true, start: edge{metric: 41 << 20}}}
		if j := h.confirmed(tr); j.Label != want {
			t.Errorf("%s: %s: %s", setting, j.Label, j.Reason)
		}
	}
}

func serverOf(t *testing.T) *httptest.Server {
	t.Helper()
	return newFake(t, func(*fake, string, int) int { return 200 }).server
}

// The touched set sees a leak inside memory that RSS shows already, and only
// where it may speak.
func TestTouchedSetSeesInsideTheSlack(t *testing.T) {
	for runtime, want := range map[string]verdict.Label{"ruby": verdict.Leak, "python": verdict.Leak, "go": verdict.Stable} {
		t.Run(runtime, func(t *testing.T) {
			f := newFake(t, func(f *fake, path string, _ int) int {
				switch {
				case path == "/leak":
					f.touched += 8192
				case f.touched < 20<<20: // the others use the same memory again
					f.touched += 256 << 10
				}
				return 200
			})
			f.runtime = runtime
			res := mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/", "/leak"), f.options())
			u := byName(t, res, "/leak")
			if u.Verdict != want {
				t.Errorf("/leak: %s by %v: %s", u.Verdict, u.Evidence, u.Why)
			}
			if want == verdict.Leak && (!slices.Equal(u.Evidence, []string{touchedSet}) || u.Growth < 8000 || u.Growth > 8400) {
				t.Errorf("/leak: %.0f B/request by %v", u.Growth, u.Evidence)
			}
			if runtime == "python" && u.Requests > 3200 {
				t.Errorf("/leak: found after %d requests", u.Requests)
			}
			if u := byName(t, res, "/"); u.Verdict != verdict.Stable {
				t.Errorf("/: %s: %s", u.Verdict, u.Why)
			}
		})
	}
}

// New memory within the headroom is no evidence.
func TestTouchedSetHasToOutgrowTheHeadroom(t *testing.T) {
	h := &hunt{session: session{pinned: &fake{runtime: "ruby", server: serverOf(t)}}}
	h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
	tr := &track{tried: true, headroom: 16 << 20}
	for i := range 33 {
		tr.touched = append(tr.touched, verdict.Edge{Requests: 64 * i, Value: 4096 * 64 * float64(i)})
	}
	flat := verdict.Judgement{Label: verdict.Stable, Detectable: 4096}
	if j, _ := h.testimony(tr, flat); j.Label != verdict.Inconclusive || j.More != 2048 {
		t.Errorf("8 MiB of 16: %+v", j)
	}
	tr.headroom = 7 << 20
	if j, by := h.testimony(tr, flat); j.Label != verdict.Leak || j.Growth != 4096 || by[0] != touchedSet {
		t.Errorf("8 MiB of 7: %+v by %v", j, by)
	}
	tr.tried = false
	if j, by := h.testimony(tr, flat); j != flat || by[0] == touchedSet {
		t.Errorf("before it was tried alone: %+v by %v", j, by)
	}
}

// A leak that fills memory which is resident and free is brought out by a row of
// requests to its URI alone, and its neighbours are not accused.
func TestWhatHidesInTheSlackIsBroughtOut(t *testing.T) {
	f := newFake(t, func(f *fake, path string, _ int) int {
		switch path {
		case "/leak":
			f.live += 8192
		case "/garbage":
			f.rss = max(f.rss, 50<<20+f.live)
		}
		f.rss = max(f.rss, 24<<20+f.live)
		return 200
	})
	f.runtime, f.rss = "ruby", 24<<20
	plan, err := NewPlan(scenario(scenarios.Count{Auto: true}, "/", "/garbage", "/leak"))
	if err != nil {
		t.Fatal(err)
	}
	h := newHunt(plan, f.options())
	for _, tr := range h.tracks {
		tr.latency = make([]uint32, 1<<18) // however slow this machine is
	}
	if err := h.run(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	for _, tr := range h.tracks {
		j, _, _ := h.judge(tr)
		if tr.suspect {
			t.Errorf("%s was suspected: it hid nowhere", tr.Name)
		}
		if want := tr.Name == "/leak"; (j.Label == verdict.Leak) != want {
			t.Errorf("%s: %s after %d requests: %s", tr.Name, j.Label, tr.requests(), j.Reason)
		}
	}
}

// What cannot be brought out, or is known well, is not tried.
func TestHidden(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		slack    int64
		latency  uint32 // µs
		suspect  bool
		settings []string
		want     bool
	}{
		"hidden":     {slack: 24 * mib, want: true},
		"suspected":  {slack: 24 * mib, suspect: true},
		"known well": {slack: 4 * mib},
		"too much":   {slack: 120 * mib},
		"slow":       {slack: 24 * mib, latency: 10_000},
		"tight":      {slack: 24 * mib, settings: target.Tight("go")},
	} {
		f := &fake{runtime: "go", server: serverOf(t)}
		h := &hunt{session: session{settings: c.settings, pinned: f}}
		h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
		h.start, h.warmed, h.peak, h.reading.metric = 10*mib, 10*mib+c.slack, 10*mib+c.slack, 10*mib+c.slack
		tr := &track{suspect: c.suspect, latency: []uint32{c.latency}, slack: float64(c.slack), done: true}
		tr.Requests = scenarios.Count{Auto: true}
		tr.pages = slices.Repeat([]int32{int32(h.peak / 4096)}, 2048)
		tr.blocks = []block{{n: 2048, start: edge{metric: h.peak}}}
		h.tracks = []*track{tr, {}}
		if got := h.hidden(tr); got != c.want {
			j, _, _ := h.judge(tr)
			t.Errorf("%s: %v: %+v", name, got, j)
		}
	}
}

// A URI that nobody suspected may look like a leak once it was tried alone too:
// it has to outgrow the headroom like any other.
func TestHiddenHasToOutgrowTheHeap(t *testing.T) {
	const mib, each = 1 << 20, 5120
	h := &hunt{session: session{pinned: &fake{runtime: "go", server: serverOf(t)}}}
	h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
	tr := &track{tried: true, done: true, headroom: 60 * mib, slack: mib}
	tr.Requests = scenarios.Count{Auto: true}
	for i := range each {
		tr.pages = append(tr.pages, int32((40*mib+1600*i)/4096))
	}
	start := func(n int) edge { return edge{metric: int64(tr.pages[n]) * 4096} }
	tr.blocks = []block{{n: 3072, start: start(0)}, {first: 3072, n: 2048, start: start(3072), alone: true}}
	h.tracks = []*track{tr, {}}
	if j := verdict.Recorded(tr.joined(nil), h.params(tr)); j.Label != verdict.Leak {
		t.Fatalf("its series shows nothing: %+v", j)
	}
	if j, _, _ := h.judge(tr); j.Label == verdict.Leak {
		t.Errorf("accused: %s", j.Reason)
	}
	tr.headroom = 2 * mib
	if j, _, _ := h.judge(tr); j.Label != verdict.Leak {
		t.Errorf("beyond the headroom it is %s: %s", j.Label, j.Reason)
	}
}

// Beyond the usual length only that is followed which can still come out.
func TestWorthMore(t *testing.T) {
	const mib = 1 << 20
	grows := verdict.Judgement{Label: verdict.Inconclusive, Growth: 4096, Low: 3000, High: 5000}
	creeps := verdict.Judgement{Label: verdict.Inconclusive, Growth: 900, Low: 500, High: 1300}
	flat := verdict.Judgement{Label: verdict.Inconclusive, High: 50}
	for name, c := range map[string]struct {
		suspect bool
		j       verdict.Judgement
		n       int
		grown   int // bytes
		latency uint32
		want    bool
	}{
		"a suspect, usual length":            {suspect: true, j: flat, n: 4096, want: true},
		"a suspect that grows":               {suspect: true, j: grows, n: 8192, grown: 32 * mib, want: true},
		"a suspect that grows, to the end":   {suspect: true, j: grows, n: confirmFar, grown: 32 * mib},
		"a suspect that grows, slow":         {suspect: true, j: grows, n: 8192, grown: 32 * mib, latency: 3000},
		"a suspect that cannot outgrow":      {suspect: true, j: creeps, n: 8192, grown: 8 * mib},
		"a leak that may be filling":         {j: flat, n: 8192, want: true},
		"a leak that would have filled":      {j: flat, n: 16384},
		"a leak that may be all that grows":  {j: grows, n: 16384, grown: 30 * mib, want: true},
		"a leak that may be filling, slowly": {j: flat, n: 8192, latency: 1000},
	} {
		h := &hunt{session: session{pinned: &fake{runtime: "go", server: serverOf(t)}}}
		h.start, h.peak = 10*mib, int64(50*mib+c.grown)
		tr := &track{suspect: c.suspect, looking: !c.suspect, headroom: 60 * mib, latency: []uint32{c.latency}}
		for i := range c.n {
			tr.pages = append(tr.pages, int32((50*mib+c.grown*i/c.n)/4096))
		}
		tr.blocks = []block{{n: c.n, alone: true, start: edge{metric: 50 * mib}}}
		if got := h.worthMore(tr, c.j, c.j, c.n); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Only where the allocator keeps holes are they filled before a suspect is tried:
// a tight process would give that back while it is.
func TestFill(t *testing.T) {
	for _, c := range []struct {
		runtime  string
		settings []string
		want     int
	}{{"ruby", nil, fillRequests}, {"ruby", target.Tight("ruby"), 0}, {"go", nil, 0}, {"go", target.Tight("go"), 0}} {
		f := newFake(t, func(*fake, string, int) int { return 200 })
		f.runtime = c.runtime
		h := opened(t, f, scenario(auto, "/", "/garbage"))
		h.settings = c.settings
		if err := h.fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		if sent := f.seen["/"] + f.seen["/garbage"]; sent != c.want {
			t.Errorf("%s, %v: %d requests", c.runtime, c.settings, sent)
		}
	}
}
