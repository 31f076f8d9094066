package verdict_test

import (
	"math"
	"strings"
	"testing"

	"leakhunt/harness/verdict"
)

// edges are blocks of per requests that grew by so many units/request each.
func edges(per int, rates ...float64) []verdict.Edge {
	out := []verdict.Edge{{Requests: 0, Value: 100_000}}
	for i, r := range rates {
		out = append(out, verdict.Edge{Requests: (i + 1) * per, Value: out[i].Value + r*float64(per)})
	}
	return out
}

func repeat(n int, rate float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = rate
	}
	return out
}

func TestCounter(t *testing.T) {
	objects := verdict.CounterParams{Unit: "objects", Exact: true}
	fixed := verdict.CounterParams{Unit: "objects", Exact: true, FixedN: true}
	heap := verdict.CounterParams{Unit: "bytes", Exact: true, FixedN: true}
	for _, c := range []struct {
		name   string
		edges  []verdict.Edge
		p      verdict.CounterParams
		want   verdict.Label
		reason string
	}{
		// The first ones as they were measured: Ruby, Python, Go and Node.
		{"ruby leak", edges(50, 1.18, 1, 1, 1, 1), fixed, verdict.Leak, "grew 1 object per request in 4 of 4 blocks (or a cache of more than 250 entries)"},
		{"ruby clean", edges(50, 0.12, 0, 0.02, 0, 0), fixed, verdict.Stable, "no growth above"},
		{"ruby first block", edges(50, 12, 0, 0, 0.02, 0), fixed, verdict.Stable, "no growth above"},
		{"python leak", edges(50, 1.4, 1.1, 1.2, 1.1, 1.16), fixed, verdict.Leak, "in 4 of 4 blocks"},
		{"python clean", edges(50, 0.3, 0.2, 0, 0.1, 0), fixed, verdict.Stable, "no growth above"},
		{"go leak", edges(100, 2600, 2491, 2530, 2500, 2512), heap, verdict.Leak, "grew 2.4 KiB per request"},
		{"go clean", edges(100, 60, -79, 88, 10, -20), heap, verdict.Stable, "no growth above"},
		{"node leak", edges(50, 2400, 884, 1336, 1010, 990), heap, verdict.Leak, "per request in 4 of 4 blocks"},
		{"node clean", edges(50, 900, -192, 497, 110, -30), heap, verdict.Stable, "no growth above"},

		{"auto follows", edges(50, 1, 1, 1, 1, 1), objects, verdict.Inconclusive, "whether that is a bounded cache takes longer to tell"},
		{"auto convicts at the horizon", edges(50, repeat(41, 1)...), objects, verdict.Leak, "more than 2,050 entries"},
		{"cache of 1,500", edges(50, append(repeat(30, 1), repeat(11, 0)...)...), objects, verdict.Warmup, "growth fell from 1 object to 0 objects"},
		{"one step", edges(50, 0, 0, 20, 0, 0, 0), fixed, verdict.Bloat, "one step of 1,000 objects, flat otherwise"},
		{"a step in a leak", edges(50, 1, 1, 20, 1, 1, 1), fixed, verdict.Leak, "grew 1 object per request"},
		{"rare leak, long", edges(50, append(repeat(20, 0.12), repeat(21, 0.1)...)...), objects, verdict.Leak, "per request in 40 of 40 blocks"},
		{"rare leak, short", edges(50, 0.12, 0.1, 0.1, 0.12, 0.08), fixed, verdict.Inconclusive, "takes longer to tell"},
		{"something else is freed in one block", edges(50, 806, 1110, 1082, 1031, 1044, 1083, 493, -754), heap, verdict.Inconclusive, "takes longer to tell from what stays"},
		{"falls", edges(50, -3, -3, -3, -3, -3), fixed, verdict.Inconclusive, "the counter fell by 3 objects per request"},
		{"dies away", edges(50, 8, 4, 2, 1, 0.5, 0.2, 0.1, 0), fixed, verdict.Warmup, "dies away"},
		{"others let go of more than a leak makes", edges(50, 2, 2, 2, -1, -1), fixed, verdict.Inconclusive, "possible"},
		{"still dying away", edges(50, 9, 5, 3.6, 2.6, 1.9), fixed, verdict.Inconclusive, "takes longer to tell"},
		{"too little at the end", edges(50, 1.54, 0.98, 0.56, 0.50, 0.34), fixed, verdict.Inconclusive, "takes longer to tell"},
		{"few requests", edges(9, 1, 1, 1, 1, 1), fixed, verdict.Inconclusive, "45 requests are too few to tell a leak from a small cache"},
		{"enough requests", edges(10, 1, 1, 1, 1, 1), fixed, verdict.Leak, "more than 50 entries"},
		{"few blocks", edges(50, 1, 1, 1), fixed, verdict.Inconclusive, "only 3 blocks of requests were measured to their end: a counter tells from 4 on"},
		{"one block", edges(50, 1), fixed, verdict.Inconclusive, "only 1 block of requests was measured to its end"},
		{"nothing", nil, fixed, verdict.Inconclusive, "only 0 blocks"},
		{"vanished", edges(50, 1, 1, math.NaN(), 1), fixed, verdict.Inconclusive, "the counter's reading 4 is not a number"},
		{"infinite", edges(50, 1, 1, math.Inf(1), 1), fixed, verdict.Inconclusive, "is not a number"},
		{"no request", []verdict.Edge{{}, {}, {}, {}, {}}, fixed, verdict.Inconclusive, "came without a request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := verdict.Counter(c.edges, c.p)
			if j.Label != c.want || !strings.Contains(j.Reason, c.reason) {
				t.Errorf("%s (%s), want %s (… %s …)", j.Label, j.Reason, c.want, c.reason)
			}
			if n := 5 * 50; c.reason == "takes longer to tell" && j.More != 2048-n {
				t.Errorf("%d more requests, want %d", j.More, 2048-n)
			}
			check(t, j, math.MaxInt)
		})
	}
}

