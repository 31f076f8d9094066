package harness

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"leakhunt/harness/target"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// errorShare is the share of failed requests from which a URI's memory says
// nothing any more: 1 %, or limits.errors.
const errorShare = 0.01

// result is the run so far, judged.
func (h *hunt) result() *Result {
	r := &Result{
		SchemaVersion: SchemaVersion,
		Tool:          Tool{Name: "leakhunt", Version: h.opt.Version},
		StartedAt:     h.began.UTC().Truncate(time.Millisecond),
		DurationS:     time.Since(h.began).Seconds(),
		Seed:          h.plan.Seed,
		Command:       h.opt.Command,
		RequestsTotal: h.total,
		Scenario: ScenarioRef{
			Name: h.plan.Scenario.Name, Path: h.plan.Scenario.Path, SHA256: h.plan.Scenario.SHA256,
			Metric: h.plan.Scenario.Metric,
		},
		Environment: h.environment(),
		Target:      target.Info{Kind: h.plan.Scenario.Target.Kind},
		URIs:        h.standing(),
	}
	if h.pinned != nil {
		r.Target = h.pinned.Info()
		r.Target.Restarts, r.Target.RestartedAt = len(h.restarted), h.restarted
		r.Target.Dir = h.dir
	}
	for _, u := range r.URIs {
		r.Summary.Count(u.Verdict)
	}
	h.misfits()
	r.Warnings = append([]Warning{}, h.warnings...)
	return r
}

// Count counts one more URI with that verdict.
func (s *Summary) Count(l verdict.Label) {
	switch l {
	case verdict.Leak:
		s.Leak++
	case verdict.Bloat:
		s.Bloat++
	case verdict.Warmup:
		s.Warmup++
	case verdict.Stable:
		s.Stable++
	case verdict.Inconclusive:
		s.Inconclusive++
	case verdict.Failed:
		s.Error++
	}
}

// standing is every URI judged by what there is now, ranked.
func (h *hunt) standing() []URIResult {
	out := append(make([]URIResult, 0, len(h.kept)+len(h.tracks)), h.kept...)
	for _, t := range h.tracks {
		out = append(out, h.conclude(t))
	}
	Rank(out)
	return out
}

// Rank orders by the growth that will go on: leaks first, by growth; then
// inconclusive, then errors; then what ended, by what it grew.
func Rank(uris []URIResult) {
	class := func(u URIResult) int {
		switch u.Verdict {
		case verdict.Leak:
			return 0
		case verdict.Inconclusive:
			return 1
		case verdict.Failed:
			return 2
		default:
			return 3
		}
	}
	grew := func(u URIResult) float64 {
		if class(u) < 3 {
			return u.Growth
		}
		return float64(u.RSSEnd - u.RSSStart)
	}
	slices.SortStableFunc(uris, func(a, b URIResult) int {
		return cmp.Or(cmp.Compare(class(a), class(b)), cmp.Compare(grew(b), grew(a)))
	})
	for i := range uris {
		uris[i].Rank = i + 1
	}
}

// conclude is one URI's line of the ranking.
func (h *hunt) conclude(t *track) URIResult {
	j, evidence, probes := h.judge(t)
	low, high := j.Interval()
	u := URIResult{
		Name: t.Name, Method: t.Method, URI: t.URI.URI,
		Verdict: j.Label, Evidence: evidence, Why: sentence(j.Reason),
		Growth: j.Growth, GrowthLow: low, GrowthHigh: high, Confidence: 0.95,
		Detectable: floor(j), More: j.More,
		Requests: t.requests(), Errors: t.errors, FirstError: t.first,
		LatencyMS: t.quantiles(), Probes: probes, Sites: t.sites, SitesNote: t.sitesNote, SitesPass: t.pass,
		Budget: t.Budget, Line: t.Line, Series: t.points(pointsEach(len(h.tracks)+len(h.kept)), h.anon, h.restarted),
	}
	if u.Sites == nil {
		u.Sites = noSites
	}
	if u.More > 0 {
		u.Why += fmt.Sprintf(" About %s may settle it.", units.Quantity(float64(u.More), "more requests"))
	}
	if h.counter == nil && h.pinned != nil && u.Verdict == verdict.Inconclusive {
		u.Better = h.better()
	}
	if n := len(t.blocks); n > 0 {
		u.RSSStart, u.RSSEnd = t.blocks[0].start.RSS, t.blocks[n-1].end.RSS
		u.RSSPeak = max(t.peak, u.RSSStart, u.RSSEnd)
	}
	u.OverBudget = t.Budget > 0 && u.Verdict != verdict.Failed && u.GrowthLow > float64(t.Budget)
	if ig := t.Ignore; ig != nil {
		u.IgnoreReason, u.IgnoreUntil = ig.Reason, ig.Until.Format(time.DateOnly)
		u.Ignored = h.began.Before(ig.Until.AddDate(0, 0, 1))
	}
	if t.among != nil {
		return t.among.then(u, t.answers)
	}
	return u
}

// leastFloor, in bytes/request, is the least growth that any evidence convicts.
const leastFloor = 16

