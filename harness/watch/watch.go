// Package watch tells an observer how a run goes: its phase, how long it still takes,
// and how the URIs stand.
package watch

import (
	"fmt"
	"time"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/session"
	"leakhunt/harness/strategy"
	"leakhunt/harness/units"
)

// Progress is where a run stands.
type Progress struct {
	Phase    string // "warming up", "round 3", "confirming"; "lane 2, round 3" with several
	Lane     int    // that the phase, the URI and RSS are of, from 1; 0 with one
	URI      string // its name
	RSS      int64  // bytes
	Sent     int    // requests sent so far
	Expected int    // requests expected in all, as far as is known now
	Elapsed  time.Duration
	Left     time.Duration // planned waits included; 0 where unknown
}

// Observer watches a run. Its methods are called from the run's goroutine,
// and must be quick.
type Observer interface {
	Progress(Progress)
	// Note is something worth a line of its own.
	Note(text string)
	// Standing is the ranking as it would be if the run ended now.
	Standing([]result.URI)
}

// Silent observes nothing.
type Silent struct{}

// Progress does nothing.
func (Silent) Progress(Progress) {}

// Note does nothing.
func (Silent) Note(string) {}

// Standing does nothing.
func (Silent) Standing([]result.URI) {}

// Watch tells an observer what happens in a run.
type Watch struct {
	observer Observer
	st       *judge.State
	phase    string
	turn     record.Send // the last block: its purpose and round
	ahead    int         // requests that were expected when the last guess was made
	from     int         // requests sent by then
	left     float64     // seconds that were left then, 0 where unknown
	began    float64     // when that was
	first    time.Duration
	sent     int // requests by first
	leaves   int // of a scan that were told of
}

// New is a watch of one hunt; a nil observer is told nothing.
func New(o Observer) *Watch {
	if o == nil {
		o = Silent{}
	}
	return &Watch{observer: o, first: -1}
}

// Action is told before an action is carried out.
func (w *Watch) Action(st *judge.State, a record.Action) {
	if w.left == 0 || st.Now >= w.began+guessEvery {
		w.ahead, w.from = strategy.Hunt{}.Ahead(st), st.Total
		w.left, w.began = strategy.Hunt{}.Left(st), st.Now
	}
	w.st = st
	w.phase = phaseOf(st, a)
	w.tellLeaves(st, a)
	switch a := a.(type) {
	case record.Send:
		if a.Purpose != w.turn.Purpose || a.Round != w.turn.Round {
			if w.turn.Purpose.Judged() {
				w.observer.Standing(result.Standing(st))
			}
			w.turn = a
		}
		if a.Pause > judge.LaterWait {
			w.observer.Note(fmt.Sprintf("waiting %s behind requests, until what others have left is let go", units.Seconds(a.Pause)))
		}
	case record.Measure:
		if a.Wait > 0 {
			w.observer.Note(fmt.Sprintf("waiting %s, to see whether what grew is let go", units.Seconds(a.Wait)))
		}
	case record.Open:
		switch a.Why {
		case record.Isolated:
			if !st.Header.Plan.Isolate {
				w.observer.Note(st.Header.Items[*a.Only].Name + " is tried by itself on a fresh process")
			}
		case record.Revived:
			w.observer.Note(result.Restarted(st, st.Losses))
		}
	}
}

// tellLeaves tells of each URI that a scan has come down to, as soon as that is known.
func (w *Watch) tellLeaves(st *judge.State, a record.Action) {
	if s, ok := a.(record.Send); !ok || s.Group == nil && s.Purpose != record.Sweep || s.Purpose == record.Sweep && w.turn.Purpose == record.Sweep {
		return
	}
	leaves := strategy.Leaves(st)
	for _, l := range leaves[min(w.leaves, len(leaves)):] {
		w.observer.Note(fmt.Sprintf("the scan came down to %s, which grows by about %s per request; its verdict follows",
			st.Header.Items[l.URI].Name, units.Bytes(l.Growth)))
	}
	w.leaves = max(w.leaves, len(leaves))
}

func phaseOf(st *judge.State, a record.Action) string {
	part := ""
	if n := len(st.Segments) - 1; n > 0 && st.Header.Plan.Isolate {
		part = fmt.Sprintf("URI %d of %d: ", n, len(st.Header.Items))
	} else if n > 0 {
		part = fmt.Sprintf("by itself, %d: ", n)
	}
	switch a := a.(type) {
	case record.Send:
		switch a.Purpose {
		case record.Warmup:
			return part + "warming up"
		case record.Scan:
			return part + fmt.Sprintf("scanning, %d to each", a.N)
		case record.Sweep:
			return part + fmt.Sprintf("round %d", a.Round)
		case record.Prime, record.Retest, record.Stir, record.Later:
			return part + "testing again"
		}
		return part + "confirming"
	case record.Name:
		return part + "naming lines"
	}
	return part + "waiting"
}

// Event is told what happened.
func (w *Watch) Event(_ *judge.State, e record.Event) {
	if n, ok := e.(record.Noted); ok && (n.Code == "" || n.Code == "no-counter") {
		w.observer.Note(n.Message)
	}
}

// Ended is told that the run is over.
func (w *Watch) Ended(st *judge.State) {
	if st.Ended != nil && st.Ended.By == result.EndedByLimit {
		w.observer.Note("stopped: " + st.Ended.Reason)
	}
	w.observer.Standing(result.Standing(st))
}

// A guess from less time or fewer requests than these is no better than none:
// the first requests load, compile and connect.
const (
	guessAfter    = 3 * time.Second
	guessRequests = 10
	// guessEvery is how many seconds a guess stands, where there is one. It looks at each URI, which takes
	// longer than a short action does where there are hundreds.
	guessEvery = 1
)

// Tick is told where the session stands.
func (w *Watch) Tick(t session.Tick) {
	if w.first < 0 {
		w.first, w.sent = t.Elapsed, t.Sent
	}
	p := Progress{
		Phase: w.phase, URI: w.st.Header.Items[t.URI].Name, RSS: t.Metric, Sent: t.Sent,
		Expected: max(t.Sent, w.from+w.ahead), Elapsed: t.Elapsed,
	}
	if took, sent := t.Elapsed-w.first, t.Sent-w.sent; took >= guessAfter && sent >= guessRequests {
		p.Left = time.Duration(float64(took) / float64(sent) * float64(p.Expected-t.Sent))
		if w.left > 0 { // as it was told when that guess was made
			p.Left = time.Duration(max(0, w.left-(t.Elapsed.Seconds()-w.began)) * float64(time.Second))
		}
	}
	w.observer.Progress(p)
}
