package judge

import (
	"fmt"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Sessions that expire within seconds grow like a leak at first, and then come and go: the
// counter scatters around what they hold. More requests tell no more of that. So their URI
// is sent again with a wait behind it, like those that are convicted.

// unlessSlowed judges anew what the i-th counter leaves open of u, where growth has slowed.
// Sent again by itself, u has to grow as it did at first, and what that made has to go.
func (st *State) unlessSlowed(u *URI, j verdict.Judgement, i int, unit string) verdict.Judgement {
	if !u.Retested() || !st.slowed(u, j, i) {
		return j
	}
	made, left := (st.value(u.retest.made, i)-st.value(u.retest.before, i))/float64(u.retest.n), st.left(&u.retest, i)
	if made < verdict.Sure(unit) || 2*left >= made {
		return j
	}
	j.Label, j.More, j.Detectable = verdict.Warmup, 0, max(left, j.Detectable)
	j.Growth, j.Low, j.High = max(0, left), min(0, left), j.Detectable
	j.Reason = fmt.Sprintf("grew %s per request at first, which was freed within %s", amount(made, unit), units.Seconds(u.retest.waited))
	return j
}

// Slowed says that u grew by an exact counter at first, and no longer does so evenly. What
// it was followed for left that open.
func (st *State) Slowed(u *URI) bool {
	for i := range st.columns() {
		if st.slowed(u, st.column(u, i), i) {
			return st.On("slowed")
		}
	}
	return false
}

// slowed is Slowed by the i-th counter, of which j is the verdict.
func (st *State) slowed(u *URI, j verdict.Judgement, i int) bool {
	c := st.columns()[i]
	if !c.Exact || c.Held || j.Label != verdict.Inconclusive || j.More == 0 || !u.Item.Requests.Auto || u.Requests() < Horizon || st.misfit(i) != "" {
		return false
	}
	var first []*record.Block
	for _, b := range st.whole(u.Blocks) {
		if b.Purpose == record.Sweep && len(first) < SweepRounds {
			first = append(first, b)
		}
	}
	return st.sum(first, i) >= verdict.Sure(c.Unit)*float64(requests(first)) && !st.inSteps(u, i)
}
