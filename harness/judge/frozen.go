package judge

import (
	"slices"

	"leakhunt/harness/record"
)

// frozenBlocks is how many blocks in a row must leave every counter as it was before
// counters are no longer believed. Healthy ones stood still for 8 blocks in 4 of 4,268
// simulated hunts, RSS then rose by a seventh of what is asked for here.
const frozenBlocks = 8

// frozen says that all counters stood still to the bit through blocks of several URIs
// while RSS rose by more than readings of it scatter: they hang, or answer from a
// cache. One URI alone may leak native memory, which no exact counter may count.
func (st *State) frozen() bool {
	if !st.On("misfit") {
		return false
	}
	var blocks []*record.Block
	for _, u := range st.URIs {
		blocks = append(blocks, st.counted(u, -1)...)
	}
	slices.SortFunc(blocks, func(a, b *record.Block) int { return a.Seq - b.Seq })
	run := blocks[:0:0]
	most := frozenBlocks * st.scatterRSS()
	exact := slices.ContainsFunc(st.columns(), func(c record.Column) bool { return c.Exact })
	for _, b := range blocks {
		if !st.still(b) {
			run = run[:0]
			continue
		}
		run = append(run, b)
		several := !exact || slices.ContainsFunc(run, func(o *record.Block) bool { return o.URI != b.URI })
		if len(run) >= frozenBlocks && several && float64(b.End.Metric-run[0].Start.Metric) > most {
			return true
		}
	}
	return false
}

// still says that a block left every counter as it was, and what the runtime says to
// hold for itself, too.
func (st *State) still(b *record.Block) bool {
	for i := range st.columns() {
		if b.Start.Counter(i) != b.End.Counter(i) {
			return false
		}
	}
	return !st.NativeKnown() || b.Start.Anon-b.Start.Native == b.End.Anon-b.End.Native
}