// Settled RSS is read ±300 KiB: blocks tell nothing, a line over many does.
func TestSettledRSS(t *testing.T) {
	noise := []float64{1, -0.5, 0.2, -1, 0.7, 0, -0.3, 0.9, -0.8, 0.4}
	settled := func(rate float64) []verdict.Edge {
		e := make([]verdict.Edge, 42)
		for i := range e {
			e[i] = verdict.Edge{Requests: i * 50, Value: 80*mib + rate*float64(i*50) + noise[i%len(noise)]*150*1024}
		}
		return e
	}
	if j := verdict.Counter(settled(1024), verdict.CounterParams{Unit: "bytes"}); j.Label != verdict.Leak {
		t.Errorf("1 KiB: %+v", j)
	}
	if j := verdict.Counter(settled(0), verdict.CounterParams{Unit: "bytes"}); j.Label != verdict.Stable {
		t.Errorf("clean: %+v", j)
	}
	if j := verdict.Counter(settled(1024)[:6], verdict.CounterParams{Unit: "bytes", FixedN: true}); j.Label != verdict.Inconclusive {
		t.Errorf("five blocks: %+v", j)
	}
}

func TestFuse(t *testing.T) {
	j := func(l verdict.Label, growth, low float64, more int) verdict.Judgement {
		return verdict.Judgement{Label: l, Growth: growth, Low: low, High: 2*growth - low, Detectable: 300, Requests: 250, Reason: "because", More: more}
	}
	creeping := j(verdict.Inconclusive, 2000, 500, 250)
	exact := func(v verdict.Judgement) verdict.Evidence {
		return verdict.Evidence{Name: "agent", Unit: "objects", Exact: true, Judgement: v}
	}
	settled := func(v verdict.Judgement) verdict.Evidence {
		return verdict.Evidence{Name: "settled rss", Unit: "bytes", Judgement: v}
	}
	alive := func(growth, low float64) verdict.Evidence {
		return verdict.Evidence{Name: "bytes", Unit: "bytes", Exact: true, Judgement: j(verdict.Inconclusive, growth, low, 1800)}
	}
	flat, leak := exact(j(verdict.Stable, 0, 0, 0)), exact(j(verdict.Leak, 1, 1, 0))
	bytes := verdict.Evidence{Name: "bytes", Unit: "bytes", Exact: true, Judgement: j(verdict.Stable, 0, 0, 0)}
	for _, c := range []struct {
		name     string
		rss      verdict.Judgement
		counters []verdict.Evidence
		want     verdict.Label
		evidence string
		reason   string
	}{
		{"rss alone", creeping, nil, verdict.Inconclusive, "rss", "because"},
		{"counter convicts before rss", j(verdict.Inconclusive, 10, -800, 250), []verdict.Evidence{leak}, verdict.Leak, "agent", "agent: because"},
		{"both", creeping, []verdict.Evidence{leak}, verdict.Leak, "agent rss", "agent: because"},
		{"counter convicts against flat rss", j(verdict.Stable, 0, -90, 0), []verdict.Evidence{leak}, verdict.Leak, "agent", "agent: because"},
		{"flat overrules creep", creeping, []verdict.Evidence{flat}, verdict.Warmup, "agent rss", "RSS grew 2.0 KiB per request, but not agent (because)"},
		{"flat settles scatter", j(verdict.Inconclusive, 10, -800, 250), []verdict.Evidence{flat}, verdict.Stable, "agent rss", "agent: because; RSS: no growth above 300 B per request"},
		{"flat settles scatter of bytes, too", j(verdict.Inconclusive, 10, -800, 250), []verdict.Evidence{flat, alive(200, -300)}, verdict.Stable, "agent rss", "agent: because; bytes: no growth above 300 B per request"},
		{"flat keeps bloat", j(verdict.Bloat, 0, -90, 0), []verdict.Evidence{flat}, verdict.Bloat, "agent rss", "RSS: because"},
		{"flat bytes keep bloat", j(verdict.Bloat, 0, -90, 0), []verdict.Evidence{bytes}, verdict.Bloat, "bytes rss", "RSS: because; bytes: no growth above 300 B per request"},
		{"flat bytes settle scatter", j(verdict.Inconclusive, 10, -800, 250), []verdict.Evidence{bytes}, verdict.Stable, "bytes rss", "bytes: because"},
		{"native leak", j(verdict.Leak, 9000, 8000, 0), []verdict.Evidence{flat}, verdict.Inconclusive, "agent rss", "RSS because, but not agent (because): memory that the runtime does not count grows, in a native library or by fragmentation"},
		{"native leak, settled", creeping, []verdict.Evidence{flat, settled(j(verdict.Leak, 9000, 8000, 0))}, verdict.Inconclusive, "agent settled rss rss", "settled rss because, but not agent (because): memory that the runtime does not count grows, in a native library or by fragmentation"},
		{"settled rss convicts without a counter", creeping, []verdict.Evidence{settled(j(verdict.Leak, 1024, 900, 0))}, verdict.Leak, "settled rss rss", "settled rss: because"},
		{"settled rss acquits", j(verdict.Leak, 9000, 8000, 0), []verdict.Evidence{settled(j(verdict.Stable, 0, -9, 0))}, verdict.Warmup, "settled rss rss", "RSS grew 8.8 KiB per request, but not settled rss (because)"},
		{"growing is followed", j(verdict.Stable, 0, -9, 0), []verdict.Evidence{exact(j(verdict.Inconclusive, 1, 0.8, 1800))}, verdict.Inconclusive, "agent", "agent: because"},
		{"growing bytes beside flat objects", creeping, []verdict.Evidence{flat, exact(j(verdict.Inconclusive, 900, 700, 1800))}, verdict.Inconclusive, "agent", "agent: because"},
		{"scatter beside flat objects", creeping, []verdict.Evidence{flat, settled(j(verdict.Inconclusive, 900, -700, 1800))}, verdict.Warmup, "agent rss", "RSS grew 2.0 KiB per request, but not agent (because)"},
		{"bytes that seem to grow beside flat objects", creeping, []verdict.Evidence{flat, alive(3000, -300)}, verdict.Inconclusive, "bytes", "bytes: because"},
		{"scatter of bytes beside flat objects", creeping, []verdict.Evidence{flat, alive(200, -300)}, verdict.Warmup, "agent rss", "RSS grew 2.0 KiB per request, but not agent (because); bytes: no growth above 300 B per request"},
		{"scatter alone", creeping, []verdict.Evidence{exact(j(verdict.Inconclusive, 0.1, -0.1, 1800))}, verdict.Inconclusive, "agent", "agent: because"},
		{"a counter that broke", creeping, []verdict.Evidence{exact(j(verdict.Inconclusive, 0, 0, 0))}, verdict.Inconclusive, "rss", "because"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, evidence := verdict.Fuse(c.rss, c.counters)
			if got.Label != c.want || strings.Join(evidence, " ") != c.evidence || got.Reason != c.reason {
				t.Errorf("%s by %q (%s), want %s by %q (%s)", got.Label, evidence, got.Reason, c.want, c.evidence, c.reason)
			}
			if got.Label != verdict.Inconclusive && got.More != 0 {
				t.Errorf("%s asks for %d more requests", got.Label, got.More)
			}
		})
	}
}

