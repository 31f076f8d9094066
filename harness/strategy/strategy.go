// Package strategy says what a run does next. It sends nothing, reads nothing and does
// not sleep: Next is a function of the record and of what it has shown. The same record
// always leads to the same action, whether a run makes it, resumes it or replays it.
//
// A run is a chain of stages: warm-up, sweep, retest or confirmation, the naming of
// lines, and trials on processes of their own. The first stage that wants something
// done says what comes next.
package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// Strategy says what to do next. ok is false when nothing is left to do.
type Strategy interface {
	Next(st *judge.State) (a record.Action, ok bool)
	// Ahead is how many requests are still to be sent, as far as is known.
	Ahead(st *judge.State) int
}

// Hunt is the main job: every URI is swept, those that grew are tried again, and the
// lines of those that leak are named.
type Hunt struct{}

// stage is a part of a run. What it wants is a function of the state alone.
type stage struct {
	wants func(st *judge.State) (record.Action, bool)
	rule  string // that it is, and may be switched off; "": it is none, or several
}

var stages = [...]stage{
	{scanning, ""},
	{warmUp, ""},
	{scanNext, ""},
	{sweep, ""},
	{rare, "rare"},
	{follow, "follow"},
	{later, "later"},
	{retest, "retest"},
	{native, "native-expiry"},
	{quiet, "quiet"},
	{confirm, "alone"},
	{prove, "rss-follow"},
	{name, ""},
	{isolate, ""},
}

// Next implements Strategy.
func (Hunt) Next(st *judge.State) (record.Action, bool) {
	if st.Ended != nil {
		return nil, false
	}
	if st.Stopped != nil {
		return afterStop(st)
	}
	return wanted(st)
}

// wanted is what is left to do.
func wanted(st *judge.State) (record.Action, bool) {
	if st.Life() == nil {
		if st.Header.Plan.Isolate {
			return oneByOne(st)
		}
		return record.Open{}, true
	}
	for _, s := range stages {
		if a, ok := s.wants(st); ok && (s.rule == "" || st.On(s.rule)) {
			return a, true
		}
	}
	return nil, false
}

// Trying is the URI that a run was stopped at while it tried that on a process of its own,
// or wanted to. ok is false where the run was stopped before that.
func (Hunt) Trying(st *judge.State) (uri int, ok bool) {
	if st.Header.Plan.Isolate {
		return 0, false // such a process is no trial after the others, but all that its URI gets
	}
	if only := st.Segment().Only; only != nil {
		return *only, true
	}
	a, _ := wanted(st)
	if o, is := a.(record.Open); is && o.Why == record.Isolated {
		return *o.Only, true
	}
	return 0, false
}

// afterStop says how to go on after the process was lost, a limit was reached, or
// something failed. Trials on processes of their own are the last thing that a run
// does: a limit ends one of them, anything else all of them, and what was found
// before stands.
func afterStop(st *judge.State) (record.Action, bool) {
	switch stop := st.Stopped.(type) {
	case record.Lost:
		if st.Losses <= st.Header.Plan.Restarts {
			return record.Open{Why: record.Revived, Only: st.Segment().Only}, true
		}
	case record.Limited:
		if st.Segment().Only != nil && (!st.Header.Plan.Isolate || stop.Limit != "time") {
			return isolate(st)
		}
	}
	return nil, false
}

// decided says that u was convicted and sent once more before the run's limit ended it:
// what was judged is kept where it goes on.
func decided(st *judge.State, u *judge.URI) bool {
	from := st.Anew
	again := blocks(u, record.Retest)
	return from > 0 && len(again) > 0 && again[0].Start.T < from && u.Blocks[len(u.Blocks)-1].Start.T < from
}

// began says that a block for that purpose was begun in the present segment.
func began(st *judge.State, purposes ...record.Purpose) bool {
	for _, p := range purposes {
		if t, ok := st.Segment().Started(p); ok && t >= st.Anew {
			return true
		}
	}
	return false
}

// named says that the lines of a URI were looked for in the present segment.
func named(st *judge.State) bool {
	all := st.Segment().Traces
	return len(all) > 0 && all[len(all)-1].T >= st.Anew
}

// blocks are the URI's blocks for that purpose in the present segment, in order.
func blocks(u *judge.URI, p record.Purpose) (out []*record.Block) {
	all := u.Others
	if p.Judged() {
		all = u.Blocks
	}
	for _, b := range all {
		if b.Purpose == p {
			out = append(out, b)
		}
	}
	return out
}

// just says that the block that began last was one for that purpose to u, on the
// present process, and came to its end. A nil u is any URI.
func just(st *judge.State, p record.Purpose, u *judge.URI) bool {
	b := st.Last
	return b != nil && !b.Cut && b.Purpose == p && b.Life == st.Life().Index && (u == nil || b.URI == u.Index)
}
