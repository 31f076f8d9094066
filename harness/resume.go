package harness

import (
	"math"
	"time"

	"leakhunt/harness/judge"
	"leakhunt/harness/lanes"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
)

// GoOn gives the plan its time limit once more, for what is left of a run.
func (p *Plan) GoOn(st *lanes.Run) {
	if l := &p.Scenario.Limits.Time; *l > 0 {
		*l += time.Duration(math.Ceil(st.Now())) * time.Second
	}
}

// reopen is the first action of a run that goes on from its journal: on the same
// process where it still lives, else on a fresh one, in which every series goes on.
// Ok is false for a run from the start.
func reopen(st *judge.State) (a record.Action, ok bool) {
	life := st.Life()
	if life == nil { // nothing was measured: what ended it is past
		return record.Open{}, st.Ended != nil
	}
	why := record.Resumed
	if lives(life.Process) {
		why = record.Rejoined
	}
	return record.Open{Why: why, Only: st.Segment().Only}, true
}

// lives says that a process which others start is still there.
func lives(p record.Process) bool {
	return p.Kind != "command" && p.Kind != "demo" && processID(p).Check() == nil
}

func processID(p record.Process) proc.ID { return proc.ID{PID: p.PID, Start: p.Start} }
