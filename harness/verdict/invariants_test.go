package verdict_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/verdict"
)

// wild is a series of n readings of a process that leaks a little or much, and
// breathes, creeps, wanders and takes a step, or not.
func wild(r *rand.Rand, n int) []float64 {
	slope, saw, period := 4000*r.Float64()*r.Float64(), 4*mib*r.Float64()*r.Float64(), 100+r.IntN(4000)
	noise, walk := 2*mib*math.Pow(r.Float64(), 3), 3e4*r.Float64()*float64(r.IntN(2))
	step, at, creep := 60*mib*r.Float64()*float64(r.IntN(2)), r.IntN(n), 3*mib*r.Float64()*float64(r.IntN(2))
	walked := 0.0
	return series(n, func(i float64) float64 {
		walked += walk * r.NormFloat64()
		v := 60*mib + slope*i + saw*math.Mod(i, float64(period))/float64(period) + noise*r.Float64() + walked + creep*math.Log(i+1)
		if i > float64(at) {
			v += step
		}
		return math.Max(4096, math.Ceil(v/4096)*4096)
	})
}

// Whatever the series: the label, the interval, the floor and what would settle
// it agree with each other.
func TestInvariants(t *testing.T) {
	lengths := []int{130, 600, 1100, 2048, 2500, 3072, 4096, 8192, 16384, 20000, 32768}
	labels := map[verdict.Label]int{}
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := lengths[r.IntN(len(lengths))]
		p := verdict.Params{Slack: 50 * mib * r.Float64() * float64(r.IntN(2)), BurnIn: 1000, Rise: 10 * mib * r.Float64()}
		mem := wild(r, n)
		for name, j := range map[string]verdict.Judgement{
			"fixed": verdict.Fixed(mem, p), "recorded": verdict.Recorded(mem, p), "confirm": verdict.Confirm(mem, 1000, 512, p),
		} {
			check(t, j, n)
			labels[j.Label]++
			low, high := j.Interval()
			harmless := j.Label == verdict.Stable || j.Label == verdict.Bloat || j.Label == verdict.Warmup
			switch {
			case j.Label == verdict.Leak && low <= 0:
				t.Errorf("%s %d: a leak of %.0f to %.0f B", name, seed, low, high)
			case j.Label != verdict.Leak && (high < j.Detectable || low > j.Growth):
				t.Errorf("%s %d: %s of %.0f to %.0f B, floor %.0f B", name, seed, j.Label, low, high, j.Detectable)
			case harmless && j.Detectable > 16*512:
				t.Errorf("%s %d: %s with a floor of %.0f B", name, seed, j.Label, j.Detectable)
			}
		}
	}
	for _, l := range []verdict.Label{verdict.Leak, verdict.Stable, verdict.Bloat, verdict.Warmup, verdict.Inconclusive} {
		if labels[l] < 50 {
			t.Errorf("%d of %s: too few to show anything", labels[l], l)
		}
	}
}

// A step hides a leak as long as it weighs in the floor, and the reason says so:
// it is no memory that is free.
func TestStepInTheFloor(t *testing.T) {
	level := func(base float64) func(float64) float64 {
		return func(i float64) float64 { return base + 4096*math.Mod(i, 3) }
	}
	mem := append(series(1500, level(60*mib)), series(548, level(90*mib))...)
	for slack, want := range map[float64]string{
		0:        "its step of 30.0 MiB could hide",
		4 * mib:  "its step of 30.0 MiB could hide",
		50 * mib: "its step of 30.0 MiB and 50.0 MiB that may be free inside the process could hide",
	} {
		j := verdict.Fixed(mem, verdict.Params{Slack: slack})
		if j.Label != verdict.Inconclusive || !strings.Contains(j.Reason, want) {
			t.Fatalf("%+v", j)
		}
		long := slices.Concat(mem, series(j.More, level(90*mib)))
		if k := verdict.Fixed(long, verdict.Params{Slack: slack}); k.Label == verdict.Inconclusive {
			t.Errorf("%d more requests settle nothing: %+v", j.More, k)
		}
	}
}

// Nor is a counter's growth a leak while all of it may be what a clean URI keeps
// by accident, where more requests may still be sent.
func TestCounterInvariants(t *testing.T) {
	labels := map[verdict.Label]int{}
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 4))
		rate, creep, noise := 100*r.Float64(), 1e5*r.Float64()*float64(r.IntN(2)), 8e3*r.Float64()
		e := make([]verdict.Edge, 6+r.IntN(12))
		for i := range e {
			n := float64(i * 250)
			e[i] = verdict.Edge{Requests: i * 250, Value: 50*mib + rate*n + creep*math.Log(n+1000) + noise*r.Float64()}
		}
		j := verdict.Counter(e, verdict.CounterParams{Unit: "bytes", Exact: true})
		check(t, j, e[len(e)-1].Requests)
		labels[j.Label]++
		if j.Label == verdict.Leak && j.Low <= 0 {
			t.Errorf("%d: a leak of %.1f to %.1f B", seed, j.Low, j.High)
		}
	}
	if labels[verdict.Leak] < 100 || labels[verdict.Inconclusive] < 100 {
		t.Errorf("too few to show anything: %v", labels)
	}
}
