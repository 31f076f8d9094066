package harness

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

var auto = scenarios.Count{Auto: true}

// shop is an application with one of each.
func shop(f *fake, path string, n int) int {
	switch path {
	case "/leak":
		f.rss += 4096
		f.live += 4096
	case "/leak2":
		f.rss += 16384
		f.live += 16384
	case "/bloat":
		if n == 3 {
			f.rss += 20 << 20
		}
	case "/warmup":
		if n <= 400 {
			f.rss += 4096
			f.live += 4096
		}
	case "/broken":
		return 500
	}
	return 200
}

func TestAutoFindsLeaksByRSSAlone(t *testing.T) {
	f := newFake(t, shop)
	f.runtime = "go" // a collector that is known to let the heap double
	r := mustRun(t, f, scenario(auto, "/", "/leak", "/bloat", "/leak2", "/warmup"), f.options())
	if !r.Complete || r.Summary.Leak != 2 {
		t.Fatalf("complete %v, %+v", r.Complete, r.Summary)
	}
	for i, want := range []struct {
		name   string
		growth float64
	}{{"/leak2", 16384}, {"/leak", 4096}} {
		u := r.URIs[i]
		if u.Name != want.name || u.Verdict != verdict.Leak {
			t.Errorf("rank %d: %s %s (%s)", i+1, u.Name, u.Verdict, u.Why)
		}
		if u.GrowthLow > want.growth || u.GrowthHigh < want.growth {
			t.Errorf("%s: interval %.0f–%.0f does not hold %.0f", u.Name, u.GrowthLow, u.GrowthHigh, want.growth)
		}
	}
	if !f.closed {
		t.Error("the target was not closed")
	}
}

func TestCounterFindsLeaksInFewRequests(t *testing.T) {
	f := newFake(t, shop)
	r := mustRun(t, f, scenario(auto, "/", "/leak", "/warmup"), f.counted())
	if u := r.URIs[0]; u.Name != "/leak" || u.Verdict != verdict.Leak || u.Evidence[0] != "live bytes" {
		t.Errorf("first is %s %s by %v: %s", u.Name, u.Verdict, u.Evidence, u.Why)
	}
	if u := byName(t, r, "/"); u.Verdict != verdict.Stable || u.Requests != settledBlock*settledRounds {
		t.Errorf("/ is %s after %d requests", u.Verdict, u.Requests)
	}
	if u := byName(t, r, "/warmup"); u.Verdict == verdict.Leak {
		t.Errorf("/warmup is accused: %s", u.Why)
	}
}

