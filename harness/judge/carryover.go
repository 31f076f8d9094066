package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// A process may hold what the last request has left until the next one comes, as a server does
// that keeps a connection's last request. Of a large application that is tens of KiB, and each page
// leaves another amount. So a block adds what its page leaves, and gives back what the one before
// has left: carry-over, as in trials in which treatments follow each other. A request of the block's
// own URI ahead of it takes that out.

// carriedBack is the part of what leads gave back that they must have added: of a round in which
// each URI had its turn, both are the same. What expires is given back alone.
const carriedBack = 0.25

// CarriesOver says that blocks of the sweep hold what other URIs have left. It may be so where an
// exact counter fell in one of them: by more than two readings may be off, and a good part of what
// is judged. It is so where single requests ahead of blocks added a good part of what they gave back.
func (st *State) CarriesOver() bool {
	if !st.On("carry-over") {
		return false
	}
	f := st.blocksFolded()
	for i, c := range st.columns() {
		if !c.Exact || c.Held || st.misfit(i) != "" {
			continue
		}
		if few := f.leads < len(st.URIs); few && f.columns[i].swept || !few && f.columns[i].carried(c) {
			return true
		}
	}
	return false
}

// carried says that the leads added to a counter a good part of what they gave back, and more
// than readings may be off.
func (k foldedColumn) carried(c record.Column) bool {
	return k.rose > max(2*verdict.Noise(c.Unit), carriedBack*k.sank)
}

// added is what the block added to the i-th counter, in its unit.
func (st *State) added(b *record.Block, i int) float64 {
	return st.value(b.End, i) - st.value(b.Start, i)
}
