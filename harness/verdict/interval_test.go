package verdict_test

import (
	"math"
	"testing"

	"leakhunt/harness/verdict"
)

// What is reported as possible agrees with the verdict: that of a server that
// merely creeps holds 0, and that behind whose slack a leak may hide holds its
// floor. Of a leak it is the confidence interval.
func TestInterval(t *testing.T) {
	creeps := series(8192, func(i float64) float64 { return 40*mib + 0.5*mib*math.Log(i) })
	j := verdict.Judge(creeps, 2048, verdict.Params{Slack: 8 * mib})
	low, high := j.Interval()
	if j.Label == verdict.Leak || j.Low <= 0 || j.Detectable <= j.High {
		t.Fatalf("the series shows nothing: %+v", j)
	}
	if low > 0 || high < j.Detectable {
		t.Errorf("%s: %.0f to %.0f, with a floor of %.0f", j.Label, low, high, j.Detectable)
	}
	leak := series(8192, func(i float64) float64 { return 40*mib + 4096*i })
	j = verdict.Judge(leak, 2048, verdict.Params{Slack: 8 * mib})
	if low, high = j.Interval(); j.Label != verdict.Leak || low != j.Low || high != j.High || low < 3500 || high > 4700 {
		t.Errorf("%s: %.0f to %.0f", j.Label, low, high)
	}
}

// The interval of a leak by a counter holds what it grows by in the end, also where its
// first blocks have filled a cache, and where one block freed what others had made.
func TestIntervalOfACounter(t *testing.T) {
	const keeps = 1024.0
	filled := []verdict.Edge{{}}
	value := 0.0
	for i := range 12 {
		rate := keeps
		if i < 8 {
			rate = 1.15 * keeps // a cache fills
		}
		value += rate * 400
		filled = append(filled, verdict.Edge{Requests: 400 * (i + 1), Value: value})
	}
	bytes := verdict.CounterParams{Unit: "bytes", Exact: true}
	if j := verdict.Counter(filled, bytes); j.Label != verdict.Leak || j.Low > keeps || j.High < keeps || j.Low <= 0 {
		t.Errorf("beside a cache: %s, %.0f to %.0f", j.Label, j.Low, j.High)
	}

	var objects, freed []verdict.Edge
	value = 0
	for i := range 12 {
		n := 250 * i
		objects = append(objects, verdict.Edge{Requests: n, Value: float64(n)})
		freed = append(freed, verdict.Edge{Requests: n, Value: value})
		value += keeps * 250
		if i%2 == 0 && 0 < i && i < 10 {
			value -= 1500 * 250 // a neighbour's cache goes
		}
	}
	j, _ := verdict.Fuse(verdict.Judgement{Label: verdict.Inconclusive}, []verdict.Evidence{
		{Name: "live objects", Unit: "objects", Exact: true, Judgement: verdict.Counter(objects, verdict.CounterParams{Unit: "objects", Exact: true})},
		{Name: "live bytes", Unit: "bytes", Exact: true, Judgement: verdict.Counter(freed, bytes)},
	})
	if j.Label != verdict.Leak || j.Low > keeps || j.High < keeps || j.Growth != keeps {
		t.Errorf("beside what was freed: %s, %.0f, %.0f to %.0f", j.Label, j.Growth, j.Low, j.High)
	}
}

// What is said to be no leak may not grow at all from now on: its interval holds 0.
func TestIntervalOfWhatEnded(t *testing.T) {
	edges := []verdict.Edge{{}}
	value := 0.0
	for i, rate := range []float64{4096, 420, 400, 380, 360, 300, 240, 220, 200} {
		value += rate * 400
		edges = append(edges, verdict.Edge{Requests: 400 * (i + 1), Value: value})
	}
	j := verdict.Counter(edges, verdict.CounterParams{Unit: "bytes", Exact: true})
	if low, high := j.Interval(); j.Label != verdict.Warmup || low > 0 || high <= 0 {
		t.Errorf("%s: %.0f to %.0f", j.Label, low, high)
	}
}

// A reading of the touched set is known to a page.
func TestIntervalOfTheTouchedSet(t *testing.T) {
	edges := []verdict.Edge{{}}
	for i := range 32 { // 1,024 B each, 60 between two readings
		n := 60 * (i + 1)
		edges = append(edges, verdict.Edge{Requests: n, Value: float64((n*1024 + 4095) / 4096 * 4096)})
	}
	for i := range edges {
		edges[i].Value += float64(i) * 4096 // and a page by accident each time
	}
	if j := verdict.Touched(edges, verdict.Params{}); j.Label != verdict.Leak || j.Low > 1024 || j.High < 1024 || j.Low <= 0 {
		t.Errorf("%s: %.1f to %.1f", j.Label, j.Low, j.High)
	}
}
