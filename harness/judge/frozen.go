package judge

import (
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

// stillness adds a stretch to the standstill in which RSS rose most: still has none where
// there was none. One URI alone may leak native memory, which no exact counter may count.
func (st *State) stillness(f *folded, s stretch) {
	if !st.still(s) {
		f.run = nil
		return
	}
	f.run = append(f.run, s)
	if len(f.run) < frozenBlocks {
		return
	}
	rise := float64(s.end.Metric - f.run[0].start.Metric)
	exact := slices.ContainsFunc(st.columns(), func(c record.Column) bool { return c.Exact && !c.Held })
	several := !exact || slices.ContainsFunc(f.run, func(o stretch) bool { return !slices.Equal(o.uris, s.uris) })
	if several && rise >= f.still.rise {
		f.still = standstill{f.run, rise}
	}
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
	native := st.Life().Native && st.On("native-known") // also where the counters are no evidence
	return !native || s.start.Anon-s.start.Native == s.end.Anon-s.end.Native
}

// standing is what u may have added unseen while the counters stood still, in
// bytes/request.
func (st *State) standing(u *URI) float64 {
	if len(st.columns()) == 0 {
		return 0
	}
	return st.fits().still.hidden(u)
}
