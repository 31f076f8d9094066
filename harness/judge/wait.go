package judge

import (
	"slices"

	"leakhunt/harness/record"
)

// ShortWait is how many seconds nothing is sent to see whether the process grows by itself,
// and what a wait lasts at least: most timers, and connections that are idle, end within it.
const ShortWait = 20

// ShortWait is ShortWait, or less where what convicts need not be kept for as long.
func (st *State) ShortWait() float64 { return min(ShortWait, st.Header.Plan.Stay) }

// Stayed is how many seconds ago half of u's requests had been sent, of all that were
// counted; 0 where none was.
func (st *State) Stayed(u *URI) float64 { return st.stayedUntil(u, st.Now) }

// stayedUntil is Stayed at that second of the run.
func (st *State) stayedUntil(u *URI, t float64) float64 {
	blocks := st.counted(u)
	half := requests(blocks) / 2
	for _, b := range blocks {
		if half < b.N() {
			return t - float64(b.At.At(half))/record.Ticks
		}
		half -= b.N()
	}
	return 0
}

// waitedBefore is how many seconds nothing was sent at last, before the block began.
func (st *State) waitedBefore(b *record.Block) float64 {
	for _, r := range slices.Backward(st.Segment().Reads) {
		if r.Waited > LaterWait && r.Edge.T <= b.Start.T {
			return r.Waited
		}
	}
	return 0
}
