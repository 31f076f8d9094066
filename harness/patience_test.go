package harness

import (
	"context"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// stuck answers some readings, then none: like an agent in a process that is
// stopped, or a hook that waits for a lock.
type stuck struct {
	fakeCounter
	answers int
}

func (c *stuck) Read(ctx context.Context) ([]float64, error) {
	if c.answers--; c.answers < 0 {
		<-ctx.Done()
		return nil, fault.Measuref("the agent does not answer").Because(ctx.Err()).WithHint("Wake it up.")
	}
	return c.fakeCounter.Read(ctx)
}

func (f *fake) stuck(answers int) Options {
	o := f.options()
	o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) {
		return &stuck{fakeCounter{f}, answers}, nil
	}
	return o
}

// A counter that never answers ends the run, with its own next step, and is no
// user's interrupt. The process is there: it is not said to be lost.
func TestCounterThatHangs(t *testing.T) {
	f := newFake(t, shop)
	o := f.stuck(6)
	o.Patience = 20 * time.Millisecond
	r, err := run(t, f, scenario(auto, "/", "/leak"), o)
	if fault.KindOf(err) != fault.Measure || fault.HintOf(err) != "Wake it up." {
		t.Fatalf("error %v (%s)", err, fault.HintOf(err))
	}
	for _, want := range []string{"measuring ended after ", "no answer within 20ms", "the agent does not answer"} {
		if !strings.Contains(r.Incomplete, want) {
			t.Errorf("%q is not in %q", want, r.Incomplete)
		}
	}
	if r.Complete || strings.Contains(r.Incomplete, "lost") || r.Summary.Leak+r.Summary.Bloat > 0 {
		t.Errorf("complete %v, %q, %+v", r.Complete, r.Incomplete, r.Summary)
	}
	if u := byName(t, r, "/leak"); u.Verdict != verdict.Inconclusive {
		t.Errorf("/leak is %s: %s", u.Verdict, u.Why)
	}
}

// The limit of time holds for a counter, too, also while it is opened.
func TestCounterThatHangsOverTheLimit(t *testing.T) {
	opened := func(ctx context.Context, _ Pinned, _ *load.Client) (Counter, error) {
		<-ctx.Done()
		return nil, fault.Measuref("the agent does not answer").Because(ctx.Err())
	}
	for _, open := range []func(context.Context, Pinned, *load.Client) (Counter, error){nil, opened} {
		f := newFake(t, shop)
		sc := scenario(auto, "/")
		sc.Limits.Time = 2 * time.Second // the warm-up takes a fiftieth of that
		o := f.stuck(0)
		if open != nil {
			o.OpenCounter = open
		}
		r, err := run(t, f, sc, o)
		if err != nil || r.Complete || !strings.Contains(r.Incomplete, "limits.time") {
			t.Errorf("%v, complete %v, %q", err, r.Complete, r.Incomplete)
		}
		if len(r.Warnings) != 1 || r.Warnings[0].Code != "no-answer" || !strings.Contains(r.Warnings[0].Message, "the agent does not answer") {
			t.Errorf("warnings %+v", r.Warnings)
		}
	}
	f := newFake(t, shop)
	o := f.options()
	o.Patience = 20 * time.Millisecond
	o.OpenCounter = func(ctx context.Context, _ Pinned, _ *load.Client) (Counter, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if _, err := run(t, f, scenario(auto, "/"), o); fault.KindOf(err) != fault.Measure || fault.HintOf(err) == "" {
		t.Errorf("error %v (%s)", err, fault.HintOf(err))
	}
}

// Where the runtime's own counter should be there and is not, RSS judges, and
// the result says so.
func TestWithoutItsCounter(t *testing.T) {
	f := newFake(t, shop)
	o := f.options()
	o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) {
		return nil, &Without{fault.Measuref("process 7 has no agent").WithHint("Load it.")}
	}
	r := mustRun(t, f, scenario(auto, "/", "/leak"), o)
	if len(r.Warnings) != 1 || r.Warnings[0].Code != "no-counter" || !strings.Contains(r.Warnings[0].Message, "process 7 has no agent. Load it.") {
		t.Errorf("warnings %+v", r.Warnings)
	}
	if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak || u.Evidence[0] != "rss" {
		t.Errorf("/leak is %s by %v", u.Verdict, u.Evidence)
	}
}

// A page that is probed may want the login.
func TestCounterAfterLogin(t *testing.T) {
	f := newFake(t, shop)
	sc := scenario(scenarios.Count{N: 10}, "/")
	sc.Before = []scenarios.Step{{Request: scenarios.Request{Method: "GET", URI: "/login"}}}
	o := f.counted()
	open := o.OpenCounter
	o.OpenCounter = func(ctx context.Context, p Pinned, c *load.Client) (Counter, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if n := f.seen["/login"]; n != 1 {
			t.Errorf("%d logins before the counter", n)
		}
		return open(ctx, p, c)
	}
	mustRun(t, f, sc, o)
}

// dying answers some readings and then loses its connection, a moment before
// the process is seen to be gone.
type dying struct {
	fakeCounter
	answers int
}

func (c *dying) Read(ctx context.Context) ([]float64, error) {
	if c.answers--; c.answers >= 0 {
		return c.fakeCounter.Read(ctx)
	}
	time.AfterFunc(10*time.Millisecond, func() {
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		c.f.gone = fault.Measuref("the pinned process has ended")
	})
	return nil, fault.Measuref("the agent went away in the middle") // without a next step of its own
}

// A counter that goes away with its process is no broken counter.
func TestCounterGoesWithItsProcess(t *testing.T) {
	f := newFake(t, shop)
	o := f.options()
	o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) {
		return &dying{fakeCounter{f}, 6}, nil
	}
	r, err := run(t, f, scenario(auto, "/", "/leak"), o)
	if err == nil || !strings.Contains(r.Incomplete, "the process was lost after ") || !strings.Contains(r.Incomplete, "has ended") {
		t.Errorf("%v, %q", err, r.Incomplete)
	}
	if r.EndedBy != EndedByFault {
		t.Errorf("ended by %q", r.EndedBy)
	}
	if fault.HintOf(err) == "" {
		t.Errorf("%v: no next step", err)
	}
}
