package reduce_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/reduce"
	"leakhunt/harness/session/sessiontest"
	"leakhunt/scenarios"
)

// flowOf is a flow of those paths on p.
func flowOf(t *testing.T, p *sessiontest.Process, paths ...string) *reduce.Flow {
	t.Helper()
	sc := p.Config(t, paths...).Scenario
	plan, err := harness.NewPlan(sc)
	if err != nil {
		t.Fatal(err)
	}
	return &reduce.Flow{Plan: plan, Parts: paths}
}

func minimal(t *testing.T, p *sessiontest.Process, flow *reduce.Flow, counted bool) (*reduce.Minimal, error) {
	t.Helper()
	opt := harness.Options{OpenMeter: p.OpenMeter}
	if counted {
		opt.OpenCounter = p.OpenCounter
	}
	return reduce.Minimize(context.Background(), flow, p, opt, func(reduce.Reduction) {})
}

// visit is a shop: what is in the cart when a visitor logs out stays for ever.
type visit struct {
	in, cart bool
	bytes    float64
}

func (v *visit) route(p *sessiontest.Process, path string, _ int) int {
	switch {
	case path == "/login":
		v.in, v.cart = true, false
	case path == "/cart":
		v.cart = v.in
	case path == "/logout":
		if v.in && v.cart {
			p.Keep(v.bytes)
		}
		v.in, v.cart = false, false
	case strings.HasPrefix(path, "/page"):
		p.RSS += float64(len(path) % 3) // what a page leaves behind, hardly
	}
	return 200
}

// shopFlow is a flow of n steps in a random order, in which three leak together.
func shopFlow(n int, seed uint64) (paths, want []string) {
	for i := range n {
		paths = append(paths, "/page/"+strings.Repeat("x", i))
	}
	want = []string{"/login", "/cart", "/logout"}
	at := rand.New(rand.NewPCG(seed, 1)).Perm(n)[:len(want)]
	slices.Sort(at)
	for i, a := range at {
		paths[a] = want[i]
	}
	return paths, want
}

func TestMinimizeFlow(t *testing.T) {
	for _, counted := range []bool{true, false} {
		for seed := range uint64(2) {
			paths, want := shopFlow(20, seed)
			v := &visit{bytes: 300}
			if !counted {
				v.bytes = 64 << 10
			}
			p := sessiontest.InMemory(t, v.route)
			res, err := minimal(t, p, flowOf(t, p, paths...), counted)
			if err != nil {
				t.Fatalf("seed %d, counted %v: %v", seed, counted, err)
			}
			if !slices.Equal(res.Minimal, want) || !res.Complete {
				t.Errorf("seed %d, counted %v: %+v, want %v", seed, counted, res, want)
			}
			if d := res.Round - v.bytes; d < -200 || d > 200 {
				t.Errorf("seed %d: it grows by %.0f bytes a round, want %.0f", seed, res.Round, v.bytes)
			}
			t.Logf("counted %v: %d tests of %d rounds, %d requests", counted, res.Tests, res.Rounds, res.Requests)
		}
	}
}

// TestMinimizeParts is a request that leaks with one of its headers.
func TestMinimizeParts(t *testing.T) {
	for _, c := range []struct{ leak, want string }{{"/ab", "a b"}, {"/", ""}, {"/c", "c"}} {
		p := sessiontest.InMemory(t, func(p *sessiontest.Process, path string, _ int) int {
			for _, part := range c.leak[1:] {
				if !strings.ContainsRune(path, part) {
					return 200
				}
			}
			p.Keep(500)
			return 200
		})
		flow := flowOf(t, p, "/abcdef")
		flow.Parts = strings.Split("abcdef", "")
		flow.Part = func(keep []int) (*load.Template, error) {
			path := "/"
			for _, k := range keep {
				path += flow.Parts[k]
			}
			return load.Compile(load.Spec{URI: path})
		}
		res, err := minimal(t, p, flow, true)
		if err != nil || strings.Join(res.Minimal, " ") != c.want {
			t.Errorf("%s leaks: %+v, %v", c.leak, res, err)
		}
	}
}

func TestMinimizeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		route sessiontest.Route
		want  string
	}{
		"nothing": {func(*sessiontest.Process, string, int) int { return 200 }, "nothing leaks: the whole, sent 960 times, does not grow the process"},
		"full cache": {func(p *sessiontest.Process, _ string, n int) int {
			if n <= 100 {
				p.Keep(64 << 10)
			}
			return 200
		}, "its leak does not repeat: later rounds add nothing"},
		"later": {func(p *sessiontest.Process, path string, n int) int {
			if path == "/c" && n <= 400 {
				p.Keep(1 << 10)
			}
			return 200
		}, "the leak does not repeat: the whole grew by 1.0 KiB a round at first, and by 0 B after"},
		"failing": {func(_ *sessiontest.Process, path string, _ int) int {
			if path == "/b" {
				return 500
			}
			return 200
		}, "no answer is as expected to /b: status 500"},
		"death": {func(p *sessiontest.Process, path string, n int) int {
			if path == "/c" && n > 300 {
				p.Die()
			}
			if path == "/c" {
				p.Keep(1 << 10)
			}
			return 200
		}, "pid 7 has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sessiontest.InMemory(t, c.route)
			res, err := minimal(t, p, flowOf(t, p, "/a", "/b", "/c"), true)
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Measure {
				t.Errorf("%+v, %v; want %q", res, err, c.want)
			}
			if res != nil && (res.Complete || res.Why == "") {
				t.Errorf("%+v is no result of a search that ended early", res)
			}
		})
	}
}

// TestMinimizeRestarts loses the process in the middle of the search.
func TestMinimizeRestarts(t *testing.T) {
	v := &visit{bytes: 2 << 10}
	died := false
	p := sessiontest.InMemory(t, func(p *sessiontest.Process, path string, n int) int {
		if n == 300 && !died {
			died = true
			p.Die()
		}
		return v.route(p, path, n)
	})
	p.Restartable = true
	paths, want := shopFlow(8, 3)
	res, err := minimal(t, p, flowOf(t, p, paths...), true)
	if err != nil || !slices.Equal(res.Minimal, want) {
		t.Fatalf("%+v, %v; want %v", res, err, want)
	}
	if p.Lives != 1 {
		t.Errorf("%d processes were started, want 1", p.Lives)
	}
}

// TestMinimizeLimit ends at a limit with what is known.
func TestMinimizeLimit(t *testing.T) {
	v := &visit{bytes: 64 << 10}
	p := sessiontest.InMemory(t, v.route)
	paths, _ := shopFlow(20, 1)
	flow := flowOf(t, p, paths...)
	flow.Plan.Scenario.Limits = scenarios.Limits{RSS: sessiontest.Fresh + 30<<20}
	res, err := minimal(t, p, flow, true)
	if err == nil || res == nil || res.Complete || len(res.Minimal) >= 20 || !strings.Contains(res.Why, "limits.rss") {
		t.Errorf("%+v, %v", res, err)
	}
}
