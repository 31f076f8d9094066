package result

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/strategy"
	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
)

// Of is the run so far, judged: a function of its record alone.
func Of(st *judge.State, version string) *Result {
	h := st.Header
	began, _ := time.Parse(time.RFC3339Nano, h.StartedAt) // the zero time where a record has none
	r := &Result{
		SchemaVersion: SchemaVersion,
		Tool:          Tool{Name: "leakhunt", Version: version},
		StartedAt:     began,
		DurationS:     st.Now,
		Seed:          h.Seed,
		Command:       h.Command,
		RequestsTotal: st.Total,
		Scenario:      ScenarioRef{Name: h.Scenario.Name, Path: h.Scenario.Path, SHA256: h.Scenario.SHA256, Metric: h.Plan.Metric},
		Environment: Environment{
			OS: h.Environment.OS, Kernel: h.Environment.Kernel, CPUs: h.Environment.CPUs, PageBytes: h.Environment.PageBytes,
			Allocator: "unknown",
		},
		Target:   target.Info{Kind: h.Plan.Target},
		URIs:     Standing(st),
		Warnings: warnings(st),
	}
	if life := st.Life(); life != nil {
		r.Environment.Allocator = cmp.Or(life.Facts.Allocator, "unknown")
		r.Target = infoOf(life.Process)
		for _, l := range st.Lives[1:] {
			r.Target.Restarts++
			r.Target.RestartedAt = append(r.Target.RestartedAt, l.T-l.Took)
		}
	} else if p := unopened(st); p != nil {
		r.Target = infoOf(*p)
	}
	if c := st.Cleared(); c.URIs+c.Open > 0 {
		r.Scan = &Scan{URIs: c.URIs, Detectable: c.Floor, Open: c.Open}
	}
	for _, u := range r.URIs {
		r.Summary.Count(u.Verdict)
	}
	switch e := st.Ended; {
	case e == nil:
		r.Incomplete, r.EndedBy = "the record ends before the run did", EndedByFault
	case e.Complete:
		r.Complete = true
	default:
		r.Incomplete, r.EndedBy = e.Reason, e.By
	}
	return r
}

// unopened is the process that was pinned and went, or could not be measured, before
// it was opened; nil without one.
func unopened(st *judge.State) *record.Process {
	switch stop := st.Stopped.(type) {
	case record.Lost:
		return stop.Process
	case record.Failed:
		return stop.Process
	}
	return nil
}

func infoOf(p record.Process) target.Info {
	return target.Info{
		Kind: p.Kind, PID: p.PID, App: p.App, URL: p.URL, Server: p.Server, Runtime: p.Runtime, Dir: p.Dir, Settings: p.Settings,
	}
}

