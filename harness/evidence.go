package harness

import (
	"fmt"

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
	fixed := !t.Requests.Auto
	rss := verdict.Counter(t.edges(func(e edge) float64 { return float64(e.metric) }, nil), verdict.CounterParams{
		Unit: "bytes", FixedN: fixed, Horizon: settledHorizon,
	})
	if rss.Label == verdict.Leak && t.givenBack() {
		rss.Label, rss.More = verdict.Inconclusive, t.requests()
		rss.Reason = fmt.Sprintf("grew %s per request, and most of it was given back while others ran", units.Bytes(rss.Growth))
	}
	return verdict.Fuse(rss, h.columns(t))
}

// columns are the counters, each judged by itself.
func (h *hunt) columns(t *track) []verdict.Evidence {
	var out []verdict.Evidence
	for i, c := range h.counter.Columns() {
		value := func(e edge) float64 { return at(e.counters, i) }
		j := verdict.Counter(t.edges(value, func(b block) bool { return !c.Exact && wasReset(b, i) }), verdict.CounterParams{
			Unit: c.Unit, Exact: c.Exact, FixedN: !t.Requests.Auto, Horizon: settledHorizon,
		})
		out = append(out, verdict.Evidence{Name: c.Name, Unit: c.Unit, Exact: c.Exact, Judgement: j})
	}
	return out
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

// wasReset says that the i-th counter lost in one block more than half of what
// it had, and more than ten units for each request: it began anew, or another
// process answered. Of a runtime's own counter that would be a cache that was
// emptied.
func wasReset(b block, i int) bool {
	before, after := at(b.start.counters, i), at(b.end.counters, i)
	return !b.cut && after < before/2 && before-after > 10*float64(b.n)
}

// misfits warns of counters that do not count what stays alive.
func (h *hunt) misfits() {
	if h.counter == nil {
		return
	}
	for i, c := range h.counter.Columns() {
		for _, t := range h.tracks {
			for _, b := range t.blocks {
				if !c.Exact && wasReset(b, i) {
					h.warnings.add("counter-reset", "%s fell from %s to %s while %s was sent: it was reset, or another process answered, and that block is left out",
						c.Name, amount(at(b.start.counters, i), c.Unit), amount(at(b.end.counters, i), c.Unit), t.Name)
				}
			}
			if j := h.columns(t)[i].Judgement; j.Label == verdict.Inconclusive && j.High < 0 {
				h.warnings.add("counter-fell", "%s fell by %s with every request to %s: a counter that falls does not count what stays alive, and is no evidence there",
					c.Name, amount(-j.Growth, c.Unit), t.Name)
			}
		}
	}
}

func amount(v float64, unit string) string {
	if unit == "bytes" {
		return units.Bytes(v)
	}
	return units.Quantity(v, unit)
}

// at is the i-th counter of an edge; an edge that was cut short has none.
func at(v []float64, i int) float64 {
	if i < len(v) {
		return v[i]
	}
	return 0
}
