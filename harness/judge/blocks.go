package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// counted are u's blocks in the present process that were counted at both edges.
func (st *State) counted(u *URI) []*record.Block {
	st.pick(u)
	return u.found.counted
}

// countedBy are those that tell of the i-th counter. What is held beside memory is not
// freed while others run, so that all blocks tell of that.
func (st *State) countedBy(u *URI, i int) []*record.Block {
	st.pick(u)
	return u.found.by(st.columns()[i])
}

// pick finds u's blocks in the present process that were counted at both edges.
func (st *State) pick(u *URI) {
	if f := &u.found; !f.picked {
		f.picked, f.counted, f.whole = true, st.whole(u.own()), st.whole(u.Blocks)
	}
}

func (f *found) by(c record.Column) []*record.Block {
	if c.Held {
		return f.whole
	}
	return f.counted
}

// tell are the blocks that judge u by a counter.
func (u *URI) tell(c record.Column) []*record.Block {
	if c.Held {
		return u.Blocks
	}
	return u.own()
}

// whole are those of some blocks that were counted at both edges in the present process.
func (st *State) whole(blocks []*record.Block) []*record.Block {
	now, out := len(st.Lives)-1, make([]*record.Block, 0, len(blocks))
	for _, b := range blocks {
		if !b.Cut && b.Life == now {
			out = append(out, b)
		}
	}
	return out
}

// sums are what blocks have done to a counter.
type sums struct {
	grown float64 // what those have added that countedBy are, in the counter's unit
	most  float64 // the most that those of one process have added, the present one or a former one
	stood bool    // see State.stood
}

// sums are those of u, by column.
func (st *State) sums(u *URI) []sums {
	st.pick(u)
	f := &u.found
	if n := len(st.columns()); len(f.sums) != n {
		f.sums = make([]sums, n)
		for i, c := range st.columns() {
			f.sums[i] = sums{st.sum(f.by(c), i), st.mostAdded(u.tell(c), i), c.Held && st.unmoved(u.Blocks, i)}
		}
	}
	return f.sums
}

// grownBy is what the blocks have added to the i-th counter that countedBy are, in its unit.
func (st *State) grownBy(u *URI, i int) float64 { return st.sums(u)[i].grown }

// mostAdded is the most that those of some blocks that ran on one process have added.
func (st *State) mostAdded(blocks []*record.Block, i int) (most float64) {
	life, added := -1, 0.0
	for _, b := range blocks {
		if b.Cut || len(b.Start.Counters) <= i || len(b.End.Counters) <= i {
			continue
		}
		if b.Life != life {
			life, added = b.Life, 0
		}
		added += st.added(b, i)
		most = max(most, added)
	}
	return most
}

// stood says that the i-th counter is of what a process holds beside memory, and that no block
// of u has changed it. Most do not: that is told without judging it.
func (st *State) stood(u *URI, i int) bool { return st.sums(u)[i].stood }

// unmoved says that no block that came to its end has changed the i-th counter.
func (st *State) unmoved(blocks []*record.Block, i int) bool {
	for _, b := range blocks {
		if !b.Cut && st.added(b, i) != 0 {
			return false
		}
	}
	return true
}

// edges is the series of one settled value at the edges of a URI's blocks, of which each has
// added so much. What changed while others ran is taken out. Blocks for which skip is true are
// left out; skip may be nil.
func edges(blocks []*record.Block, added func(*record.Block) float64, skip func(*record.Block) bool) []verdict.Edge {
	out := make([]verdict.Edge, 1, len(blocks)+1)
	var n int
	var level float64
	for i, b := range blocks {
		// In the first of the blocks in which it is followed expires what its neighbours
		// have left.
		first := b.Purpose == record.Follow && (i == 0 || blocks[i-1].Purpose != record.Follow || blocks[i-1].Seq != b.Seq-1)
		if b.Cut || first || skip != nil && skip(b) {
			continue
		}
		n += b.N()
		level += added(b)
		out = append(out, verdict.Edge{Requests: n, Value: level})
	}
	return out
}
