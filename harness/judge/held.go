package judge

import (
	"slices"
	"strings"

	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// What a process holds beside memory, such as descriptors and threads, the kernel counts
// exactly, with a runtime's counters and without. Each is judged by itself, by the rules of
// exact counters: it convicts in its own unit, or it tells nothing. That none of it grows
// says nothing of memory.

// leastBlocks is from how many blocks on a counter tells.
const leastBlocks = 4

func isHeld(c verdict.Evidence) bool { return c.Exact && record.HeldUnit(c.Unit) }

// withHeld is the verdict on u by memory, and by what it holds beside it. What convicts in
// its own unit alone stands first in the evidence, and the figures in bytes stay those of
// memory.
func (st *State) withHeld(u *URI) (verdict.Judgement, []string) {
	j, evidence := st.byMemory(u)
	var grows, open []verdict.Evidence
	for i, column := range st.columns() {
		if !column.Held || st.stood(u, i) {
			continue
		}
		c := st.counter(u, i)
		switch k := c.Judgement; {
		case st.inAllHeld(u, i, k.Low):
		case k.Label == verdict.Leak:
			grows = append(grows, c)
		case k.Label == verdict.Inconclusive && k.Low > 0:
			open = append(open, c)
		}
	}
	switch {
	case len(grows) > 0:
		var names, why []string
		for _, c := range grows {
			names, why = append(names, c.Name), append(why, c.Name+": "+c.Judgement.Reason)
		}
		if j.Label == verdict.Leak {
			j.Reason = strings.Join(why, "; ") + "; " + j.Reason
			return j, append(slices.Clip(evidence), names...)
		}
		j.Label, j.More, j.Reason = verdict.Leak, 0, strings.Join(why, "; ")
		return j, names
	case len(open) > 0 && flat(j):
		c := open[0]
		j.Label, j.More = verdict.Inconclusive, c.Judgement.More
		j.Reason = c.Name + ": " + c.Judgement.Reason
		return j, []string{c.Name}
	}
	return j, evidence
}

// inAllHeld says that u grows by no more of the i-th counter than every request does.
func (st *State) inAllHeld(u *URI, i int, low float64) bool {
	all := st.inAll(u, i)
	return all > 0 && low <= (1+besides)*all+sharedObjects
}

// lookHeld says whether the sweep by RSS alone needs more of u for what it holds beside
// memory. What that convicts of is no matter of RSS any more.
func (st *State) lookHeld(u *URI) {
	switch {
	case st.HoldsMore(u):
		u.Done, u.Suspect = true, false
	case st.mayHoldMore(u), u.AskedAgain() && u.among.byHeld() && st.again(u) == 0:
		u.Done = u.Requests() >= MaxSweep
		u.Suspect = u.Suspect && u.Done
	}
}

// HoldsMore says that u would be convicted by what it holds beside memory.
func (st *State) HoldsMore(u *URI) bool {
	return st.grew(u, func(c record.Column) bool { return c.Held })
}

// mayHoldMore says that it grows by some of that, and that it is not known yet whether
// that goes on.
func (st *State) mayHoldMore(u *URI) bool {
	for i, c := range st.columns() {
		if c.Held && !st.stood(u, i) {
			j, own := st.column(u, i), st.countedBy(u, i)
			few := len(own) < leastBlocks && u.Requests() > 0 && st.grownBy(u, i) >= verdict.Sure(c.Unit)*float64(u.Requests())
			if j.Label == verdict.Inconclusive && (j.Low > 0 || few) {
				return true
			}
		}
	}
	return false
}

// heldAmbient is what clean routes keep of it by accident, in units/request: nothing, but for
// a connection that is closed late.
const heldAmbient = 0.05
