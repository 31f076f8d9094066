package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"leakhunt/harness"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

const (
	defaultWidth = 100
	minWidth     = 50 // below it lines are cut by the terminal, not by us
	gap          = 2  // columns between two cells
	minURI       = 16
	minTrend     = 8
	maxTrend     = 40
)

// column is one column of the ranking. Those with a higher drop go first where
// the terminal is narrow; 0 stays.
type column struct {
	title string
	align tw.Align
	drop  int
	cell  func(*harness.URIResult) string
}

func columns(r *harness.Result) []column {
	return []column{
		{"#", tw.AlignRight, 0, func(u *harness.URIResult) string { return fmt.Sprint(u.Rank) }},
		{"URI", tw.AlignLeft, 0, func(u *harness.URIResult) string { return plain(label(u)) }},
		{"Verdict", tw.AlignLeft, 0, verdictText},
		{"Growth/request", tw.AlignRight, 0, ifMeasured(func(u *harness.URIResult) string { return units.Bytes(u.Growth) })},
		{intervalTitle(r), tw.AlignRight, 1, ifMeasured(interval)},
		{"Floor", tw.AlignRight, 2, ifMeasured(func(u *harness.URIResult) string { return units.Bytes(u.Detectable) })},
		{"Requests", tw.AlignRight, 3, func(u *harness.URIResult) string { return units.Count(u.Requests) }},
		{"Series", tw.AlignLeft, 4, nil},
	}
}

func intervalTitle(r *harness.Result) string {
	if len(r.URIs) == 0 {
		return "Interval"
	}
	return units.Number(100*r.URIs[0].Confidence) + " % interval"
}

func ifMeasured(f func(*harness.URIResult) string) func(*harness.URIResult) string {
	return func(u *harness.URIResult) string {
		if !measured(u) {
			return "–"
		}
		return f(u)
	}
}

func verdictText(u *harness.URIResult) string {
	s := string(u.Verdict)
	if u.OverBudget {
		s += ", over budget"
	}
	if u.Ignored {
		s += ", ignored"
	}
	return s
}

// writeTable writes the ranking and, under it, what to do next.
func writeTable(w io.Writer, r *harness.Result, o Options) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	o.Width = max(minWidth, o.Width)
	if len(r.URIs) > 0 {
		if err := ranking(w, r, o); err != nil {
			return err
		}
	}
	return notes(w, r, o)
}

// ranking lays the columns out: the URI gives way to its minimum, then whole
// columns go; what room is left is the URI's, then the series'.
func ranking(w io.Writer, r *harness.Result, o Options) error {
	cols := columns(r)
	widths := make([]int, len(cols))
	for i, c := range cols {
		widths[i] = width(c.title)
		if c.cell == nil {
			widths[i] = max(widths[i], minTrend)
			continue
		}
		for j := range r.URIs {
			widths[i] = max(widths[i], width(c.cell(&r.URIs[j])))
		}
	}
	const uri = 1
	natural := widths[uri]
	widths[uri] = min(natural, minURI)
	room := func() int {
		used := -gap
		for _, n := range widths {
			used += n + gap
		}
		return o.Width - used
	}
	for room() < 0 {
		last := len(cols) - 1
		if cols[last].drop == 0 {
			break
		}
		worst := slices.MaxFunc(cols, func(a, b column) int { return a.drop - b.drop })
		i := slices.IndexFunc(cols, func(c column) bool { return c.drop == worst.drop })
		cols, widths = slices.Delete(cols, i, i+1), slices.Delete(widths, i, i+1)
	}
	widths[uri] += min(natural-widths[uri], room())
	if last := len(cols) - 1; cols[last].cell == nil {
		widths[last] = min(maxTrend, widths[last]+room())
		cols[last].cell = func(u *harness.URIResult) string { return trend(u, widths[last]) }
	}
	cells := make([][]string, len(r.URIs))
	for i := range r.URIs {
		u := &r.URIs[i]
		for _, c := range cols {
			cells[i] = append(cells[i], c.cell(u))
		}
		cells[i][uri] = shorten(cells[i][uri], widths[uri])
		cells[i][uri+1] = paint(o.Color, u, cells[i][uri+1])
	}
	return draw(w, cols, cells)
}

func draw(w io.Writer, cols []column, cells [][]string) error {
	var b bytes.Buffer
	titles := make([]string, len(cols))
	align := make([]tw.Align, len(cols))
	for i, c := range cols {
		titles[i], align[i] = c.title, c.align
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}},
	}
	t := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off},
				Lines:      tw.Lines{ShowHeaderLine: tw.Off},
			},
		})),
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell, Behavior: tw.Behavior{TrimSpace: tw.Off}}),
		tablewriter.WithEastAsian(tw.Off), // as width counts, whatever the locale
	)
	t.Header(titles)
	if err := t.Bulk(cells); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// paint colours a verdict: what is to be fixed, what is open, what can wait.
func paint(on bool, u *harness.URIResult, s string) string {
	code := ""
	switch {
	case u.Ignored:
		code = "2"
	case convicted(u):
		code = "1;31"
	case u.Verdict == verdict.Failed:
		code = "35"
	case u.Verdict == verdict.Inconclusive:
		code = "33"
	case u.Verdict == verdict.Stable:
		code = "32"
	}
	if !on || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