// The growth that goes on is what is alive, where anything counts its bytes,
// whatever decided.
func TestFuseGrowth(t *testing.T) {
	rss := verdict.Judgement{Label: verdict.Inconclusive, Growth: 2000, Low: -3000, High: 7000, Detectable: 7000, More: 250}
	bytes := verdict.Evidence{Name: "bytes", Unit: "bytes", Exact: true, Judgement: verdict.Judgement{
		Label: verdict.Inconclusive, Growth: 64, Low: -40, High: 80, Detectable: 80, More: 250,
	}}
	for _, l := range []verdict.Label{verdict.Leak, verdict.Stable, verdict.Inconclusive} {
		objects := verdict.Evidence{Name: "objects", Unit: "objects", Exact: true, Judgement: verdict.Judgement{Label: l, Low: 1, More: 9}}
		got, _ := verdict.Fuse(rss, []verdict.Evidence{objects, bytes})
		if got.Label != l || got.Growth != 64 || got.Low != -40 || got.High != 80 || got.Detectable != 80 {
			t.Errorf("%s: %+v", l, got)
		}
	}
}

// One block in which something large was let go does not make a leak shrink: what
// most blocks grew by is told, within the interval.
func TestFuseGrowthBesideAFall(t *testing.T) {
	of := func(name, unit string, rates ...float64) verdict.Evidence {
		p := verdict.CounterParams{Unit: unit, Exact: true, FixedN: true}
		return verdict.Evidence{Name: name, Unit: unit, Exact: true, Judgement: verdict.Counter(edges(24, rates...), p)}
	}
	objects, bytes := of("objects", "objects", 1, 1, 1, 1, 1), of("bytes", "bytes", 9000, 4100, 4096, -31000, 4200)
	got, _ := verdict.Fuse(verdict.Judgement{Label: verdict.Inconclusive}, []verdict.Evidence{objects, bytes})
	if got.Label != verdict.Leak || got.Growth != 4098 || got.Low > 4096 || got.High < 4096 {
		t.Errorf("%+v", got)
	}
	even := of("bytes", "bytes", 9000, 4100, 4096, 4300, 4200)
	if got, _ := verdict.Fuse(verdict.Judgement{}, []verdict.Evidence{objects, even}); got.Growth != 4174 {
		t.Errorf("growth that is told by itself is the mean: %+v", got)
	}
}

