package report

import (
	"io"
	"strconv"

	"github.com/olekukonko/tablewriter/tw"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// writeTable writes the ranking and, under it, what to do next.
func writeTable(w io.Writer, r *result.Result, o Options) error {
	if len(r.URIs) > 0 {
		if err := grid(w, pointers(r), columns(r), o); err != nil {
			return err
		}
	}
	return notes(w, r, o)
}

func pointers(r *result.Result) []*result.URI {
	out := make([]*result.URI, len(r.URIs))
	for i := range r.URIs {
		out[i] = &r.URIs[i]
	}
	return out
}

func columns(r *result.Result) []column[*result.URI] {
	type u = *result.URI
	return []column[u]{
		{title: "#", align: tw.AlignRight, cell: func(u u) string { return strconv.Itoa(u.Rank) }},
		{title: "URI", align: tw.AlignLeft, cell: func(u u) string { return plain(label(u)) }, flex: true},
		{title: "Verdict", align: tw.AlignLeft, cell: verdictText, color: verdictColor},
		{title: "Growth/request", align: tw.AlignRight, cell: cellOf(figures.both)},
		{title: intervalTitle(r), align: tw.AlignRight, drop: 1, cell: cellOf(figures.interval)},
		{title: "Floor", align: tw.AlignRight, drop: 2, cell: cellOf(figures.floor)},
		{title: "Requests", align: tw.AlignRight, drop: 3, cell: func(u u) string { return units.Count(u.Requests) }},
		{title: "Series", align: tw.AlignLeft, drop: 4, fill: func(u u, n int) string { return Trend(u, r.Scenario.Metric, n) }},
	}
}

// intervalTitle names the confidence, which all URIs of a run share.
func intervalTitle(r *result.Result) string {
	for i := range r.URIs {
		if c := r.URIs[i].Confidence; c > 0 {
			return units.Number(100*c) + " % interval"
		}
	}
	return "Interval"
}

func ifMeasured(f func(*result.URI) string) func(*result.URI) string {
	return func(u *result.URI) string {
		if !Measured(u) {
			return "–"
		}
		return f(u)
	}
}

func verdictText(u *result.URI) string {
	s := string(u.Verdict)
	if u.OverBudget {
		s += ", over budget"
	}
	if u.Ignored {
		s += ", ignored"
	}
	return s
}

// verdictColor tells what is to be fixed, what is open and what can wait.
func verdictColor(u *result.URI) string {
	switch {
	case u.Ignored:
		return "2" // dim
	case convicted(u):
		return "1;31" // bold red
	case u.Verdict == verdict.Failed:
		return "35" // magenta
	case u.Verdict == verdict.Inconclusive:
		return "33" // yellow
	case u.Verdict == verdict.Stable:
		return "32" // green
	}
	return ""
}
