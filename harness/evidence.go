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

// maxFloor is the largest floor, in bytes per request, with which a process
// as it comes may still be called stable. Its slack stands in the floor, and
// asking for less would mean ten thousands of requests to every innocent.
const maxFloor = 16 << 10

// params are the verdict's parameters for this process, and the
// slack there was when t was last sent.
func (h *hunt) params(t *track) verdict.Params {
	p := verdict.Params{
		Slack: t.slack, MaxFloor: maxFloor, Page: pageBytes,
		Rise: max(0, float64(h.warmed-h.start)), BurnIn: h.burned,
	}
	if h.untightJVM() {
		p.MinSlope = minSlopeJVM
	}
	return p
}

// slack bounds, in bytes, the memory that is resident by now and may be free:
// a leak can fill it without any growth of RSS, so a floor has to hold it.
// After a settle there is none. Any other process may keep everything it ever
// had: all growth since it was fresh, or all of its memory where others had
// used it before. A tight process gives more of it back, but what it gives
// back is no longer resident, so that the same bound is lower for it by itself.
func (h *hunt) slack() float64 {
	if h.counter != nil {
		return 0
	}
	slack := float64(h.peak - h.start)
	if kind := h.pinned.Info().Kind; kind != "command" && kind != "demo" {
		slack += float64(h.startAnon)
	}
	return max(0, slack-h.surelyLive())
}

// surelyLive is what convicted leaks hold in the present process: it is
// resident, and not free.
func (h *hunt) surelyLive() (bytes float64) {
	for _, t := range h.tracks {
		if !t.tried {
			continue
		}
		if j := h.confirmed(t); j.Label == verdict.Leak {
			bytes += max(0, j.Low) * float64(t.requests()-t.life)
		}
	}
	return bytes
}

// settled judges by what was read at block edges after garbage had been
// collected: the runtime's counters, and RSS beside them.
func (h *hunt) settled(t *track) (verdict.Judgement, []string) {
	fixed := !t.Requests.Auto
	rss := verdict.Counter(t.edges(func(e edge) float64 { return float64(e.metric) }), verdict.CounterParams{
		Unit: "bytes", FixedN: fixed, Horizon: settledHorizon,
	})
	if rss.Label == verdict.Leak && t.givenBack() {
		rss.Label, rss.More = verdict.Inconclusive, t.requests()
		rss.Reason = fmt.Sprintf("grew %s per request, and most of it was given back while others ran", units.Bytes(rss.Growth))
	}
	var counters []verdict.Evidence
	for i, c := range h.counter.Columns() {
		j := verdict.Counter(t.edges(func(e edge) float64 { return at(e.counters, i) }), verdict.CounterParams{
			Unit: c.Unit, Exact: c.Exact, FixedN: fixed, Horizon: settledHorizon,
		})
		counters = append(counters, verdict.Evidence{Name: c.Name, Unit: c.Unit, Exact: c.Exact, Judgement: j})
	}
	return verdict.Fuse(rss, counters)
}

// probes are the counters' growth, for the result.
func (h *hunt) probes(t *track) []ProbeResult {
	out := []ProbeResult{}
	for i, c := range h.counter.Columns() {
		j := verdict.Counter(t.edges(func(e edge) float64 { return at(e.counters, i) }), verdict.CounterParams{
			Unit: c.Unit, Exact: c.Exact, FixedN: !t.Requests.Auto, Horizon: settledHorizon,
		})
		out = append(out, ProbeResult{Name: c.Name, Unit: c.Unit, Growth: j.Growth, Low: j.Low, High: j.High})
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
