package judge

import (
	"slices"

	"leakhunt/harness/record"
)

// frozenBlocks is how many blocks in a row must leave every counter as it was before
// counters are doubted. Healthy ones stood still for 8 blocks in 4 of 4,268 simulated
// hunts, RSS then rose by a seventh of what convicts them of hanging.
const frozenBlocks = 8

// standstill is a run of blocks, of several URIs, that left every counter as it was, to
// the bit.
type standstill struct {
	blocks []*record.Block
	rise   float64 // of RSS meanwhile, in bytes
}

// stillness is the standstill in which RSS rose most. It has no blocks where there was
// none. One URI alone may leak native memory, which no exact counter may count.
func (st *State) stillness() (most standstill) {
	var blocks []*record.Block
	stood := 0
	add := func(b *record.Block) {
		blocks = append(blocks, b)
		if st.still(b) {
			stood++
		}
	}
	for _, u := range st.URIs {
		for _, b := range st.counted(u) {
			add(b)
		}
		for _, b := range u.Others {
			if b.Purpose == record.Later && b.Life == len(st.Lives)-1 && !b.Cut {
				add(b)
			}
		}
	}
	if stood < frozenBlocks {
		return most
	}
	slices.SortFunc(blocks, func(a, b *record.Block) int { return a.Seq - b.Seq })
	run := blocks[:0:0]
	exact := slices.ContainsFunc(st.columns(), func(c record.Column) bool { return c.Exact && !c.Held })
	for _, b := range blocks {
		if !st.still(b) {
			run = nil
			continue
		}
		run = append(run, b)
		several := !exact || slices.ContainsFunc(run, func(o *record.Block) bool { return o.URI != b.URI })
		if rise := float64(b.End.Metric - run[0].Start.Metric); len(run) >= frozenBlocks && several && rise >= most.rise {
			most = standstill{slices.Clone(run), rise}
		}
	}
	return most
}

// frozen says that all counters stood still to the bit through blocks of several URIs
// while RSS rose by more than readings of it scatter: they hang, or answer from a cache.
func (s standstill) frozen(scatter float64) bool { return s.rise > frozenBlocks*scatter }

// hidden is by what RSS rose during u's requests while the counters stood still, in
// bytes/request: they may have hidden that.
func (s standstill) hidden(u *URI) float64 {
	n, rise := 0, 0.0
	for _, b := range s.blocks {
		if b.URI == u.Index {
			n += b.N()
			rise += float64(b.Rise())
		}
	}
	return booksMargin * max(0, rise) / float64(max(1, n))
}

// still says that a block left every counter as it was, and what the runtime says to
// hold for itself, too.
func (st *State) still(b *record.Block) bool {
	for i, c := range st.columns() {
		if !c.Held && b.Start.Counter(i) != b.End.Counter(i) {
			return false
		}
	}
	return !st.NativeKnown() || b.Start.Anon-b.Start.Native == b.End.Anon-b.End.Native
}

// standing is what u may have added unseen while the counters stood still, in
// bytes/request.
func (st *State) standing(u *URI) float64 {
	if len(st.columns()) == 0 {
		return 0
	}
	return st.fits().still.hidden(u)
}