// What a counter was not watched for long enough to exclude is said.
func TestWhatTimeLeavesOpen(t *testing.T) {
	edges := []verdict.Edge{{}, {Requests: 50, Value: 50}, {Requests: 100, Value: 100}, {Requests: 150, Value: 150}, {Requests: 200, Value: 200}}
	for lasted, want := range map[float64]string{
		0:   "(or a cache of more than 200 entries)",
		0.3: "(or a cache of more than 200 entries)",
		8.7: "(or a cache of more than 200 entries, kept for more than 8 s)",
	} {
		j := verdict.Counter(edges, verdict.CounterParams{Unit: "objects", Exact: true, FixedN: true, Outlived: lasted})
		if j.Label != verdict.Leak || !strings.HasSuffix(j.Reason, want) {
			t.Errorf("%v: %s, %s", lasted, j.Label, j.Reason)
		}
	}
}

// A buffer that doubles grows by bursts, each after a pause as long as all before. That
// its last block stood still says little: the floor holds its largest burst.
func TestBursts(t *testing.T) {
	const leak = 480
	doubling := []verdict.Edge{{0, 0}, {50, 61921}, {100, 62664}, {150, 63070}, {200, 186147}, {250, 186447}, {590, 433866}, {930, 926120}, {1270, 927237}}
	j := verdict.Counter(doubling, verdict.CounterParams{Unit: "bytes", Exact: true})
	if j.Label != verdict.Warmup || j.Detectable < leak {
		t.Errorf("a buffer that doubles, %d B a request: %s, floor %.0f B", leak, j.Label, j.Detectable)
	}
	full := []verdict.Edge{{0, 0}, {50, 50e3}, {100, 100e3}, {150, 150e3}, {200, 200e3}, {250, 250e3}, {590, 590e3}, {930, 600e3}, {1270, 600e3}}
	j = verdict.Counter(full, verdict.CounterParams{Unit: "bytes", Exact: true})
	if j.Label != verdict.Warmup || j.Detectable > 200 {
		t.Errorf("a cache that is full after 600 requests: %s, floor %.0f B", j.Label, j.Detectable)
	}
}
