package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"leakhunt/harness"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/report"
)

// live redraws a small table of the standing and a line of progress in place.
type live struct {
	w        io.Writer
	terminal io.Writer // to ask how wide it is now
	color    bool
	drawn    int // lines on the screen that are ours
	rows     []harness.URIResult
	last     harness.Progress
}

// liveRows is how many URIs the live table shows.
const liveRows = 12

func newLive(w, terminal io.Writer, color bool) *live {
	return &live{w: w, terminal: terminal, color: color}
}

// Note writes a line above the table.
func (l *live) Note(text string) {
	l.erase()
	fmt.Fprintln(l.w, text)
	l.draw()
}

// Progress redraws.
func (l *live) Progress(g harness.Progress) {
	l.last = g
	l.erase()
	l.draw()
}

// Standing keeps the ranking for the next redraw.
func (l *live) Standing(rows []harness.URIResult) { l.rows = rows }

// Close takes the table off the screen; the report follows.
func (l *live) Close() { l.erase() }

// erase clears the lines drawn last: up one line (CSI A), clear it (CSI 2K).
func (l *live) erase() {
	if l.drawn > 0 {
		fmt.Fprint(l.w, strings.Repeat("\x1b[A\x1b[2K", l.drawn)+"\r")
		l.drawn = 0
	}
}

func (l *live) draw() {
	if l.last.Phase == "" {
		return
	}
	columns := width(l.terminal)
	if columns == 0 {
		columns = 80
	}
	lines := make([]string, 0, liveRows+2)
	for i, u := range l.rows {
		if i == liveRows {
			lines = append(lines, fmt.Sprintf("     and %d more", len(l.rows)-liveRows))
			break
		}
		lines = append(lines, l.row(u, columns))
	}
	lines = append(lines, l.bar(columns))
	lines = append(lines, runewidth.Truncate(status(l.last), columns-1, "…"))
	fmt.Fprint(l.w, strings.Join(lines, "\n")+"\n")
	l.drawn = len(lines)
}

func (l *live) row(u harness.URIResult, columns int) string {
	const fixed = 4 + 13 + 20 + 2
	spark := min(24, max(0, columns/5))
	name := max(12, columns-fixed-spark-1)
	values := make([]float64, len(u.Series))
	for i, p := range u.Series {
		values[i] = float64(p.RSS)
	}
	label := fmt.Sprintf("%-13s", u.Verdict)
	if l.color {
		label = "\x1b[" + shade(u.Verdict) + "m" + label + "\x1b[0m"
	}
	return fmt.Sprintf("%3d  %s %s %18s  %s", u.Rank, runewidth.FillRight(runewidth.Truncate(printable(u.Name), name, "…"), name),
		label, units.Rate(u.Growth), report.Sparkline(values, spark))
}

// shade is the colour of a verdict (SGR).
func shade(v verdict.Label) string {
	switch v {
	case verdict.Leak, verdict.Failed:
		return "31"
	case verdict.Inconclusive:
		return "33"
	default:
		return "32"
	}
}

// bar is how far the run is.
func (l *live) bar(columns int) string {
	room := min(60, max(10, columns-12))
	share := 0.0
	if l.last.Expected > 0 {
		share = min(1, float64(l.last.Sent)/float64(l.last.Expected))
	}
	full := int(share * float64(room))
	return fmt.Sprintf("  [%s%s] %3.0f %%", strings.Repeat("█", full), strings.Repeat("░", room-full), share*100)
}
