package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"leakhunt/harness/result"
	"leakhunt/harness/watch"
)

// live shows the standing and the progress while a run goes on. It does so on
// the terminal's alternate screen, as editors and pagers do: a terminal that is
// made narrower breaks lines up and pushes rows into its history, where nobody
// can take them back. What was on the screen before is there again at the end,
// with the notes under it. It is safe for concurrent use.
type live struct {
	mu     sync.Mutex
	w      io.Writer
	size   func() (columns, rows int)
	redact func(string) string // before a name is cut: half a secret would not be known for one
	color  bool
	metric string      // what is judged, and drawn
	ours   func() bool // whether the terminal is ours now, not another job's
	on     bool        // the alternate screen is shown
	closed bool
	notes  []string // since it is shown
	rows   []result.URI
	moved  map[string]int // ranks that a URI has climbed since the standing before
	last   watch.Progress
}

const (
	// liveRows is how many URIs are shown where the terminal has room.
	liveRows = 12
	// liveNotes is how many of the last notes are shown under them.
	liveNotes = 3
)

func newLive(w, terminal io.Writer, color bool, metric string, redact func(string) string) *live {
	return &live{
		w: w, color: color, metric: metric, redact: redact,
		size: func() (int, int) { return size(terminal) },
		ours: func() bool { return foreground(terminal) },
	}
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

// The control sequences of ECMA-48 and xterm that a frame is made of.
const (
	showOurs  = "\x1b[?1049h" // the alternate screen, cleared
	showTheir = "\x1b[?1049l" // the screen as it was, cursor included
	home      = "\x1b[H"      // CUP
	wrapOff   = "\x1b[?7l"    // DECAWM: what is too wide is cut off
	wrapOn    = "\x1b[?7h"
	clearRest = "\x1b[K"  // EL: from the cursor to the end of the line
	clearMore = "\x1b[J"  // ED: from the cursor to the end of the screen
	plainText = "\x1b[0m" // SGR
	colored   = "\x1b[%sm"
)

// Note writes a line, at once or under the table.
func (l *live) Note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text = printable(text)
	if !l.on {
		fmt.Fprintln(l.w, text)
		return
	}
	l.notes = append(l.notes, text)
	l.frame()
}

// Progress redraws.
func (l *live) Progress(g watch.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = g
	if !l.closed && l.ours() {
		l.frame()
	}
}

// Standing keeps the ranking for the next redraw.
func (l *live) Standing(rows []result.URI) {
	l.mu.Lock()
	defer l.mu.Unlock()
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

// Close gives the terminal back for good; the report follows.
func (l *live) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave()
	l.closed = true
}

// suspend gives the terminal back until the next progress, and halts before anybody can
// draw on it again.
func (l *live) suspend(halt func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave()
	halt()
}

func (l *live) leave() {
	if !l.on {
		return
	}
	// Some terminals would keep what is left on it in their history.
	text := home + clearMore + showTheir
	for _, n := range l.notes {
		text += n + "\n"
	}
	fmt.Fprint(l.w, text)
	l.on, l.notes = false, nil
}

// frame draws everything anew. It is one write, and a line is cleared only after
// its new text, so that nothing flickers.
func (l *live) frame() {
	columns, rows := l.size()
	lines := l.lines(columns, rows)
	var b strings.Builder
	if !l.on {
		b.WriteString(showOurs)
		l.on = true
	}
	b.WriteString(home + wrapOff)
	for i, s := range lines[max(0, len(lines)-rows):] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(s.render(l.color) + clearRest)
	}
	b.WriteString(wrapOn + clearMore)
	fmt.Fprint(l.w, b.String())
}

// lines are what is to be on the screen now.
func (l *live) lines(columns, rows int) []line {
	var out []line
	if len(l.rows) > 0 {
		// The heading, how many more, the bar and the status.
		shown := l.rows[:min(len(l.rows), max(1, min(liveRows, rows-4)))]
		at := layout(columns, l.names(shown))
		out = append(out, at.line("#", "", "URI", "Verdict", "Growth/request", "Series"))
		for _, u := range shown {
			out = append(out, l.row(u, at))
		}
		if n := len(l.rows) - len(shown); n > 0 {
			out = append(out, line{before: fit(fmt.Sprintf("        and %d more", n), columns-1)})
		}
	}
	out = append(out, line{before: l.bar(columns)}, line{before: fit(l.redact(status(l.last)), columns-1)})
	room := max(0, min(liveNotes, rows-len(out)))
	for _, n := range l.notes[max(0, len(l.notes)-room):] {
		out = append(out, line{before: fit(l.redact(n), columns-1)})
	}
	return out
}

// names is how many columns the longest name takes.
func (l *live) names(rows []result.URI) (columns int) {
	for _, u := range rows {
		columns = max(columns, runewidth.StringWidth(printable(l.redact(u.Name))))
	}
	return columns
}

// bar is how far the run is, and how long it still takes.
func (l *live) bar(columns int) string {
	room := min(60, max(10, columns-30))
	share := 0.0
	switch g := l.last; {
	case g.Left > 0:
		share = float64(g.Elapsed) / float64(g.Elapsed+g.Left)
	case g.Expected > 0:
		share = min(1, float64(g.Sent)/float64(g.Expected))
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