// A cache that is full only just before the horizon is followed until that shows,
// a leak no further than the horizon.
func TestCounterFollowsWhatSlowsDown(t *testing.T) {
	for name, full := range map[string]int{"/cache700": 700, "/cache1500": 1500, "/cache2000": 2000, "/cache2100": 2100, "/table2000": 2000, "/leak": math.MaxInt} {
		f := newFake(t, func(f *fake, path string, n int) int {
			if path == name && n <= full {
				f.live += 586
				f.rss += 586
			}
			if name == "/table2000" && path == name && n <= full && bits.OnesCount(uint(n)) == 1 {
				f.live += float64(100 * n) // the table doubles, as a dict's
				f.rss += float64(100 * n)
			}
			return 200
		})
		u := byName(t, mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/", name), f.counted()), name)
		if u.Verdict != verdict.Warmup && full < math.MaxInt || u.Verdict != verdict.Leak && full == math.MaxInt {
			t.Errorf("%s is %s after %d requests: %s", name, u.Verdict, u.Requests, u.Why)
		}
		if most := 2 * settledHorizon; u.Requests > most || full == math.MaxInt && u.Requests > settledHorizon {
			t.Errorf("%s: %d requests", name, u.Requests)
		}
	}
}

// What scatters too much to be told at the horizon is followed once as far again.
func TestCounterFollowsWhatScatters(t *testing.T) {
	f := newFake(t, func(f *fake, path string, n int) int {
		if path == "/scatters" {
			f.live += 300 + float64(n*7919%11-5)*60_000
		}
		return 200
	})
	u := byName(t, mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/", "/scatters"), f.counted()), "/scatters")
	if u.Requests != 2*settledHorizon {
		t.Errorf("%s after %d requests: %s", u.Verdict, u.Requests, u.Why)
	}
}

// RSS that grows while the runtime counts nothing is memory of a native library,
// unless the next neighbour makes it shrink again.
func TestGrowthThatIsGivenBack(t *testing.T) {
	for _, c := range []struct {
		back float64 // bytes that a request to the neighbour hands back
		want verdict.Label
		why  string
	}{
		{16 << 10, verdict.Warmup, "no growth above"},
		{0, verdict.Inconclusive, "native library"},
	} {
		f := newFake(t, func(f *fake, path string, _ int) int {
			if f.rss += 16 << 10; path == "/neighbour" {
				f.rss -= 16<<10 + c.back
			}
			return 200
		})
		r := mustRun(t, f, scenario(scenarios.Count{N: 200}, "/grows", "/neighbour"), f.counted())
		if u := byName(t, r, "/grows"); u.Verdict != c.want || !strings.Contains(u.Why, c.why) {
			t.Errorf("%.0f bytes given back: %s (%s), want %s", c.back, u.Verdict, u.Why, c.want)
		}
	}
}

// What a native library leaks is found beside counters that stand still: a few
// blocks of quiet RSS suggest it, and it is followed until that is sure. What has
// only filled a pool is not taken for it.
func TestNativeLeakBesideFlatCounters(t *testing.T) {
	f := newFake(t, func(f *fake, path string, n int) int {
		f.rss += float64(n*7919%5-2) * 4096 // readings wander
		switch {
		case path == "/native":
			f.rss += 2048
		case path == "/pool" && n < 300:
			f.rss += 2048
		}
		return 200
	})
	r := mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/", "/native", "/pool"), f.counted())
	if u := byName(t, r, "/native"); u.Verdict != verdict.Inconclusive || u.Detectable < 2048 || !strings.Contains(u.Why, "native library") {
		t.Errorf("/native is %s with a floor of %.0f B: %s", u.Verdict, u.Detectable, u.Why)
	}
	if u := byName(t, r, "/pool"); u.Verdict == verdict.Leak || u.Verdict == verdict.Inconclusive {
		t.Errorf("/pool is %s: %s", u.Verdict, u.Why)
	}
	if u := byName(t, r, "/"); u.Verdict != verdict.Stable || u.Requests != settledBlock*settledRounds || !strings.Contains(u.Why, "native memory is not counted") {
		t.Errorf("/ is %s after %d requests: %s", u.Verdict, u.Requests, u.Why)
	}
}

// What RSS grew by stands in the floor where it may be a native library's: it
// slows here, and goes on.
func TestFloorHoldsWhatIsNotCounted(t *testing.T) {
	rates := []float64{0, 15000, 13000, 5000, 5100}
	f := newFake(t, func(f *fake, _ string, n int) int {
		if n > 10 {
			f.rss += rates[min(4, (n-11)/100)]
		}
		return 200
	})
	sc := scenario(scenarios.Count{N: 500}, "/slows")
	sc.Warmup = scenarios.Count{N: 10}
	u := byName(t, mustRun(t, f, sc, f.counted()), "/slows")
	if u.Verdict != verdict.Warmup || u.Detectable < 5100 || !strings.Contains(u.Why, "native memory is not counted, and may grow by up to "+units.Bytes(u.Detectable)) {
		t.Errorf("%s with a floor of %.0f B: %s", u.Verdict, u.Detectable, u.Why)
	}
}

// A JVM with a large heap fills it with garbage, whatever its native libraries do.
func TestGarbageOfAJVMIsNoNativeLeak(t *testing.T) {
	for _, requests := range []scenarios.Count{{Auto: true}, {N: 250}} {
		f := newFake(t, func(f *fake, path string, _ int) int {
			if path == "/garbage" {
				f.rss += 8192
			}
			return 200
		})
		f.runtime = "java"
		u := byName(t, mustRun(t, f, scenario(requests, "/", "/garbage"), f.counted()), "/garbage")
		if u.Verdict != verdict.Warmup || u.Detectable > 200 || u.Requests != settledBlock*settledRounds {
			t.Errorf("%s with a floor of %.0f B after %d requests: %s", u.Verdict, u.Detectable, u.Requests, u.Why)
		}
	}
}

// RSS that grows while somebody makes garbage, by what a neighbour leaks, is no
// native library's.
func TestGarbageBesideALeakIsNoNativeLeak(t *testing.T) {
	f := newFake(t, func(f *fake, path string, _ int) int {
		switch path {
		case "/leak":
			f.live += 16 << 10
		case "/garbage":
			if f.rss < 64<<20+f.live {
				f.rss += 4096
			}
		}
		return 200
	})
	r := mustRun(t, f, scenario(scenarios.Count{Auto: true}, "/garbage", "/leak"), f.counted())
	if u := byName(t, r, "/garbage"); u.Verdict != verdict.Warmup || u.Requests < settledHorizon {
		t.Errorf("/garbage is %s after %d requests: %s", u.Verdict, u.Requests, u.Why)
	}
}

func TestFixedNumberIsExact(t *testing.T) {
	for _, counted := range []bool{false, true} {
		f := newFake(t, shop)
		sc := scenario(scenarios.Count{N: 103}, "/", "/leak")
		sc.Warmup = scenarios.Count{N: 7}
		o := f.options()
		if counted {
			o = f.counted()
		}
		r := mustRun(t, f, sc, o)
		for _, p := range []string{"/", "/leak"} {
			if f.seen[p] != 110 || byName(t, r, p).Requests != 103 {
				t.Errorf("%s: %d sent, %d judged", p, f.seen[p], byName(t, r, p).Requests)
			}
		}
		if r.RequestsTotal != 220 {
			t.Errorf("requests_total %d", r.RequestsTotal)
		}
	}
}

func TestFailingRequestsAreNeverStable(t *testing.T) {
	f := newFake(t, shop)
	r := mustRun(t, f, scenario(scenarios.Count{N: 200}, "/", "/broken"), f.options())
	u := byName(t, r, "/broken")
	if u.Verdict != verdict.Failed || !strings.Contains(u.Why, "500") {
		t.Errorf("%s: %s", u.Verdict, u.Why)
	}
	if f.seen["/broken"] > giveUpAfter {
		t.Errorf("%d requests went to a URI that fails", f.seen["/broken"])
	}
}

func TestNeighboursOfALeakAreNotAccused(t *testing.T) {
	// The collector of this process lets the heap stand at twice what is
	// alive: garbage fills the headroom that the leak's growth makes.
	var garbage float64
	f := newFake(t, func(f *fake, path string, _ int) int {
		switch path {
		case "/leak":
			f.live += 8192
		case "/garbage":
			garbage += 30000
		}
		if f.live+garbage > max(8<<20, 2*f.live) {
			garbage = 0
		}
		f.rss = max(f.rss, 64<<20+f.live+garbage)
		return 200
	})
	r := mustRun(t, f, scenario(auto, "/garbage", "/leak", "/"), f.options())
	if u := byName(t, r, "/garbage"); u.Verdict == verdict.Leak {
		t.Errorf("/garbage is accused: %s", u.Why)
	}
	if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak {
		t.Errorf("/leak is %s: %s", u.Verdict, u.Why)
	}
}

func TestALostTargetKeepsWhatWasMeasured(t *testing.T) {
	lost := fault.Measuref("pid 7 has ended")
	f := newFake(t, func(f *fake, path string, n int) int {
		if path == "/leak" && n == 1000 {
			f.gone = lost
		}
		return shop(f, path, n)
	})
	r, err := run(t, f, scenario(auto, "/", "/leak"), f.options())
	if fault.KindOf(err) != fault.Measure || r.Complete || !strings.Contains(r.Incomplete, "has ended") {
		t.Fatalf("%v; complete %v (%s)", err, r.Complete, r.Incomplete)
	}
	if u := byName(t, r, "/leak"); u.Requests == 0 || len(u.Series) == 0 {
		t.Error("what was measured is lost")
	}
}

func TestAnInterruptKeepsWhatWasMeasured(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFake(t, func(f *fake, path string, n int) int {
		if path == "/leak" && n == 1200 {
			cancel()
		}
		return shop(f, path, n)
	})
	plan, err := NewPlan(scenario(auto, "/", "/leak"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(ctx, plan, f, f.options())
	if !errors.Is(err, context.Canceled) || r.Complete || r.Incomplete != "interrupted" {
		t.Fatalf("%v; %+v", err, r.Incomplete)
	}
	if byName(t, r, "/leak").Requests == 0 || !f.closed {
		t.Error("nothing kept, or not closed")
	}
}

func TestLimits(t *testing.T) {
	f := newFake(t, shop)
	sc := scenario(auto, "/leak2")
	sc.Limits.RSS = 110 << 20
	r := mustRun(t, f, sc, f.options())
	if r.Complete || !strings.Contains(r.Incomplete, "limits.rss") {
		t.Errorf("complete %v: %q", r.Complete, r.Incomplete)
	}
	if f.rss > 111<<20 {
		t.Errorf("the process grew to %.0f", f.rss)
	}
}

func TestSeedsAgreeAndOrdersDiffer(t *testing.T) {
	for seed := int64(1); seed <= 3; seed++ {
		f := newFake(t, shop)
		f.runtime = "go"
		sc := scenario(auto, "/", "/leak", "/leak2", "/bloat")
		sc.Seed = seed
		r := mustRun(t, f, sc, f.options())
		if r.Seed != seed || r.URIs[0].Name != "/leak2" || r.URIs[1].Name != "/leak" || r.Summary.Leak != 2 {
			t.Errorf("seed %d: %+v", seed, r.Summary)
		}
	}
}

// Whoever is sent the session's cookie again makes one session: that is said, or a
// leak of a session for each visitor would be called stable without a word.
func TestOneVisitor(t *testing.T) {
	for name, c := range map[string]struct{ sets, fresh, login, want bool }{
		"no cookies": {}, "a session": {sets: true, want: true},
		"a session for each": {sets: true, fresh: true}, "a login": {sets: true, login: true},
	} {
		f := newFake(t, func(*fake, string, int) int { return 200 })
		app := f.server.Config.Handler
		f.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.sets {
				http.SetCookie(w, &http.Cookie{Name: "sid", Value: "1"})
			}
			app.ServeHTTP(w, r)
		})
		sc := scenario(scenarios.Count{N: 10}, "/")
		sc.URIs[0].Fresh = c.fresh
		if c.login {
			sc.Before = []scenarios.Step{{Request: scenarios.Request{Method: "GET", URI: "/login"}}}
		}
		r := mustRun(t, f, sc, f.options())
		if got := slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "one-visitor" }); got != c.want {
			t.Errorf("%s: told %v", name, got)
		}
	}
}
