package verdict_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/calibration/simulate"
	"leakhunt/harness/verdict"
)

const mib = 1 << 20

// series is n readings of f, which is given the request from 1 on.
func series(n int, f func(i float64) float64) []float64 {
	mem := make([]float64, n)
	for i := range mem {
		mem[i] = math.Round(f(float64(i+1))/4096) * 4096
	}
	return mem
}

// saw is a garbage collector's saw-tooth of 1 MiB over 37 requests.
func saw(i float64) float64 { return mib * math.Mod(i, 37) / 37 }

func TestRecorded(t *testing.T) {
	for _, c := range []struct {
		name   string
		mem    []float64
		want   verdict.Label
		reason string
	}{
		{"constant", series(4096, func(float64) float64 { return 20 * mib }), verdict.Stable, "no growth above"},
		{"saw-tooth", series(6144, func(i float64) float64 { return 20*mib + saw(i) }), verdict.Stable, "no growth above"},
		{"leak", series(4096, func(i float64) float64 { return 20*mib + 4096*i + saw(i) }), verdict.Leak, "had not slowed (or a cache of more than"},
		{"small leak", series(4096, func(i float64) float64 { return 20*mib + 1024*i }), verdict.Leak, "grew 1.0 KiB per request"},
		{"staircase leak", series(8192, func(i float64) float64 { return 20*mib + 2*mib*math.Floor(i/512) }), verdict.Leak, "had not slowed"},
		{"step", series(4096, func(i float64) float64 {
			if i > 700 {
				return 28 * mib
			}
			return 20 * mib
		}), verdict.Bloat, "one step of 8.0 MiB at request 701, flat since"},
		{"warm-up", series(8192, func(i float64) float64 { return 20*mib - 8*mib*math.Exp(-i/600) }), verdict.Warmup, "it dies away"},
		{"cache of 1,500", series(6144, func(i float64) float64 { return 20*mib + 4096*math.Min(i, 1500) }), verdict.Warmup, "it dies away"},
		{"leak that ended", series(16384, func(i float64) float64 { return 20*mib + 2048*math.Min(i, 6000) }), verdict.Warmup, "it dies away"},
		{"slow warm-up", series(4096, func(i float64) float64 { return 40*mib - 20*mib*math.Exp(-i/1500) }), verdict.Inconclusive, "takes longer to tell"},
		{"falling", series(4096, func(i float64) float64 { return 90*mib - 4096*i }), verdict.Inconclusive, "memory fell by 4.0 KiB per request"},
		{"below what is looked for", series(8192, func(i float64) float64 { return 20*mib + 64*i }), verdict.Stable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := verdict.Recorded(c.mem, verdict.Params{})
			if j.Label != c.want || !strings.Contains(j.Reason, c.reason) {
				t.Errorf("%s (%s), want %s (… %s …)", j.Label, j.Reason, c.want, c.reason)
			}
			check(t, j, len(c.mem))
		})
	}
}

// check is what holds for every Judgement.
func check(t *testing.T, j verdict.Judgement, n int) {
	t.Helper()
	for name, v := range map[string]float64{"growth": j.Growth, "low": j.Low, "high": j.High, "detectable": j.Detectable} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("%s is %v", name, v)
		}
	}
	if j.Low > j.Growth || j.Growth > j.High {
		t.Errorf("growth %v is not within %v…%v", j.Growth, j.Low, j.High)
	}
	if j.Reason == "" || j.Requests < 0 || j.Requests > n || j.More < 0 || j.Detectable < 0 {
		t.Errorf("got %+v of %d requests", j, n)
	}
	settled := j.Label == verdict.Stable || j.Label == verdict.Bloat || j.Label == verdict.Warmup
	if settled && j.Detectable <= 0 {
		t.Errorf("%s without a floor", j.Label)
	}
	if j.Label == verdict.Inconclusive && j.Low < j.High && j.More == 0 && !strings.Contains(j.Reason, "the counter fell") {
		t.Errorf("nothing would settle it: %+v", j)
	}
	if j.Label != verdict.Inconclusive && j.More != 0 {
		t.Errorf("%s asks for %d more requests", j.Label, j.More)
	}
}

// The floor holds the slack, and what it cannot hold is inconclusive.
func TestSlack(t *testing.T) {
	flat := series(4096, func(float64) float64 { return 200 * mib })
	little := verdict.Recorded(flat, verdict.Params{Slack: 4 * mib})
	if little.Label != verdict.Stable || little.Detectable < 1024 {
		t.Errorf("4 MiB of slack over 4,096 requests: %+v", little)
	}
	much := verdict.Recorded(flat, verdict.Params{Slack: 150 * mib})
	if much.Label != verdict.Inconclusive || !strings.Contains(much.Reason, "150.0 MiB") || much.More == 0 {
		t.Errorf("150 MiB of slack: %+v", much)
	}
	// A whole recording knows its slack: what it rose by before.
	whole := append(series(2049, func(i float64) float64 { return 50*mib + 150*mib*(i-1)/2048 }), flat...)
	if j := verdict.Judge(whole, 2048, verdict.Params{}); j.Label != verdict.Inconclusive || j.Requests != 4096 {
		t.Errorf("a JVM's heap: %+v", j)
	}
}

