package harness

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// fakeTracer is a counter of the fake that can trace, and go wrong at it.
type fakeTracer struct {
	fakeCounter
	start, stop error
	starts      int
	on          bool
	traced      func(f *fake) // what starting does to the fake
}

func (c *fakeTracer) StartTrace(context.Context) error {
	c.starts++
	if c.start != nil {
		return c.start
	}
	c.on = true
	if c.traced != nil {
		c.f.mu.Lock()
		c.traced(c.f)
		c.f.mu.Unlock()
	}
	return nil
}

func (c *fakeTracer) StopTrace(ctx context.Context) ([]runtimes.Site, error) {
	c.on = false
	if c.stop != nil {
		return nil, c.stop
	}
	return []runtimes.Site{{
		File: "/gems/rack/pool.rb", Line: 50, Caller: "/srv/app.rb:3 show", Owner: runtimes.OwnerLibrary,
		ObjectsPerRequest: siteRequests, BytesPerRequest: siteRequests * 4096,
	}}, ctx.Err()
}

// leaky is a fake whose /leak keeps 4 KiB for each request.
func leaky(t *testing.T) *fake {
	return newFake(t, func(f *fake, path string, _ int) int {
		if path == "/leak" {
			f.rss += 4096
			f.live += 4096
		}
		return 200
	})
}

func (f *fake) tracing(c *fakeTracer) Options {
	c.fakeCounter = fakeCounter{f}
	o := f.options()
	o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) { return c, nil }
	return o
}

func traced(paths ...string) *scenarios.Scenario {
	sc := scenario(scenarios.Count{N: 500}, paths...)
	sc.Sites = scenarios.SitesAuto
	return sc
}

func TestSites(t *testing.T) {
	f, c := leaky(t), &fakeTracer{}
	res := mustRun(t, f, traced("/leak", "/"), f.tracing(c))
	leak, clean := byName(t, res, "/leak"), byName(t, res, "/")
	if leak.Verdict != verdict.Leak || len(leak.Sites) != 0 || leak.SitesPass == nil {
		t.Fatalf("%s: %+v", leak.Verdict, leak.Sites) // the clean control leaves as much
	}
	if c.starts != 2 || c.on || clean.SitesPass != nil || clean.SitesNote != "" {
		t.Errorf("%d passes, on: %v; the clean URI: %+v %s", c.starts, c.on, clean.SitesPass, clean.SitesNote)
	}
	f, c = leaky(t), &fakeTracer{}
	res = mustRun(t, f, traced("/leak"), f.tracing(c))
	leak = byName(t, res, "/leak")
	if len(leak.Sites) != 1 || leak.Sites[0].Line != 50 || leak.Sites[0].BytesPerRequest != 4096 {
		t.Fatalf("%+v", leak.Sites)
	}
	if p := leak.SitesPass; p.Requests != siteRequests || p.PeakExtraRSS != siteRequests*4096 {
		t.Errorf("%+v", p)
	}
	if !strings.HasPrefix(leak.SitesNote, "This line explains 100 % of 4.0 KiB/request; the pass took 160 more requests") {
		t.Error(leak.SitesNote)
	}
}

// What goes wrong in the pass is a sentence: the verdict and the run stay as
// they are, and tracing is off.
func TestSitesGoWrong(t *testing.T) {
	gone := fault.Measuref("the agent of process 7 went away in the middle")
	for _, c := range []struct {
		name   string
		tracer fakeTracer
		limit  int64
		want   string
		starts int
	}{
		{"too old", fakeTracer{start: fault.Measuref("LoadError: objspace is not to be had")}, 0, "No lines named: LoadError", 1},
		{"dies in the pass", fakeTracer{stop: gone}, 0, "No lines named: the agent of process 7 went away in the middle", 1},
		{"no room", fakeTracer{}, 80 << 20, "No lines named: tracing may need 33.", 0},
		{"grows past the limit", fakeTracer{traced: func(f *fake) { f.rss += 1 << 30 }}, 512 << 20, "No lines named: the process reached the limit", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, tracer := leaky(t), c.tracer
			sc := traced("/leak")
			sc.Limits.RSS = c.limit
			res, err := run(t, f, sc, f.tracing(&tracer))
			u := byName(t, res, "/leak")
			if err != nil || !res.Complete || u.Verdict != verdict.Leak || len(u.Sites) != 0 {
				t.Errorf("%v, complete %v, %s, %+v", err, res.Complete, u.Verdict, u.Sites)
			}
			if !strings.HasPrefix(u.SitesNote, c.want) || tracer.on || tracer.starts != c.starts {
				t.Errorf("%q, on: %v, started %d times", u.SitesNote, tracer.on, tracer.starts)
			}
		})
	}
}

