package report

import (
	"fmt"
	"io"

	"github.com/olekukonko/tablewriter/tw"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Judged is the verdict on one recorded series.
type Judged struct {
	File string
	Name string // which process, of a file that holds several
	verdict.Judgement
	Warnings []result.Warning
}

// Title is how the series is called.
func (j Judged) Title() string {
	if j.Name == "" {
		return j.File
	}
	return j.File + " " + j.Name
}

// judgedJSON is Judged as the result of the judge command holds it.
type judgedJSON struct {
	File       string           `json:"file"`
	Name       string           `json:"name,omitempty"`
	Verdict    verdict.Label    `json:"verdict"`
	Growth     float64          `json:"growth_bytes_per_request"`
	Low        float64          `json:"growth_low"`
	High       float64          `json:"growth_high"`
	Detectable float64          `json:"detectable_bytes_per_request"`
	Requests   int              `json:"requests"`
	Why        string           `json:"why"`
	Warnings   []result.Warning `json:"warnings"`
}

// WriteJudgedTo writes them into every sink, as WriteAll does a result.
func WriteJudgedTo(sinks []Sink, stdout io.Writer, list []Judged, o Options) error {
	return each(sinks, stdout, o, func(w io.Writer, format string, o Options) error {
		return WriteJudged(w, format, list, o)
	})
}

// WriteJudged writes recorded series and their verdicts as table or json.
func WriteJudged(w io.Writer, format string, list []Judged, o Options) error {
	switch format {
	case "json":
		series := make([]judgedJSON, 0, len(list))
		for _, j := range list {
			low, high := j.Interval()
			series = append(series, judgedJSON{
				File: j.File, Name: j.Name, Verdict: j.Label, Growth: j.Growth, Low: low, High: high,
				Detectable: j.Detectable, Requests: j.Requests, Why: j.Reason, Warnings: append([]result.Warning{}, j.Warnings...),
			})
		}
		return once(w, o.Redact, func(b io.Writer) error {
			return encode(b, map[string]any{"series": series})
		})
	case "table":
		return once(w, o.Redact, func(b io.Writer) error { return judgedTable(b, list, o) })
	default:
		return fault.Usagef("there is no output format %q for recorded series", clean(format)).
			WithHint("The formats are table, json.")
	}
}

// known is a cell of what a series that is too short does not tell.
func known(cell func(Judged) string) func(Judged) string {
	return func(j Judged) string {
		low, high := j.Interval()
		if !Measured(&result.URI{Verdict: j.Label, Requests: j.Requests, Detectable: j.Detectable, GrowthLow: low, GrowthHigh: high}) {
			return "–"
		}
		return cell(j)
	}
}

func judgedTable(w io.Writer, list []Judged, o Options) error {
	cols := []column[Judged]{
		{title: "Series", align: tw.AlignLeft, flex: true, cell: func(j Judged) string { return plain(j.Title()) }},
		{
			title: "Verdict", align: tw.AlignLeft, cell: func(j Judged) string { return string(j.Label) },
			color: func(j Judged) string { return verdictColor(&result.URI{Verdict: j.Label}) },
		},
		{title: "Growth/request", align: tw.AlignRight, cell: known(func(j Judged) string { return units.Bytes(j.Growth) })},
		{title: "95 % interval", align: tw.AlignRight, drop: 1, cell: known(func(j Judged) string { return between(j.Interval()) })},
		{title: "Floor", align: tw.AlignRight, drop: 2, cell: known(func(j Judged) string { return units.Bytes(j.Detectable) })},
		{title: "Requests", align: tw.AlignRight, drop: 3, cell: func(j Judged) string { return units.Count(j.Requests) }},
	}
	if err := grid(w, list, cols, o); err != nil {
		return err
	}
	for _, j := range list {
		text := wrap(plain(j.Title()+": "+j.Reason), tableWidth(o), "", "  ")
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return nil
}
