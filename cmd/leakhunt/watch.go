package main

import (
	"fmt"
	"io"
	"time"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/units"
)

// watcher shows a run while it goes on; Close leaves the terminal clean.
type watcher interface {
	harness.Observer
	Close()
}

// observer is the watcher that --progress asks for: auto draws on a terminal
// and writes plain lines elsewhere.
func (a *app) observer(mode string) (watcher, error) {
	if a.quiet {
		mode = "none"
	}
	if mode == "auto" {
		mode = "plain"
		if isTerminal(a.rawErr) {
			mode = "bar"
		}
	}
	switch mode {
	case "none":
		return silent{}, nil
	case "plain":
		return &plain{w: a.stderr, every: plainEvery}, nil
	case "bar":
		color, err := a.colored(a.rawErr)
		if err != nil {
			return nil, err
		}
		return newLive(a.stderr, a.rawErr, color), nil
	default:
		return nil, fault.Usagef("--progress %q", mode).WithHint("Use auto, bar, plain or none.")
	}
}

type silent struct{ harness.Silent }

func (silent) Close() {}

// plain writes a line now and then, for logs.
type plain struct {
	w     io.Writer
	every time.Duration
	next  time.Duration
	phase string
}

const plainEvery = 5 * time.Second

func (p *plain) Note(text string) { fmt.Fprintln(p.w, text) }

func (p *plain) Progress(g harness.Progress) {
	if g.Elapsed < p.next && (g.Phase == p.phase || g.Elapsed < p.next-p.every+time.Second) {
		return
	}
	p.next, p.phase = g.Elapsed+p.every, g.Phase
	fmt.Fprintln(p.w, status(g))
}

func (p *plain) Standing([]harness.URIResult) {}
func (p *plain) Close()                       {}

// status is where a run stands, in one line.
func status(g harness.Progress) string {
	s := fmt.Sprintf("%5s  %-12s RSS %-10s %s of %s requests", g.Elapsed.Round(time.Second), g.Phase,
		units.Bytes(float64(g.RSS)), units.Count(g.Sent), units.Count(g.Expected))
	if g.Left >= time.Second {
		s += fmt.Sprintf(", about %s left", g.Left.Round(time.Second))
	}
	return s + "  " + printable(g.URI)
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
