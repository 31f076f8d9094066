package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/watch"
)

// watcher shows a run while it goes on; Close leaves the terminal clean.
type watcher interface {
	watch.Observer
	Close()
}

// observer is the watcher that --progress asks for: auto draws on a terminal
// that a person looks at, and writes plain lines elsewhere. What is no terminal
// gets no control sequence, whatever was asked for.
func (a *app) observer(mode, metric string) (watcher, error) {
	color, err := a.colored(a.rawErr)
	if err != nil {
		return nil, err
	}
	a.untold = mode == "none"
	switch mode {
	case "auto", "bar":
		// With -v the application talks in between, which would tear a table.
		if !isTerminal(a.rawErr) || mode == "auto" && (a.verbose || inCI() || os.Getenv("TERM") == "dumb") {
			mode = "plain"
		}
	case "plain", "none":
	default:
		return nil, fault.Usagef("--progress %q", mode).WithHint("Use auto, bar, plain or none.")
	}
	switch {
	case a.quiet || mode == "none":
		return silent{}, nil
	case mode == "plain":
		return &plain{w: a.stderr, every: plainEvery}, nil
	default:
		l := newLive(a.stderr, a.rawErr, color, metric, a.secrets.RedactString)
		a.live.Store(l)
		return &screen{l, onSuspend(l.suspend)}, nil
	}
}

// inCI is whether this is a job of a CI server: all of them set CI, and some
// give the job a terminal that nobody looks at.
func inCI() bool {
	ci := os.Getenv("CI")
	return ci != "" && ci != "false" && ci != "0"
}

// screen is a live table that gives the terminal back when it is suspended.
type screen struct {
	*live
	release func()
}

func (s *screen) Close() {
	s.release()
	s.live.Close()
}

type silent struct{ watch.Silent }

func (silent) Close() {}

// plain writes a line now and then, for logs.
type plain struct {
	w     io.Writer
	every time.Duration
	next  time.Duration
	phase map[int]string // of each lane
}

const plainEvery = 5 * time.Second

func (p *plain) Note(text string) { fmt.Fprintln(p.w, printable(text)) }

func (p *plain) Progress(g watch.Progress) {
	if g.Elapsed < p.next && (g.Phase == p.phase[g.Lane] || g.Elapsed < p.next-p.every+time.Second) {
		return
	}
	if p.phase == nil {
		p.phase = map[int]string{}
	}
	p.next, p.phase[g.Lane] = g.Elapsed+p.every, g.Phase
	text := status(g)
	if left := remaining(g); left != "" {
		text += ", " + left
	}
	fmt.Fprintln(p.w, text)
}

func (p *plain) Standing([]result.URI) {}
func (p *plain) Close()                {}

// status is where a run stands, in a line.
func status(g watch.Progress) string {
	s := fmt.Sprintf("%5s  %-13s RSS %-10s %s of %s requests", g.Elapsed.Round(time.Second), g.Phase,
		units.Bytes(float64(g.RSS)), units.Count(g.Sent), units.Count(g.Expected))
	return s + "  " + printable(g.URI)
}

// remaining is how long the run still takes, "" where that is not known.
func remaining(g watch.Progress) string {
	if g.Left < time.Second {
		return ""
	}
	return "about " + roughly(g.Left) + " left"
}

// roughly is a duration to the precision that an estimate has.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < 10*time.Minute:
		return d.Round(10 * time.Second).String()
	default:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
}

// printable keeps what a URI's name may do to a terminal out of it.
func printable(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			out[i] = '�'
		}
	}
	return string(out)
}
