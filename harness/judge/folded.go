package judge

import (
	"cmp"
	"math"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// folded is what the blocks of all URIs of the segment say together, as far as that is added
// up block by block: rules ask for it after each event, and of thousands of URIs an event
// changes one. It holds whole blocks alone, in the order in which they were sent.
type folded struct {
	valid   bool
	columns []foldedColumn // by column of the counters
	counted int            // blocks that State.counted has, of all URIs
	leads   int            // of single requests ahead, on the present process
	run     []stretch
	still   standstill // see stillness
	rounds  [SweepRounds + 1]round
	from    float64 // when the first of rounds began
	to      float64 // when the last of rounds ended
}

// foldedColumn is what a counter did in them, on the present process.
type foldedColumn struct {
	fell       int     // blocks that counted has in which it fell
	swept      bool    // it fell in one of the sweep, by more than readings may be off: see CarriesOver
	rose, sank float64 // by what it rose and fell in leads, in its unit
}

// blocksFolded are the blocks so far, folded.
func (st *State) blocksFolded() *folded {
	f := &st.folded
	if f.valid && len(f.columns) == len(st.columns()) {
		return f
	}
	*f = folded{valid: true, columns: make([]foldedColumn, len(st.columns())), from: math.Inf(1)}
	type known struct { // a block, or a group
		at float64 // when it began
		*record.Block
		counted bool
		*Group
	}
	var all []known
	for _, u := range st.URIs {
		counted := st.counted(u)
		for _, b := range u.Blocks {
			if !b.Cut {
				all = append(all, known{b.Start.T, b, slices.Contains(counted, b), nil})
			}
		}
		for _, b := range u.Others {
			if !b.Cut {
				all = append(all, known{b.Start.T, b, false, nil})
			}
		}
	}
	for _, g := range st.scan.all {
		if g.Whole {
			all = append(all, known{g.start.T, nil, false, g})
		}
	}
	slices.SortFunc(all, func(a, b known) int {
		if a.Block != nil && b.Block != nil {
			return a.Seq - b.Seq
		}
		return cmp.Compare(a.at, b.at)
	})
	for _, b := range all {
		if b.Group != nil {
			st.foldGroup(f, b.Group)
			continue
		}
		st.fold(f, b.Block, b.counted)
	}
	return f
}

// foldNext folds a block that came to its end. The first one of u that ends with a pause counts for
// nothing, and the second one has u judged by those alone: see URI.own.
func (st *State) foldNext(u *URI, b *record.Block) {
	f := &st.folded
	if b.N() == 0 || !f.valid || len(f.columns) != len(st.columns()) {
		return
	}
	if b.Purpose.Judged() && len(u.delayed()) > 1 {
		f.valid = false
		return
	}
	st.fold(f, b, b.Purpose.Judged() && b.Purpose != record.Delayed)
}

// fold adds a block to what is folded. counted says that State.counted has it.
func (st *State) fold(f *folded, b *record.Block, counted bool) {
	if b.Purpose == record.Sweep && b.Round >= 1 && b.Round <= SweepRounds {
		f.rounds[b.Round].add(b)
		f.from, f.to = min(f.from, b.Start.T), max(f.to, b.End.T)
	}
	if b.Life != len(st.Lives)-1 {
		return
	}
	if counted {
		f.counted++
	}
	if b.Purpose == record.Lead {
		f.leads++
	}
	for i, c := range st.columns() {
		k := &f.columns[i]
		if counted && b.End.Counter(i) < b.Start.Counter(i) {
			k.fell++
		}
		switch b.Purpose {
		case record.Sweep:
			k.swept = k.swept || -st.added(b, i) > max(2*verdict.Noise(c.Unit), verdict.Sure(c.Unit)/2*float64(b.N()))
		case record.Lead:
			added := st.added(b, i)
			k.rose, k.sank = k.rose+max(0, added), k.sank+max(0, -added)
		}
	}
	if counted || b.Purpose == record.Later {
		st.stillness(f, stretch{b.Start, b.End, []int{b.URI}, b.N()})
	}
}

// foldGroup adds a group to what is folded.
func (st *State) foldGroup(f *folded, g *Group) {
	if g.life == len(st.Lives)-1 {
		st.stillness(f, stretch{g.start, g.end, g.URIs, g.Dose})
	}
}