// An interrupt in the pass ends the run, and tracing with it.
func TestSitesInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f, c := leaky(t), &fakeTracer{traced: func(*fake) { cancel() }}
	plan, err := NewPlan(traced("/leak"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(ctx, plan, f, f.tracing(c))
	if !errors.Is(err, context.Canceled) || c.on || c.starts != 1 {
		t.Errorf("%v, on: %v", err, c.on)
	}
	if u := byName(t, res, "/leak"); u.Verdict != verdict.Leak {
		t.Errorf("the verdict became %s: %s", u.Verdict, u.Why)
	}
}

// A clean URI has no culprit, though it was forced through the pass.
func TestSitesForced(t *testing.T) {
	f, c := leaky(t), &fakeTracer{}
	o := f.tracing(c)
	o.SitesFor = []string{"/cl*"}
	u := byName(t, mustRun(t, f, traced("/clean", "/"), o), "/clean")
	if u.SitesPass == nil || len(u.Sites) != 0 || !strings.Contains(u.SitesNote, "it is stable, so none of its sites is a culprit") {
		t.Errorf("%+v: %s", u.Sites, u.SitesNote)
	}
}

type ruby struct{ *fake }

func (r ruby) Pin(context.Context) (Pinned, error) { return r, nil }
func (r ruby) Info() target.Info {
	info := r.fake.Info()
	info.Runtime = "ruby"
	return info
}

// Without an agent, the two lines that would name the line are pointed at.
func TestSitesWithoutAgent(t *testing.T) {
	f := leaky(t)
	plan, err := NewPlan(traced("/leak"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), plan, ruby{f}, f.counted())
	if err != nil {
		t.Fatal(err)
	}
	u := byName(t, res, "/leak")
	if u.Verdict != verdict.Leak || u.SitesPass != nil || !strings.Contains(u.SitesNote, "The agent (two lines: leakhunt agent ruby) would name the lines.") {
		t.Errorf("%s: %s", u.Verdict, u.SitesNote)
	}
}

// holding is a tracer that can say what holds the objects, and go wrong at it.
type holding struct {
	*fakeTracer
	begin, end error
	quiet      bool          // it needs no requests
	note       string        // instead of holders
	started    func(f *fake) // what starting does to the fake
	room       int64
	holds      int // times that StopHolders was called
}

func (c *holding) StartHolders(_ context.Context, room int64) (bool, error) {
	c.room = room
	if c.started != nil {
		c.f.mu.Lock()
		c.started(c.f)
		c.f.mu.Unlock()
	}
	return !c.quiet, c.begin
}

func (c *holding) StopHolders(_ context.Context, sites []runtimes.Site) ([]runtimes.Site, string, error) {
	c.holds++
	sites = slices.Clone(sites)
	if c.end == nil && c.note == "" {
		sites[0].RetainedBy = []string{"Pool (class)", "String"}
	}
	return sites, c.note, c.end
}

func (f *fake) holding(c *holding) Options {
	o := f.tracing(c.fakeTracer)
	o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) { return c, nil }
	return o
}

// What holds the objects is asked for only where the scenario does, and what
// goes wrong at it is a sentence: the verdict and the sites stay.
func TestHolders(t *testing.T) {
	gone := fault.Measuref("the agent of process 7 went away in the middle")
	for _, c := range []struct {
		name     string
		sites    string
		tracer   holding
		limit    int64
		held     string
		note     string
		requests int
		holds    int
	}{
		{"not asked for", scenarios.SitesAuto, holding{}, 0, "", "This line explains 100 %", 0, 0},
		{"asked for", scenarios.SitesRetainers, holding{}, 0, "Pool (class) String", "This line explains 100 %", holderRequests, 1},
		{"a file for the user", scenarios.SitesRetainers, holding{quiet: true, note: "see x.hprof"}, 0, "", "; see x.hprof; the pass took", 0, 1},
		{"no room", scenarios.SitesRetainers, holding{begin: fault.Measuref("too little room")}, 1 << 30, "", "; what holds them is not known: too little room; the pass", 0, 0},
		{"dies at it", scenarios.SitesRetainers, holding{end: gone}, 0, "", "; what holds them is not known: the agent of process 7 went away in the middle; the pass", holderRequests, 1},
		{
			"past the limit", scenarios.SitesRetainers,
			holding{started: func(f *fake) { f.rss = 2 << 30 }},
			1 << 30,
			"", "; what holds them is not known: the process reached the limit", 1, 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, tracer := leaky(t), c.tracer
			tracer.fakeTracer = &fakeTracer{}
			sc := traced("/leak")
			sc.Sites, sc.Limits.RSS = c.sites, c.limit
			u := byName(t, mustRun(t, f, sc, f.holding(&tracer)), "/leak")
			if u.Verdict != verdict.Leak || len(u.Sites) != 1 || u.Sites[0].RetainedBy == nil {
				t.Fatalf("%s, %+v", u.Verdict, u.Sites)
			}
			if got := strings.Join(u.Sites[0].RetainedBy, " "); got != c.held || !strings.Contains(u.SitesNote, c.note) {
				t.Errorf("held by %q, %s", got, u.SitesNote)
			}
			if n := u.SitesPass.Requests - siteRequests; n != c.requests || tracer.holds != c.holds {
				t.Errorf("%d requests, ended %d times", n, tracer.holds)
			}
			if c.limit > 0 && c.tracer.begin != nil && (tracer.room <= 0 || tracer.room > c.limit-64<<20) {
				t.Errorf("%d bytes of room", tracer.room)
			}
		})
	}
}

// A tracer that is read together with hooks can do all that it could alone.
func TestHoldersBesideHooks(t *testing.T) {
	f, c := leaky(t), &holding{fakeTracer: &fakeTracer{}}
	o := f.tracing(c.fakeTracer)
	o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) { return Join(fakeCounter{f}, c), nil }
	sc := traced("/leak")
	sc.Sites = scenarios.SitesRetainers
	if u := byName(t, mustRun(t, f, sc, o), "/leak"); len(u.Sites) != 1 || len(u.Sites[0].RetainedBy) != 2 {
		t.Errorf("%+v: %s", u.Sites, u.SitesNote)
	}
}
