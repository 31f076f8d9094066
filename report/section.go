package report

import (
	"fmt"
	"strings"

	"leakhunt/harness"
	"leakhunt/harness/record"
	"leakhunt/harness/units"
)

type section struct {
	ID                                string
	Rank                              int
	Short, Request                    string
	Verdict, Class                    string
	Growth, Interval, Floor, Requests string
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
}

func newSection(u *harness.URIResult, r *harness.Result, o Options, limit int) section {
	s := section{
		ID: fmt.Sprintf("u%d", u.Rank), Rank: u.Rank, Short: cut(clean(label(u)), 120),
		Request: clean(u.Method + " " + u.URI), Verdict: verdictText(u), Class: string(u.Verdict),
		Growth: "–", Interval: "–", Floor: "–", Requests: units.Count(u.Requests),
		Why: clean(why(u)), Chart: seriesChart(u, limit), Trend: trendPath(u),
		SitesNote: clean(u.SitesNote), Command: clean(command(u, r)),
	}
	if u.Ignored {
		s.Class = "ignored"
	}
	if Measured(u) {
		s.Growth, s.Interval, s.Floor = units.Bytes(u.Growth), interval(u), units.Bytes(u.Detectable)
		s.Facts = []fact{
			{"Growth per request", s.Growth},
			{p95(u), s.Interval},
			{"Floor", s.Floor},
			{"Evidence", clean(strings.Join(u.Evidence, ", "))},
		}
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
		s.Sites = append(s.Sites, newSite(q, o))
	}
	return s
}

func p95(u *harness.URIResult) string { return units.Number(100*u.Confidence) + " % interval" }

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

// trendPath is the URI's own series as a small path of 100 by 24 units.
func trendPath(u *harness.URIResult) string {
	points := Thin(joined(u.Series), 32)
	if len(points) < 2 {
		return ""
	}
	p := around(points, func(p harness.Point) float64 { return float64(p.Requests) })
	if span := max(64<<10, u.Detectable*float64(u.Requests)); p.y1-p.y0 < span {
		p.y1 = p.y0 + span
	}
	var b strings.Builder
	for i, q := range points {
		px, py := p.at(float64(q.Requests), float64(q.RSS))
		fmt.Fprintf(&b, "%s%d %d", map[bool]string{true: "M", false: "L"}[i == 0], px*100/planeX, 1+py*22/planeY)
	}
	return b.String()
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
		u := comparedURI{Name: cut(clean(ch.label()), 120), Kind: ch.Kind, Text: ch.text(), Difference: "–", Interval: "–", Floor: "–", Verdicts: ch.verdicts()}
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
