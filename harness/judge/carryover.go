package judge

import (
	"slices"

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
	var swept, leads []*record.Block
	for _, u := range st.URIs {
		for _, b := range st.whole(u.Blocks) {
			if b.Purpose == record.Sweep {
				swept = append(swept, b)
			}
		}
		for _, b := range st.whole(u.Others) {
			if b.Purpose == record.Lead {
				leads = append(leads, b)
			}
		}
	}
	for i, c := range st.columns() {
		if !c.Exact || c.Held || st.misfit(i) != "" {
			continue
		}
		off, sure := 2*verdict.Noise(c.Unit), verdict.Sure(c.Unit)
		fell := func(b *record.Block) bool { return -st.added(b, i) > max(off, sure/2*float64(b.N())) }
		if len(leads) < len(st.URIs) && slices.ContainsFunc(swept, fell) || st.carried(leads, i, off) {
			return true
		}
	}
	return false
}

// carried says that the leads added to the i-th counter a good part of what they gave back, and more
// than off, in its unit. There is one of each URI at least.
func (st *State) carried(leads []*record.Block, i int, off float64) bool {
	if len(leads) < len(st.URIs) {
		return false
	}
	var rose, fell float64
	for _, b := range leads {
		rose, fell = rose+max(0, st.added(b, i)), fell+max(0, -st.added(b, i))
	}
	return rose > max(off, carriedBack*fell)
}

// added is what the block added to the i-th counter, in its unit.
func (st *State) added(b *record.Block, i int) float64 {
	return st.value(b.End, i) - st.value(b.Start, i)
}
