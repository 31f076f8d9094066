package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// What a request leaves behind only later, by a queue or a task, is added while
// others run, or nobody does. It is laid on nobody there, for each of them grows by too
// little to be convicted. It may be any URI's, so it stands in every floor.

// booksMargin widens the estimate: it is that of the median of four rounds.
const booksMargin = 1.5

// books are the first rounds of the sweep, as far as the record goes: they are the same
// for every URI, and asked for by each.
type books struct {
	version int // of the state
	column  int // the counter of bytes that they are kept in
	rounds  [SweepRounds + 1]round
	guilty  map[*URI]bool // those that the counter convicts
}

// round is one round of the sweep, by a counter.
type round struct {
	first, last *record.Block
	laid        float64 // what the blocks of those added that are convicted
}

func (r *round) add(b *record.Block) {
	if r.first == nil || b.Seq < r.first.Seq {
		r.first = b
	}
	if r.last == nil || b.Seq > r.last.Seq {
		r.last = b
	}
}

// kept are the books, kept anew where the record has grown.
func (st *State) kept() *books {
	if st.books != nil && st.books.version == st.version {
		return st.books
	}
	k := &books{version: st.version, column: st.bytesColumn(), rounds: st.blocksFolded().rounds, guilty: map[*URI]bool{}}
	for _, o := range st.URIs {
		if st.column(o, k.column).Label != verdict.Leak {
			continue
		}
		k.guilty[o] = true
		for _, b := range sweepBlocks(o) {
			k.rounds[b.Round].laid += st.value(b.End, k.column) - st.value(b.Start, k.column)
		}
	}
	st.books = k
	return k
}

// elsewhere is what was added outside u's usual blocks in the sweep's first rounds, for
// each of u's requests: in bytes/request, by the exact counter of bytes or by RSS alone.
// What the blocks of those added that are convicted is their own.
func (st *State) elsewhere(u *URI) float64 {
	i := st.bytesColumn()
	switch {
	case !st.On("books"):
		return 0
	case !st.Counted():
		return booksMargin * st.elsewhereRSS(u)
	case i < 0:
		return 0
	}
	if left, ok := st.leftLater(u, i); ok {
		return booksMargin * left
	}
	all := st.kept()
	var own [SweepRounds + 1]float64
	var n [SweepRounds + 1]int
	for _, b := range sweepBlocks(u) {
		n[b.Round] += b.N()
		if !all.guilty[u] {
			own[b.Round] += st.value(b.End, i) - st.value(b.Start, i)
		}
	}
	var added []float64
	for k := 2; k <= SweepRounds; k++ {
		r := all.rounds[k]
		if n[k] == 0 || r.first.Life != r.last.Life {
			continue
		}
		end := r.last.End
		if k < SweepRounds && all.rounds[k+1].first != nil && all.rounds[k+1].first.Life == r.last.Life {
			end = all.rounds[k+1].first.Start
		}
		added = append(added, (st.value(end, i)-st.value(r.first.Start, i)-r.laid-own[k])/float64(n[k]))
	}
	if len(added) < SweepRounds-1 {
		return 0
	}
	return booksMargin * max(0, median(added))
}

// sweepBlocks are u's blocks of the first rounds, whole ones.
func sweepBlocks(u *URI) (out []*record.Block) {
	for _, b := range u.Blocks {
		if b.Purpose == record.Sweep && b.Round >= 1 && b.Round <= SweepRounds && !b.Cut {
			out = append(out, b)
		}
	}
	return out
}
