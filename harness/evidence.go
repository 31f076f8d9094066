package harness

import (
	"fmt"
	"slices"

	"leakhunt/harness/runtimes"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// noSites is the sites of a URI that has none: an empty list, never null.
var noSites = []runtimes.Site{}

// minSlopeJVM is the least growth that counts on a JVM whose garbage nobody
// collects: its clean slopes reach 1,024 bytes a request.
const minSlopeJVM = 2048

// params are the verdict's parameters for this process, and the
// slack there was when t was last sent.
func (h *hunt) params(t *track) verdict.Params {
	p := verdict.Params{
		Slack: t.slack, MaxFloor: h.maxFloor(t), Page: pageBytes,
		Rise: max(0, float64(h.warmed-h.start)), BurnIn: h.burned,
	}
	if h.untightJVM() {
		p.MinSlope = minSlopeJVM
	}
	return p
}

// settled judges by what was read at block edges after garbage had been
// collected: the runtime's counters, and RSS beside them.
func (h *hunt) settled(t *track) (verdict.Judgement, []string) {
	rss := h.settledRSS(t, 0)
	counters := h.columns(t)
	excused := h.boundless() != "" || rss.Label == verdict.Leak && h.explained(t)
	if excused && rss.Label == verdict.Leak {
		rss.Label, rss.More = verdict.Inconclusive, 0
	}
	convicts := slices.ContainsFunc(counters, func(c verdict.Evidence) bool { return c.Exact && c.Judgement.Label == verdict.Leak })
	if rss.Label == verdict.Leak && (t.givenBack() || h.grew(t) && !convicts) {
		rss.Label, rss.More = verdict.Inconclusive, t.requests()
		rss.Reason = fmt.Sprintf("grew %s per request, and most of it was given back", units.Bytes(rss.Growth))
	}
	j, evidence := verdict.Fuse(rss, counters)
	if j.Label != verdict.Stable && j.Label != verdict.Bloat && j.Label != verdict.Warmup {
		return j, evidence
	}
	if grew := h.uncounted(t); grew.More > 0 {
		grew.Reason = "RSS " + grew.Reason
		if i := slices.IndexFunc(counters, func(c verdict.Evidence) bool { return c.Name == evidence[0] }); i >= 0 {
			grew.Reason += fmt.Sprintf("; %s: %s", evidence[0], counters[i].Judgement.Reason)
		}
		return grew, evidence
	}
	if h.countsNative() || excused {
		return j, evidence
	}
	if rss.Detectable > j.Detectable {
		j.Reason += fmt.Sprintf("; native memory is not counted, and may grow by up to %s per request", units.Bytes(rss.Detectable))
	}
	if rss.Low > 0 { // and it does: elsewhere the floor is that of what is counted
		j.Detectable = max(j.Detectable, rss.High)
	}
	return j, evidence
}

// quietRSS is by how much a settled reading of RSS is off, in bytes, in a process
// whose heap stands still.
const quietRSS = 32 << 10

// uncounted is growth of settled RSS that a few blocks suggest and that is to be
// followed to the horizon before what a counter says clears t: a counter knows
// nothing of what native libraries take from malloc.
func (h *hunt) uncounted(t *track) verdict.Judgement {
	if j := h.settledRSS(t, quietRSS); t.Requests.Auto && j.Label == verdict.Inconclusive && j.Low > 0 &&
		t.counted() < settledHorizon && !h.countsNative() && h.boundless() == "" && !t.givenBack() {
		return j
	}
	return verdict.Judgement{}
}

// explained says that the runtime counts most of what RSS grew by since t's first
// block, so that what t's own blocks grew it by is no native library's: whoever
// makes garbage grows the heap to where the neighbours' leaks have raised its goal.
func (h *hunt) explained(t *track) bool {
	i := slices.IndexFunc(h.counter.Columns(), func(c runtimes.Column) bool { return c.Exact && c.Unit == "bytes" })
	first := slices.IndexFunc(t.blocks, func(b block) bool { return !b.cut && b.first >= t.life })
	if i < 0 || first < 0 {
		return false
	}
	var own float64
	for _, b := range t.blocks[first:] {
		if !b.cut {
			own += float64(b.end.metric - b.start.metric)
		}
	}
	start := t.blocks[first].start
	all := float64(h.reading.metric - start.metric)
	return all-(at(h.reading.counters, i)-at(start.counters, i)) < own/2
}

// countsNative says that a counter holds what native libraries have from malloc.
func (h *hunt) countsNative() bool {
	return slices.ContainsFunc(h.counter.Columns(), func(c runtimes.Column) bool { return c.Native })
}

// settledRSS judges RSS at the edges of t's blocks, each off by so much; 0: the default.
func (h *hunt) settledRSS(t *track, noise float64) verdict.Judgement {
	return verdict.Counter(t.edges(func(e edge) float64 { return float64(e.metric) }, nil), verdict.CounterParams{
		Unit: "bytes", Noise: noise, FixedN: !t.Requests.Auto, Horizon: settledHorizon,
	})
}

// columns are the counters, each judged by itself.
func (h *hunt) columns(t *track) []verdict.Evidence {
	var out []verdict.Evidence
	for i, c := range h.counter.Columns() {
		j := h.column(t, i, c)
		switch {
		case c.Exact:
			j = h.unlessLetGo(t, j, i, c.Unit)
		case j.Label == verdict.Leak:
		case t.falling(i, c.Unit):
			j.Label, j.More, j.Reason = verdict.Inconclusive, 0, "the counter falls: it does not count what stays alive"
		case h.stuck(i):
			j.Label, j.More, j.Reason = verdict.Inconclusive, 0, "the counter never moved: it counts nothing here"
		}
		out = append(out, verdict.Evidence{Name: c.Name, Unit: c.Unit, Exact: c.Exact, Judgement: j})
	}
	return out
}

// column is the i-th counter of t's own blocks, judged by itself.
func (h *hunt) column(t *track, i int, c runtimes.Column) verdict.Judgement {
	value := func(e edge) float64 { return at(e.counters, i) }
	return verdict.Counter(t.edges(value, func(b block) bool { return !c.Exact && wasReset(b, i) }), verdict.CounterParams{
		Unit: c.Unit, Exact: c.Exact, FixedN: !t.Requests.Auto, Horizon: settledHorizon, Outlived: h.outlived(t),
	})
}

// probes are the counters' growth, for the result. Those that were read too
// seldom have none.
func (h *hunt) probes(t *track) []ProbeResult {
	out := []ProbeResult{}
	for _, c := range h.columns(t) {
		if j := c.Judgement; j.Low < j.High {
			out = append(out, ProbeResult{Name: c.Name, Unit: c.Unit, Growth: j.Growth, Low: j.Low, High: j.High})
		}
	}
	return out
}

// at is the i-th counter of an edge; an edge that was cut short has none.
func at(v []float64, i int) float64 {
	if i < len(v) {
		return v[i]
	}
	return 0
}
