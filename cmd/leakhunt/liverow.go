package main

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/report"
)

// line is a line of the live table: its verdict alone has a colour.
type line struct{ before, verdict, after string }

// render is the line as text.
func (s line) render(color bool) string {
	if code := shade(verdict.Label(strings.TrimSpace(s.verdict))); color && code != "" {
		return s.before + fmt.Sprintf(colored, code) + s.verdict + plainText + s.after
	}
	return s.before + s.verdict + s.after
}

// The columns of the live table: rank, move, name, verdict, growth, spark line.
const (
	rankColumns    = 3
	moveColumns    = 3
	verdictColumns = 13 // "inconclusive" and a space
	growthColumns  = 14
	leastName      = 8
)

// place is how many columns the name and the spark line get, and whether there
// is room for the growth.
type place struct {
	name, spark int
	growth      bool
}

// layout shares the columns out among names that need so many. What does not
// fit any more goes: first the spark line, then the growth.
func layout(columns, longest int) place {
	room := columns - 1 - rankColumns - moveColumns - 3 - verdictColumns // three spaces
	if room < leastName+growthColumns {
		return place{name: max(leastName, room)}
	}
	room -= growthColumns
	at := place{name: min(room, longest), growth: true}
	if spark := min(24, columns/6); room-spark-2 >= leastName {
		at.spark, at.name = spark, min(room-spark-2, longest)
	}
	at.name = max(leastName, at.name)
	return at
}

func (p place) line(rank, move, name, label, growth, spark string) line {
	s := line{
		before: fmt.Sprintf("%*s %s %s ", rankColumns, rank,
			runewidth.FillRight(move, moveColumns), runewidth.FillRight(fit(name, p.name), p.name)),
		verdict: fmt.Sprintf("%-*s", verdictColumns, label),
	}
	if p.growth {
		s.after = fmt.Sprintf("%*s", growthColumns, growth)
	}
	if p.spark > 0 {
		s.after += "  " + spark
	}
	return s
}

func (l *live) row(u result.URI, at place) line {
	move, growth := "", units.Bytes(u.Growth)
	switch n := l.moved[u.Name]; {
	case n > 0:
		move = fmt.Sprintf("▲%d", n)
	case n < 0:
		move = fmt.Sprintf("▼%d", -n)
	}
	if !report.Measured(&u) {
		growth = "–"
	}
	return at.line(fmt.Sprint(u.Rank), move, printable(l.redact(u.Name)), l.stage(&u), growth, report.Trend(&u, l.metric, at.spark))
}

// What a row says of a URI that has no verdict yet, or is looked into again.
const (
	measuring  = "measuring"
	growing    = "growing"
	confirming = "confirming"
	tracing    = "tracing"
)

// stage is the verdict of a URI as a run goes on: what is inconclusive at its end is
// under way until then.
func (l *live) stage(u *result.URI) string {
	now := u.Name == l.last.URI
	switch {
	case now && strings.HasSuffix(l.last.Phase, "naming lines"):
		return tracing
	case u.Verdict != verdict.Inconclusive:
		return string(u.Verdict)
	case now && (strings.HasSuffix(l.last.Phase, "confirming") || strings.HasSuffix(l.last.Phase, "testing again")):
		return confirming
	case report.Measured(u) && u.GrowthLow > 0:
		return growing
	}
	return measuring
}

// shade is the colour of a verdict or a stage (SGR), that of a verdict the same as
// in the report's table.
func shade(v verdict.Label) string {
	switch v {
	case verdict.Leak, tracing:
		return "1;31"
	case verdict.Failed:
		return "35"
	case verdict.Inconclusive, growing, confirming:
		return "33"
	case verdict.Stable:
		return "32"
	}
	return ""
}
