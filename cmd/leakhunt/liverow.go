package main

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"leakhunt/harness"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// line is a line of the live table: its verdict alone has a colour.
type line struct{ before, verdict, after string }

// render is the line as text, and how many columns it takes.
func (s line) render(color bool) (text string, columns int) {
	text = s.before + s.verdict + s.after
	columns = runewidth.StringWidth(text)
	if code := shade(verdict.Label(strings.TrimSpace(s.verdict))); color && code != "" {
		text = s.before + fmt.Sprintf(colored, code) + s.verdict + plainText + s.after
	}
	return text, columns
}

// The columns of the live table: rank, move, name, verdict, growth, spark line.
const (
	rankColumns    = 3
	moveColumns    = 3
	verdictColumns = 13 // "inconclusive" and a space
	growthColumns  = 14
	leastName      = 8
)

// layout is how many columns the name and the spark line get. What does not
// fit any more goes: first the spark line, then the growth.
func layout(columns int) (name, spark int, growth bool) {
	room := columns - 1 - rankColumns - moveColumns - 2 - verdictColumns // two spaces
	if room < leastName+growthColumns+1 {
		return max(leastName, room), 0, false
	}
	room -= growthColumns
	if spark = min(24, columns/6); room-spark-2 < leastName {
		return room, 0, true
	}
	return room - spark - 2, spark, true
}

func cells(rank, move, name, label, growth, spark string, columns int) line {
	wide, sparks, grows := layout(columns)
	s := line{before: fmt.Sprintf("%*s %s %s ", rankColumns, rank,
		runewidth.FillRight(move, moveColumns), runewidth.FillRight(fit(name, wide), wide)), verdict: fmt.Sprintf("%-*s", verdictColumns, label)}
	if grows {
		s.after = fmt.Sprintf("%*s", growthColumns, growth)
	}
	if sparks > 0 {
		s.after += "  " + spark
	}
	return s
}

func heading(columns int) line {
	return cells("#", "", "URI", "Verdict", "Growth/request", "Series", columns)
}

func (l *live) row(u harness.URIResult, columns int) line {
	_, sparks, _ := layout(columns)
	move := ""
	switch n := l.moved[u.Name]; {
	case n > 0:
		move = fmt.Sprintf("▲%d", n)
	case n < 0:
		move = fmt.Sprintf("▼%d", -n)
	}
	return cells(fmt.Sprint(u.Rank), move, printable(l.redact(u.Name)), string(u.Verdict), units.Bytes(u.Growth), trend(u, sparks), columns)
}

// shade is the colour of a verdict (SGR), the same as in the report's table.
func shade(v verdict.Label) string {
	switch v {
	case verdict.Leak:
		return "1;31"
	case verdict.Failed:
		return "35"
	case verdict.Inconclusive:
		return "33"
	case verdict.Stable:
		return "32"
	}
	return ""
}
