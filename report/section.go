package report

import (
	"fmt"
	"strings"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
)

type section struct {
	ID                                string
	Rank                              int
	Short, Request                    string
	Verdict, Class                    string
	Memory                            string // whose figures follow
	Growth, Interval, Floor, Requests string
	GrowthKey, FloorKey               string // to sort by; "" where nothing was measured
	Label                             string // the verdict alone
	Sent                              int
	Trend                             string // path
	Why                               string
	Open                              bool
	Chart                             *chart
	Facts                             []fact
	Counters                          []fact
	Sites                             []site
	SitesNote, Command                string
}

type site struct {
	Text  string
	Held  string
	Stack []string
	Path  string
	Lines []sourceLine
	ID    string // of the excerpt
	Above string // the ID of the same excerpt, where it is shown already
}

// newSection is what the page says of one URI. excerpts are the source lines that are
// shown already, by their place: the same lines are shown once.
func newSection(u *result.URI, r *result.Result, o Options, limit int, excerpts map[string]string) section {
	s := section{
		ID: fmt.Sprintf("u%d", u.Rank), Rank: u.Rank, Short: cut(clean(label(u)), 120),
		Request: clean(u.Method + " " + u.URI), Verdict: verdictText(u), Class: string(u.Verdict), Label: string(u.Verdict),
		Growth: "–", Interval: "–", Floor: "–", Requests: units.Count(u.Requests), Sent: u.Requests, Memory: "–",
		Why: clean(why(u)), Chart: seriesChart(u, r.Scenario.Metric, limit), Trend: trendPath(u),
		SitesNote: clean(u.SitesNote), Command: clean(command(u, r)),
	}
	if u.Ignored {
		s.Class = "ignored"
	}
	if Measured(u) {
		f := figuresOf(u)
		s.Memory, s.Growth, s.Interval, s.Floor = f.memory(), f.growth(), f.interval(), f.floor()
		s.GrowthKey, s.FloorKey = fmt.Sprintf("%.0f", bytesOf(u).Growth), fmt.Sprintf("%.0f", bytesOf(u).Floor)
		s.Facts = []fact{
			{"Growth of " + f.Of + " per request", s.Growth},
			{p95(u) + " of " + f.Of, s.Interval},
			{"Floor of " + f.Of, s.Floor},
		}
		if f.Beyond > 0 {
			s.Facts = append(s.Facts, fact{"Floor of " + f.BeyondOf, units.Bytes(f.Beyond)})
		}
		s.Facts = append(s.Facts, fact{"Evidence", clean(strings.Join(u.Evidence, ", "))})
	}
	s.Facts = append(s.Facts, fact{"Requests", s.Requests + " judged, " + units.Count(u.Errors) + " failed"})
	if Measured(u) {
		s.Facts = append(s.Facts,
			fact{"Latency", units.Number(u.LatencyMS.P50) + " ms median, " + units.Number(u.LatencyMS.P99) + " ms p99"},
			fact{"RSS", units.Bytes(float64(u.RSSStart)) + " → " + units.Bytes(float64(u.RSSEnd)) + ", highest " + units.Bytes(float64(u.RSSPeak))})
	}
	if u.Budget != 0 {
		s.Facts = append(s.Facts, fact{"Budget per request", units.Bytes(float64(u.Budget))})
	}
	for _, q := range u.Probes {
		name, value, _ := strings.Cut(clean(probeText(q)), clean(q.Name)+" ")
		s.Counters = append(s.Counters, fact{clean(q.Name), name + value})
	}
	for i, q := range u.Sites {
		if i == maxSites {
			break
		}
		t := newSite(q, o)
		if t.Path != "" && excerpts != nil {
			if t.Above = excerpts[t.Path]; t.Above != "" {
				t.Lines = nil
			} else {
				t.ID = fmt.Sprintf("x%d", len(excerpts)+1)
				excerpts[t.Path] = t.ID
			}
		}
		s.Sites = append(s.Sites, t)
	}
	return s
}

func p95(u *result.URI) string { return units.Number(100*u.Confidence) + " % interval" }

func newSite(q record.Site, o Options) site {
	s := site{Text: clean(siteText(q)), Held: clean(heldText(q))}
	for _, f := range q.Stack {
		s.Stack = append(s.Stack, clean(f))
	}
	file, line := culpritAt(q)
	for _, at := range []struct {
		file string
		line int
	}{{file, line}, {q.File, q.Line}} {
		if text, ok := o.source(at.file); ok {
			if s.Lines = excerpt(text, at.line); s.Lines != nil {
				s.Path = clean(place(at.file, at.line))
				break
			}
		}
	}
	return s
}

func newCompared(c *Comparison) *compared {
	if c == nil {
		return nil
	}
	out := &compared{Lead: clean(c.advice())}
	for _, n := range c.Notes {
		out.Notes = append(out.Notes, clean(n))
	}
	for _, ch := range c.Changes {
		u := comparedURI{Name: cut(clean(ch.label()), 120), Kind: ch.Kind, Text: ch.text(), Difference: "–", Interval: "–", Floor: "–", Base: ch.Base.rate(), Head: ch.Head.rate(), Verdicts: ch.verdicts()}
		if ch.worse() || ch.Kind == Unclear || ch.Kind == Failed {
			u.Why = clean(ch.Why)
		}
		if ch.spared() {
			u.Kind = "ignored"
		}
		if ch.compared() {
			u.Difference, u.Interval, u.Floor = signed(ch.Difference), between(ch.Low, ch.High), units.Bytes(ch.Floor)
		}
		out.Changes = append(out.Changes, u)
	}
	return out
}
