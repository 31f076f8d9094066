package judge

import (
	"cmp"
	"slices"

	"leakhunt/harness/record"
)

// frozenBlocks is how many blocks in a row must leave every counter as it was before
// counters are doubted. Healthy ones stood still for 8 blocks in 4 of 4,268 simulated
// hunts, RSS then rose by a seventh of what convicts them of hanging.
const frozenBlocks = 8

// stretch is what lies between two readings of the counters: a block, or the blocks of a
// group of URIs that were sent together.
type stretch struct {
	start, end record.Edge
	uris       []int
	n          int // requests to each
}

// standstill is a run of stretches, of several URIs, that left every counter as it was, to
// the bit.
type standstill struct {
	stretches []stretch
	rise      float64 // of RSS meanwhile, in bytes
}

// stillness is the standstill in which RSS rose most. It has no stretches where there was
// none. One URI alone may leak native memory, which no exact counter may count.
func (st *State) stillness() (most standstill) {
	var all []stretch
	stood := 0
	add := func(s stretch) {
		all = append(all, s)
		if st.still(s) {
			stood++
		}
	}
	block := func(b *record.Block) { add(stretch{b.Start, b.End, []int{b.URI}, b.N()}) }
	for _, u := range st.URIs {
		for _, b := range st.counted(u) {
			block(b)
		}
		for _, b := range u.Others {
			if b.Purpose == record.Later && b.Life == len(st.Lives)-1 && !b.Cut {
				block(b)
			}
		}
	}
	for _, g := range st.scan.all {
		if g.Whole && g.life == len(st.Lives)-1 {
			add(stretch{g.start, g.end, g.URIs, g.Dose})
		}
	}
	if stood < frozenBlocks {
		return most
	}
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Compare(a.start.T, b.start.T) })
	run := all[:0:0]
	exact := slices.ContainsFunc(st.columns(), func(c record.Column) bool { return c.Exact && !c.Held })
	for _, s := range all {
		if !st.still(s) {
			run = nil
			continue
		}
		run = append(run, s)
		several := !exact || slices.ContainsFunc(run, func(o stretch) bool { return !slices.Equal(o.uris, s.uris) })
		if rise := float64(s.end.Metric - run[0].start.Metric); len(run) >= frozenBlocks && several && rise >= most.rise {
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
	for _, x := range s.stretches {
		if slices.Contains(x.uris, u.Index) {
			n += x.n
			rise += float64(x.end.Metric - x.start.Metric)
		}
	}
	return booksMargin * max(0, rise) / float64(max(1, n))
}

// still says that every counter is as it was, and what the runtime says to hold for
// itself, too.
func (st *State) still(s stretch) bool {
	for i, c := range st.columns() {
		if !c.Held && s.start.Counter(i) != s.end.Counter(i) {
			return false
		}
	}
	return !st.NativeKnown() || s.start.Anon-s.start.Native == s.end.Anon-s.end.Native
}

// standing is what u may have added unseen while the counters stood still, in
// bytes/request.
func (st *State) standing(u *URI) float64 {
	if len(st.columns()) == 0 {
		return 0
	}
	return st.fits().still.hidden(u)
}
