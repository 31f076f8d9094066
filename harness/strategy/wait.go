package strategy

import (
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// wait is for how many seconds nothing is to be sent, so that what was made has been kept
// for as long as convicts. It was seen to be kept for some seconds already.
func wait(st *judge.State, seen float64) float64 {
	return max(st.ShortWait(), stay(st)-seen)
}

// waitsCounted is how many long waits the time limit must leave room for, by a counter.
const waitsCounted = 3

// stay is for how many seconds what was made must have been kept. Where the time limit would
// cut off what comes after long waits, short ones do: by RSS each suspect is waited for, by a
// counter all of them once, and few again.
func stay(st *judge.State) float64 {
	long := st.Header.Plan.Stay
	switch {
	case st.Header.Plan.Limits.Time <= 0 || st.Counted() && st.Allows(waitsCounted*long):
		return long
	case st.Counted():
		return st.ShortWait()
	}
	if p := paceOf(st); st.Allows(2 * (segmentLeft(st, p) + trials(st, p))) {
		return long
	}
	return st.ShortWait()
}

// waitLeft is wait where the time limit leaves room for it: what is left until then is told
// by means of it.
func waitLeft(st *judge.State, seen float64) float64 {
	return max(st.ShortWait(), st.Header.Plan.Stay-seen)
}

// kept is for how many seconds half of what each has made was seen to be kept.
func kept(st *judge.State, grew []*judge.URI) float64 {
	least := st.Header.Plan.Stay
	for _, u := range grew {
		least = min(least, st.Stayed(u))
	}
	return least
}

// othersRest is how many seconds ago the others were sent last, but for a few requests that
// stir caches: what they have left may still go while u is sent again by itself.
func othersRest(st *judge.State, u *judge.URI) float64 {
	last := st.Life().T
	for _, o := range st.URIs {
		for _, b := range slices.Concat(o.Blocks, o.Others) {
			if o != u && b.Purpose != record.Stir {
				last = max(last, b.End.T)
			}
		}
	}
	return st.Now - last
}

// waits is how many readings after a wait the present process has.
func waits(st *judge.State) (n int) {
	for _, r := range st.Segment().Reads {
		if r.Waited > judge.LaterWait && r.Edge.T >= max(st.Life().T, st.Anew) {
			n++
		}
	}
	return n
}

// waited says that nothing was sent for a while since the block ended.
func waited(st *judge.State, b *record.Block) bool {
	reads := st.Segment().Reads
	return len(reads) > 0 && reads[len(reads)-1].Waited > 0 && reads[len(reads)-1].Edge.T >= b.End.T
}
