package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"leakhunt/harness"
)

// live redraws a small table of the standing and a line of progress in place.
type live struct {
	w      io.Writer
	size   func() (columns, rows int)
	redact func(string) string // before a name is cut: half a secret would not be known for one
	color  bool
	metric string // what is judged, and drawn
	drawn  []int  // the columns of each line of ours on the screen
	rows   []harness.URIResult
	moved  map[string]int // ranks that a URI has climbed since the standing before
	last   harness.Progress
}

// liveRows is how many URIs the live table shows where the terminal has room.
const liveRows = 12

func newLive(w, terminal io.Writer, color bool, metric string, redact func(string) string) *live {
	return &live{w: w, color: color, metric: metric, redact: redact, size: func() (int, int) { return size(terminal) }}
}

// size is how many columns and rows w has; the classic terminal's where it
// does not say.
func size(w io.Writer) (columns, rows int) {
	if f, ok := w.(*os.File); ok {
		if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return 80, 24
}

// Note writes a line above the table.
func (l *live) Note(text string) { l.frame(printable(text) + "\n") }

// Progress redraws.
func (l *live) Progress(g harness.Progress) {
	l.last = g
	l.frame("")
}

// Standing keeps the ranking for the next redraw.
func (l *live) Standing(rows []harness.URIResult) {
	before := map[string]int{}
	for _, u := range l.rows {
		before[u.Name] = u.Rank
	}
	l.moved = map[string]int{}
	for _, u := range rows {
		if rank := before[u.Name]; rank > 0 {
			l.moved[u.Name] = rank - u.Rank
		}
	}
	l.rows = rows
}

// Close takes the table off the screen; the report follows.
func (l *live) Close() {
	l.last = harness.Progress{}
	l.frame("")
}

// The control sequences of ECMA-48 and DEC that a frame is made of.
const (
	wrapOff   = "\x1b[?7l" // DECAWM: what is too wide is cut off
	wrapOn    = "\x1b[?7h"
	lineUp    = "\x1b[%dA" // CUU
	clearRest = "\x1b[K"   // EL: from the cursor to the end of the line
	clearLine = "\x1b[2K"  // EL: the whole line
	plainText = "\x1b[0m"  // SGR
	colored   = "\x1b[%sm" // SGR
)

// frame puts above, then the table, in the place of the table drawn last. It
// is one write, and a line is cleared only after its new text, so that nothing
// flickers.
func (l *live) frame(above string) {
	columns, rows := l.size()
	lines := l.lines(columns, rows)
	if len(l.drawn)+len(lines) == 0 {
		fmt.Fprint(l.w, above)
		return
	}
	var b strings.Builder
	up := l.height(columns, rows)
	b.WriteString("\r" + move(up))
	if above != "" {
		b.WriteString(blank(up) + above) // wraps as any text does
		up = 0
	}
	b.WriteString(wrapOff)
	l.drawn = l.drawn[:0]
	for _, s := range lines {
		text, columns := s.render(l.color)
		b.WriteString(text + clearRest + "\n")
		l.drawn = append(l.drawn, columns)
	}
	b.WriteString(blank(max(0, up-len(lines))) + wrapOn)
	fmt.Fprint(l.w, b.String())
}

// move goes up so many rows.
func move(rows int) string {
	if rows == 0 {
		return "" // 0 would be 1
	}
	return fmt.Sprintf(lineUp, rows)
}

// blank clears this row, where the terminal may have written ^C, and so many
// below it. It goes row by row: some terminals take a screen that is cleared in
// one go into their history.
func blank(below int) string {
	return strings.Repeat(clearLine+"\n", below) + clearLine + move(below)
}

// height is how many rows of the screen our lines take now. A terminal that
// was made narrower since has broken them up.
func (l *live) height(columns, rows int) int {
	n := 0
	for _, w := range l.drawn {
		n += max(1, (w+columns-1)/columns)
	}
	return min(n, rows-1)
}

// lines are what is to be on the screen now; none before the first progress.
func (l *live) lines(columns, rows int) []line {
	if l.last.Phase == "" {
		return nil
	}
	var out []line
	if len(l.rows) > 0 {
		// The heading, how many more, the bar, the status, and the cursor.
		shown := l.rows[:min(len(l.rows), max(1, min(liveRows, rows-5)))]
		at := layout(columns, l.names(shown))
		out = append(out, at.line("#", "", "URI", "Verdict", "Growth/request", "Series"))
		for _, u := range shown {
			out = append(out, l.row(u, at))
		}
		if n := len(l.rows) - len(shown); n > 0 {
			out = append(out, line{before: fit(fmt.Sprintf("        and %d more", n), columns-1)})
		}
	}
	return append(out, line{before: l.bar(columns)}, line{before: fit(l.redact(status(l.last)), columns-1)})
}

// names is how many columns the longest name takes.
func (l *live) names(rows []harness.URIResult) (columns int) {
	for _, u := range rows {
		columns = max(columns, runewidth.StringWidth(printable(l.redact(u.Name))))
	}
	return columns
}

// bar is how far the run is, and how long it still takes.
func (l *live) bar(columns int) string {
	room := min(60, max(10, columns-30))
	share := 0.0
	if l.last.Expected > 0 {
		share = min(1, float64(l.last.Sent)/float64(l.last.Expected))
	}
	full := int(share * float64(room))
	text := fmt.Sprintf("  [%s%s] %3.0f %%", strings.Repeat("█", full), strings.Repeat("░", room-full), share*100)
	if left := remaining(l.last); left != "" {
		text += "  " + left
	}
	return fit(text, columns-1)
}

// fit cuts s to so many columns.
func fit(s string, columns int) string { return runewidth.Truncate(s, max(0, columns), "…") }
