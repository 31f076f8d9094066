package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// mostStay is how many seconds a retest waits at most: what is kept for longer is taken
// for a leak.
const mostStay = 60

// Stay is how many seconds the retest of u by itself waits for what its requests keep.
func (st *State) Stay(u *URI) float64 {
	if u.retest.stay > 0 {
		return u.retest.stay
	}
	return st.stay(u)
}

// stay is the wait for u, in seconds. It is the plan's, or longer where half of what
// u's blocks added was seen to go later than that: a shorter wait would find all of it
// there.
func (st *State) stay(u *URI) float64 {
	least := st.StayOf([]*URI{u})
	if !st.On("stay") {
		return least
	}
	longest := least
	for i, c := range st.columns() {
		if !c.Exact || st.column(u, i).Label != verdict.Leak {
			continue
		}
		if grown, gone := st.expired(u, i); grown > 0 && 2*gone >= grown {
			longest = max(longest, st.went(u, i, grown/2))
		}
	}
	return min(longest, max(least, mostStay))
}

// went is how many seconds after u's last judged block the i-th counter had fallen by so
// much: at any edge of a block, or reading between two; mostStay if it never had.
func (st *State) went(u *URI, i int, amount float64) (seconds float64) {
	own := st.countedBy(u, i, -1)
	end := own[len(own)-1].End
	seconds = mostStay
	look := func(e record.Edge) {
		if e.T > end.T && e.Counters != nil && st.value(end, i)-st.value(e, i) >= amount {
			seconds = min(seconds, e.T-end.T)
		}
	}
	for _, o := range st.URIs {
		for _, blocks := range [][]*record.Block{o.Blocks, o.Others} {
			for _, b := range blocks {
				look(b.Start)
				look(b.End)
			}
		}
	}
	for _, r := range st.Segment().Reads {
		look(r.Edge)
	}
	return seconds
}