// warnings are what a reader should know before trusting the result.
func warnings(st *judge.State) []Warning {
	out := []Warning{}
	add := func(code, message string) {
		if w := (Warning{code, message}); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	for _, n := range st.Notes {
		if n.Code == record.OneVisitor && visited(st) {
			continue // the row says more
		}
		add(n.Code, n.Message)
	}
	revived := 0
	for _, l := range st.Lives {
		if l.Why == record.Revived {
			revived++
			add("restarted", Restarted(st, revived))
		}
	}
	why := ""
	switch stop := st.Stopped.(type) {
	case record.Lost:
		why = stop.Reason
	case record.Failed:
		why = stop.Reason
	}
	if why != "" {
		if uri, ok := (strategy.Hunt{}).Trying(st); ok {
			add("not-isolated", fmt.Sprintf("%s, and what comes after it, could not be tried by itself on a fresh process: %s", st.Header.Items[uri].Name, why))
		}
	}
	for _, n := range st.Misfits() {
		add(n.Code, n.Message)
	}
	return out
}

// visited says that requests without cookies have been judged.
func visited(st *judge.State) bool {
	return slices.ContainsFunc(st.Segments[0].Series, func(s *record.Series) bool { return s.Visitor != nil && s.Requests() > 0 })
}

// Restarted says why the process was started again for the n-th time.
func Restarted(st *judge.State, n int) string {
	var lost []record.Lost
	for _, s := range st.Segments {
		lost = append(lost, s.Lost...)
	}
	why := "the process was lost"
	if n <= len(lost) {
		// What a process said at its end is not for one line.
		why, _, _ = strings.Cut(lost[n-1].Reason, "; it said:")
	}
	return fmt.Sprintf("%s; it was started again (restart %d of %d, target.restarts), and every series goes on from the new process",
		why, n, st.Header.Plan.Restarts)
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

// Standing is every URI judged by what there is now, ranked.
func Standing(st *judge.State) []URI {
	findings := st.Findings()
	out := make([]URI, 0, len(st.Header.Items))
	for i, it := range st.Header.Items {
		out = append(out, row(st, it, findings[i]))
	}
	if f, ok := findings[judge.EveryRequest]; ok {
		u := row(st, record.Item{Name: judge.EveryRequestName}, f)
		u.Scope = ScopeShared
		if c := slices.IndexFunc(st.Lives[0].Columns, func(c record.Column) bool { return c.Exact && c.Unit == "bytes" }); c >= 0 {
			u.GrowthOf = st.Lives[0].Columns[c].Name
		}
		out = append(out, u)
	}
	Rank(out)
	return out
}

// row is one URI's line of the ranking.
func row(st *judge.State, it record.Item, f judge.Finding) URI {
	low, high := f.Interval()
	latency := judge.LatencyOf(f.Segments...)
	u := URI{
		Name: it.Name, Method: it.Method, URI: it.URI,
		Verdict: f.Label, Evidence: f.Evidence, Why: f.Why,
		GrowthOf: cmp.Or(f.Of, st.Header.Plan.Metric, "rss"), Growth: f.Growth, GrowthLow: low, GrowthHigh: high, Confidence: 0.95,
		Detectable: f.Floor, Counted: f.Counted, NativeKnown: f.Counted > 0 && st.NativeKnown(), More: f.More, Better: f.Better,
		LatencyMS: Latency(latency), Probes: []Probe{}, Sites: []record.Site{}, SitesNote: f.Naming.Note,
		Budget: it.Budget, Line: it.Line, Series: points(st, f.Segments),
	}
	if it.Visitor != nil {
		u.Scope = ScopeVisitor
		u.Why = fmt.Sprintf("Each request came without a cookie, as a new visitor's. %s", u.Why)
		if u.Verdict == verdict.Leak {
			u.Why += " Sessions that expire after the run look the same."
		}
	}
	for _, p := range f.Probes {
		u.Probes = append(u.Probes, Probe{p.Name, p.Unit, p.Growth, p.Low, p.High, probePoints(st, f.Segments, p.Name)})
	}
	u.Sites = append(u.Sites, f.Naming.Sites...)
	if c := f.Naming.Cost; c != nil {
		u.SitesPass = &SitesPass{Seconds: c.Seconds, Requests: c.Requests, PeakExtraRSS: c.PeakExtra}
	}
	for _, s := range f.Segments {
		u.Requests += s.Requests()
		u.Errors += s.Errors
		u.FirstError = cmp.Or(u.FirstError, s.First)
		u.Warmup.add(s, record.Warmup)
		for _, b := range s.Blocks {
			u.RSSPeak = max(u.RSSPeak, b.Start.RSS, b.End.RSS, b.High)
		}
	}
	if last := lastSeries(f.Segments); last != nil {
		u.RSSStart, u.RSSEnd = last.Blocks[0].Start.RSS, last.Blocks[len(last.Blocks)-1].End.RSS
	}
	if u.Requests == 0 && f.Label != verdict.Failed {
		for _, s := range f.Segments {
			u.Requests += s.Scanned()
		}
	}
	u.OverBudget = it.Budget > 0 && u.Verdict != verdict.Failed && u.GrowthLow > float64(it.Budget)
	if ig := it.Ignore; ig != nil {
		u.IgnoreReason, u.IgnoreUntil, u.Ignored = ig.Reason, ig.Until, ig.Active
	}
	return u
}

// lastSeries is the last of the series that has judged blocks; nil where none has.
func lastSeries(all []*record.Series) *record.Series {
	for _, s := range slices.Backward(all) {
		if len(s.Blocks) > 0 {
			return s
		}
	}
	return nil
}

// Rank orders by the growth that will go on: leaks first, by growth; then
// inconclusive, then errors; then what ended, by what it grew.
func Rank(uris []URI) {
	class := func(u URI) int {
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
	grew := func(u URI) float64 {
		if class(u) < 3 {
			return u.Growth
		}
		return float64(u.RSSEnd - u.RSSStart)
	}
	slices.SortStableFunc(uris, func(a, b URI) int {
		return cmp.Or(cmp.Compare(class(a), class(b)), cmp.Compare(grew(b), grew(a)))
	})
	for i := range uris {
		uris[i].Rank = i + 1
	}
}
