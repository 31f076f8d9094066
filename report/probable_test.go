package report

import (
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// climbing is a run whose first URI rose by f of the share of its requests, in bytes,
// and is inconclusive.
func climbing(f func(share float64) float64) *result.Result {
	r := sample()
	r.URIs = []result.URI{r.URIs[3], r.URIs[6]}
	u := &r.URIs[0]
	u.GrowthLow, u.Growth, u.GrowthHigh, u.Series = 15<<10, 18<<10, 21<<10, nil
	for i := range 41 {
		u.Series = append(u.Series, result.Point{Requests: i * 51, RSS: 26<<20 + int64(f(float64(i)/40)), Anon: 1 << 20, Round: 1})
	}
	return r
}

func TestProbableLeak(t *testing.T) {
	const rise = 38 << 20
	straightUp := func(share float64) float64 { return rise * share }
	step := func(share float64) float64 {
		if share < 0.5 {
			return 0
		}
		return rise
	}
	for name, c := range map[string]struct {
		rises  func(share float64) float64
		change func(r *result.Result)
		want   bool
	}{
		"a straight line":       {straightUp, func(*result.Result) {}, true},
		"too little":            {func(share float64) float64 { return 4 << 20 * share }, func(*result.Result) {}, false},
		"it dies away":          {func(share float64) float64 { return rise * (1 - (1-share)*(1-share)*(1-share)) }, func(*result.Result) {}, false},
		"one step":              {step, func(*result.Result) {}, false},
		"it may be none":        {straightUp, func(r *result.Result) { r.URIs[0].GrowthLow = -1 }, false},
		"garbage of a JVM":      {straightUp, func(r *result.Result) { r.Target.Runtime = "java" }, false},
		"what is judged stands": {straightUp, func(r *result.Result) { r.Scenario.Metric = "anon" }, false},
		"a stable one": {straightUp, func(r *result.Result) {
			r.URIs[0].Verdict, r.URIs[1].Verdict = verdict.Stable, verdict.Inconclusive
		}, false},
	} {
		r := climbing(c.rises)
		c.change(r)
		got := advice(r, Options{})
		if strings.Contains(got, "probably leaks") != c.want || strings.Contains(got, "No leak is proven") == c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The headline says how sure it is and what settles it, the cheapest first.
func TestProbableLeakSettled(t *testing.T) {
	for want, change := range map[string]func(u *result.URI){
		"/cart probably leaks: RSS grew by 38.0 MiB in a straight line, 18.0 KiB with every request. " +
			"The line explains 99 % of what was read, and its 95 % interval is 15.0 … 21.0 KiB. Not proven: garbage can grow so too. " +
			"To settle it: the agent (two lines: leakhunt agent ruby).": func(*result.URI) {},
		"/cart probably leaks: RSS grew by 38.0 MiB in a straight line, 18.0 KiB with every request. " +
			"The line explains 99 % of what was read, and its 95 % interval is 15.0 … 21.0 KiB. Not proven: what ends later would look the same. " +
			"To settle it: up to 2,400 more requests to each (-n 4448).": func(u *result.URI) {
			u.Better, u.Probes = "", []result.Probe{{Name: "live objects"}}
		},
	} {
		r := climbing(func(share float64) float64 { return 38 << 20 * share })
		change(&r.URIs[0])
		if got := advice(r, Options{}); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if out := string(render(t, "html", r, Options{})); !strings.Contains(out, "probably leaks") {
			t.Error("html has another headline")
		}
	}
}
