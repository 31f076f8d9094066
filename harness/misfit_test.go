package harness

import (
	"context"
	"strings"
	"testing"

	"leakhunt/harness/load"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// things is a probe of the application: value makes its reading of what /leak
// keeps.
type things struct {
	f     *fake
	reads int
	value func(reads int, live float64) float64
}

func (c *things) Name() string { return "probes" }
func (c *things) Columns() []runtimes.Column {
	return []runtimes.Column{{Name: "things", Unit: "objects"}}
}

func (c *things) Read(context.Context) ([]float64, error) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	c.reads++
	return []float64{c.value(c.reads, c.f.live/4096)}, nil
}
func (c *things) Close() error { return nil }

// A counter that counts down, or begins anew, is named, and no verdict is built
// on it: RSS convicts the leak all the same, and nobody else.
func TestCounterThatMisleads(t *testing.T) {
	for _, c := range []struct {
		name  string
		value func(reads int, live float64) float64
		code  string // of the warning, "" for none
	}{
		{"counts", func(_ int, live float64) float64 { return 1e6 + live }, ""},
		{"counts down", func(_ int, live float64) float64 { return 1e6 - live }, "counter-fell"},
		{"turns round", func(reads int, live float64) float64 {
			if reads > 9 {
				return 1e6 - live
			}
			return 1e6 + live
		}, "counter-fell"},
		{"stands still", func(int, float64) float64 { return 42 }, "counter-stuck"},
		{"counts down to 0", func(_ int, live float64) float64 { return max(0, 400-live) }, "counter-fell"},
		{"begins anew", func(reads int, live float64) float64 {
			if reads > 9 {
				return live
			}
			return 1e6 + live
		}, "counter-reset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, shop)
			o := f.options()
			o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) {
				return &things{f: f, value: c.value}, nil
			}
			r := mustRun(t, f, scenario(auto, "/", "/leak"), o)
			for _, u := range r.URIs {
				if leak := u.Verdict == verdict.Leak; leak != (u.Name == "/leak") {
					t.Errorf("%s is %s by %v: %s", u.Name, u.Verdict, u.Evidence, u.Why)
				}
				for _, p := range u.Probes {
					if p.Growth > 2 || p.Low >= p.High {
						t.Errorf("%s: %+v", u.Name, p)
					}
				}
			}
			var codes []string
			for _, w := range r.Warnings {
				codes = append(codes, w.Code)
				if !strings.HasPrefix(w.Message, "things ") {
					t.Errorf("%s: %s", w.Code, w.Message)
				}
			}
			if got := strings.Join(codes, " "); got != c.code {
				t.Errorf("warnings %q, want %q", got, c.code)
			}
		})
	}
}

// What was read too seldom to be judged has no growth, not a growth of 0.
func TestCounterReadTooSeldom(t *testing.T) {
	f := newFake(t, shop)
	sc := scenario(scenarios.Count{N: 100}, "/leak")
	sc.Rounds = 2
	r := mustRun(t, f, sc, f.counted())
	if u := r.URIs[0]; u.Verdict != verdict.Inconclusive || len(u.Probes) != 0 || u.Probes == nil {
		t.Errorf("%s with %+v", u.Verdict, u.Probes)
	}
}