// What a process rose by while warming up bounds how fast it may still creep.
func TestCreep(t *testing.T) {
	creeping := func(i float64) float64 { return 50*mib + 20*mib*math.Log(i) }
	if j := verdict.Judge(series(6144, creeping), 2048, verdict.Params{}); j.Label == verdict.Leak {
		t.Errorf("logarithmic creep: %+v", j)
	}
	leaking := func(i float64) float64 { return creeping(i) + 12*1024*i }
	if j := verdict.Judge(series(8192, leaking), 2048, verdict.Params{}); j.Label != verdict.Leak {
		t.Errorf("creep and a leak: %+v", j)
	}
}

func TestLateSequence(t *testing.T) {
	l := verdict.NewLate(verdict.Params{})
	if l.Next() != 128 || l.Suspect() {
		t.Fatalf("at first: next %d, suspect %v", l.Next(), l.Suspect())
	}
	mem := series(4096, func(i float64) float64 { return 20*mib + 4096*i })
	if j, done := l.Look(mem[:100]); done || j.Label != verdict.Inconclusive || l.Next() != 128 {
		t.Errorf("an early look: %+v, %v, next %d", j, done, l.Next())
	}
	if j, done := l.Look(mem[:128]); done || j.Label != verdict.Inconclusive || !l.Suspect() || j.More != 2048-128 {
		t.Errorf("the first look: %+v, done %v, suspect %v", j, done, l.Suspect())
	}
	if slope, n := l.Suspicion(); n != 128 || math.Abs(slope-4096) > 500 {
		t.Errorf("suspicion of %v from %d", slope, n)
	}
	for l.Next() < 2048 {
		if j, done := l.Look(mem[:l.Next()]); done {
			t.Fatalf("done at %d: %+v", j.Requests, j)
		}
	}
	if j, done := l.Look(mem[:l.Next()]); !done || j.Label != verdict.Leak || j.Requests != 2048 {
		t.Errorf("the confirmation: %+v, %v", j, done)
	}
}

// Growth that nobody suspected early is convicted after 3,072 requests where its
// interval is narrow, and after 4,096 where it is not.
func TestLateUnsuspected(t *testing.T) {
	for _, c := range []struct {
		world simulate.World
		seed  uint64
		want  int
	}{{simulate.Quiet, 1, 3072}, {simulate.Noisy, 2, 4096}} {
		p := simulate.New(c.seed, c.world, simulate.Flat, simulate.Leak{Bytes: 4096}, 6144)
		mem := slices.Concat(slices.Repeat(p.RSS[:1], 700), p.RSS) // it begins late
		l := verdict.NewLate(verdict.Params{})
		var j verdict.Judgement
		for done := false; !done && l.Next() <= 4096; {
			j, done = l.Look(mem[:l.Next()])
		}
		if j.Label != verdict.Leak || j.Requests != c.want {
			t.Errorf("%s %d: %s after %d requests, want a leak after %d: %s", c.world, c.seed, j.Label, j.Requests, c.want, j.Reason)
		}
	}
}

// Growth that was suspected and ended is cleared, not convicted.
func TestLateClears(t *testing.T) {
	l := verdict.NewLate(verdict.Params{})
	mem := series(16384, func(i float64) float64 { return 20*mib + 8192*math.Min(i, 500) })
	suspected := false
	for {
		j, done := l.Look(mem[:l.Next()])
		suspected = suspected || l.Suspect()
		if done {
			if !suspected || j.Label == verdict.Leak || j.Label == verdict.Inconclusive || l.Suspect() {
				t.Errorf("suspected %v, then %+v", suspected, j)
			}
			return
		}
	}
}

// The look between 2,048 and 4,096 is there to convict: it calls nobody stable.
func TestLateClearsNobodyBetween(t *testing.T) {
	l := verdict.NewLate(verdict.Params{})
	mem := series(4096, func(i float64) float64 { return 20*mib + 8192*math.Min(i, 1500) })
	for {
		n := l.Next()
		if j, done := l.Look(mem[:n]); done {
			if n != 4096 || j.Label != verdict.Warmup {
				t.Errorf("%s after %d requests", j.Label, n)
			}
			return
		}
	}
}