// floor is the growth that would have been found. Where some was, it is what
// the scatter around it could have hidden, not what was found: a comparison of
// two runs must see a new leak above it.
func floor(j verdict.Judgement) float64 {
	if j.Label != verdict.Leak {
		return j.Detectable
	}
	return min(j.Detectable, max(leastFloor, j.High-j.Growth))
}

// judge is the verdict on one URI by the best evidence there is.
func (h *hunt) judge(t *track) (verdict.Judgement, []string, []ProbeResult) {
	none := []ProbeResult{}
	if j, ok := h.failed(t); ok {
		return j, []string{"requests"}, none
	}
	if t.requests() == 0 {
		return verdict.Judgement{
			Label:  verdict.Inconclusive,
			Reason: "the run ended before this URI's first judged request",
		}, []string{}, none
	}
	if h.counter != nil {
		j, ev := h.settled(t)
		return j, ev, h.probes(t)
	}
	j, ev := h.testimony(t, h.byRSS(t))
	return t.unlessExpired(j), ev, none
}

func (h *hunt) metricName() string { return h.plan.Scenario.Metric }

// failed is the verdict where the requests themselves do not work.
func (h *hunt) failed(t *track) (verdict.Judgement, bool) {
	limit := errorShare
	if l := h.plan.Scenario.Limits.Errors; l > 0 {
		limit = l
	}
	switch {
	case t.deaths >= lethal:
		return verdict.Judgement{
			Label: verdict.Failed, Requests: t.requests(),
			Reason: fmt.Sprintf("it killed the process %d times with its first requests, so no more were sent: %s", t.deaths, t.first),
		}, true
	case t.broken:
		return verdict.Judgement{
			Label: verdict.Failed, Requests: t.requests(),
			Reason: fmt.Sprintf("%d requests in a row failed, so no more were sent: %s", giveUpAfter, t.first),
		}, true
	case t.errors > 0 && float64(t.errors) > limit*float64(t.requests()):
		return verdict.Judgement{
			Label: verdict.Failed, Requests: t.requests(),
			Reason: fmt.Sprintf("%s of %s requests failed: %s", units.Count(t.errors), units.Count(t.requests()), t.first),
		}, true
	}
	return verdict.Judgement{}, false
}

// byRSS judges by the metric alone.
func (h *hunt) byRSS(t *track) verdict.Judgement {
	var j verdict.Judgement
	switch {
	case t.tried && (t.suspect || 2*len(t.joined(h.alone(t))) > t.requests()):
		j = h.confirmed(t)
		if t.carried != "" {
			j.Reason += fmt.Sprintf("; what it grew by among the others was memory that %s had made room for", t.carried)
		}
	case t.suspect:
		j = h.untried(t)
	case t.done && t.Requests.Auto:
		j = verdict.Recorded(t.joined(nil), h.params(t))
		if j.Label == verdict.Leak { // only what it grows by alone is held against the headroom
			j = h.confirmed(t)
		}
	default:
		j = h.fixed(t)
	}
	if t.errors > 0 {
		j.Reason += fmt.Sprintf("; %s of %s requests failed (%s)", units.Count(t.errors), units.Count(t.requests()), t.first)
	}
	return j
}

// fixed judges a series that gets no more requests. Where the process grew by
// more while others ran than this URI did in its last block, a collector's
// headroom explains that growth as well as a leak would. And it has to outgrow
// that headroom in one row, for what was collected while others ran is no part
// of the series.
func (h *hunt) fixed(t *track) verdict.Judgement {
	j := verdict.Fixed(t.joined(nil), h.params(t))
	if j.Label != verdict.Leak {
		return j
	}
	n, beyond := len(t.blocks), math.Inf(-1)
	var grown, headroom float64
	for _, row := range t.rows() {
		g, room := h.grown(row)
		if most := h.headroom(h.trough(row)) + room; g-most > beyond {
			grown, headroom, beyond = g, most, g-most
		}
	}
	switch j = h.beyond(j, grown, headroom); {
	case len(h.tracks) == 1, h.boundless() != "":
		return j
	case j.Label != verdict.Leak: // with N more requests its neighbours make more room, too
		j.More, j.Reason = 0, j.Reason+aloneInstead
		return j
	case n < 2:
		return j
	}
	others := float64(t.blocks[n-1].start.metric - t.blocks[n-2].end.metric)
	own := float64(t.blocks[n-1].end.metric - t.blocks[n-1].start.metric)
	if own > others {
		return j
	}
	return open(j, confirmLeast, "it grew by %s, but its neighbours grew the process by %s just before, which can do the same"+aloneInstead,
		units.Bytes(own), units.Bytes(others))
}

// aloneInstead is what tells more of one of several URIs than more requests.
const aloneInstead = "; run it alone (--only) or with requests: auto"

// open is a case that is left open: all growth seen so far may be something else
// than what goes on.
func open(j verdict.Judgement, more int, reason string, args ...any) verdict.Judgement {
	j.Label, j.More, j.Reason = verdict.Inconclusive, more, fmt.Sprintf(reason, args...)
	j.Creep = max(j.Creep, j.Low)
	return j
}

// sentence makes a clause a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	if r[0] >= 'a' && r[0] <= 'z' {
		r[0] -= 'a' - 'A'
	}
	return string(r) + "."
}