func TestConfirm(t *testing.T) {
	p := verdict.Params{}
	leak := series(4096, func(i float64) float64 { return 20*mib + 2048*i })
	if j := verdict.Confirm(leak, 2048, 512, p); j.Label != verdict.Leak {
		t.Errorf("a leak: %+v", j)
	}
	if j := verdict.Confirm(leak, 6000, 512, p); j.Label == verdict.Leak {
		t.Errorf("a third of the suspicion: %+v", j)
	}
	gone := series(8192, func(i float64) float64 { return 20*mib + 4096*math.Min(i, 300) })
	if j := verdict.Confirm(gone, 4096, 512, p); j.Label == verdict.Leak || j.Label == verdict.Inconclusive {
		t.Errorf("carry-over: %+v", j)
	}
}

// The last look is at MaxRequests, whatever that is.
func TestLateEnds(t *testing.T) {
	noisy := simulate.New(5, simulate.Noisy, simulate.Creep, simulate.Leak{Bytes: 700}, 3000)
	l := verdict.NewLate(verdict.Params{MaxRequests: 3000})
	for looks := 0; ; looks++ {
		n := l.Next()
		if n > 3000 || looks > 10 {
			t.Fatalf("look %d is at %d of 3,000", looks, n)
		}
		if j, done := l.Look(noisy.RSS[1 : n+1]); done {
			if j.Requests > 3000 {
				t.Errorf("got %+v", j)
			}
			return
		}
	}
}

// A series of fixed length is never called stable early, nor a leak.
func TestFixedShort(t *testing.T) {
	for _, n := range []int{2, 31, 32, 100, 127, 128, 500, 1023} {
		for name, f := range map[string]func(i float64) float64{
			"flat": func(float64) float64 { return 20 * mib },
			"leak": func(i float64) float64 { return 20*mib + 4096*i },
		} {
			j := verdict.Fixed(series(n, f), verdict.Params{})
			if j.Label != verdict.Inconclusive || j.More == 0 {
				t.Errorf("%s of %d: %+v", name, n, j)
			}
			check(t, j, n)
		}
	}
}

func TestUnusable(t *testing.T) {
	good := series(4096, func(float64) float64 { return 20 * mib })
	for name, v := range map[string]float64{"NaN": math.NaN(), "Inf": math.Inf(1), "0": 0, "negative": -1, "huge": 1e300} {
		mem := append([]float64(nil), good...)
		mem[4000] = v
		for _, j := range []verdict.Judgement{
			verdict.Recorded(mem, verdict.Params{}), verdict.Fixed(mem, verdict.Params{}),
			verdict.Confirm(mem, 1, 1, verdict.Params{}), verdict.Judge(mem, 10, verdict.Params{}),
		} {
			if j.Label != verdict.Inconclusive || !strings.Contains(j.Reason, "reading 4,001") {
				t.Errorf("%s: %+v", name, j)
			}
		}
	}
	if j := verdict.Recorded(nil, verdict.Params{}); j.Label != verdict.Inconclusive {
		t.Errorf("no reading: %+v", j)
	}
	if j := verdict.Judge(good, 5000, verdict.Params{}); j.Label != verdict.Inconclusive || j.More == 0 {
		t.Errorf("burn-in longer than the series: %+v", j)
	}
}

// Two values, far apart: a floor cannot be finer than their distance.
func TestTwoValues(t *testing.T) {
	mem := series(4096, func(i float64) float64 { return 64*mib + 32*mib*math.Mod(math.Floor(i/100), 2) })
	j := verdict.Recorded(mem, verdict.Params{})
	if j.Label != verdict.Inconclusive && j.Detectable < 32*mib/4096 {
		t.Errorf("got %+v", j)
	}
}

func BenchmarkRecorded16384(b *testing.B) {
	p := simulate.New(1, simulate.Mid, simulate.Flat, simulate.Leak{}, 16384)
	b.ReportAllocs()
	for b.Loop() {
		verdict.Recorded(p.RSS[1:], verdict.Params{})
	}
}

func BenchmarkLook16384(b *testing.B) {
	p := simulate.New(1, simulate.Mid, simulate.Flat, simulate.Leak{Bytes: 1024}, 16384)
	b.ReportAllocs()
	for b.Loop() {
		l := verdict.NewLate(verdict.Params{})
		for done := false; !done && l.Next() <= 16384; {
			_, done = l.Look(p.RSS[1 : l.Next()+1])
		}
	}
}

// Too few requests say how many would do: the least that RSS alone needs, and
// more where a leak could fill what is free.
func TestFewRequests(t *testing.T) {
	for slack, want := range map[float64]int{0: 1024 - 100, 160 << 20: 10240 - 100} {
		mem := series(100, func(float64) float64 { return 20 * mib })
		j := verdict.Fixed(mem, verdict.Params{Slack: slack, MaxFloor: 16 << 10})
		if j.Label != verdict.Inconclusive || j.More != want {
			t.Errorf("slack %.0f: %s, %d more (%s), want %d", slack, j.Label, j.More, j.Reason, want)
		}
	}
}
