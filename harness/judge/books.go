package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// What a request leaves behind only later, by a queue or a task, is added while
// others run. It is laid on nobody there, for each of them grows by too little to be
// convicted. It may be any URI's, so it stands in every floor.

// booksMargin widens the estimate: it is that of medians of four blocks each.
const booksMargin = 1.5

// elsewhere is what the usual blocks of u's neighbours added in the sweep's first
// rounds, by the exact counter of bytes, for each request of u: in bytes/request. Those
// that are convicted, or still followed, have made it themselves.
func (st *State) elsewhere(u *URI) float64 {
	i, n := st.bytesColumn(), 0
	for _, b := range sweepBlocks(u) {
		n += b.N()
	}
	if i < 0 || n == 0 || !st.On("books") {
		return 0
	}
	var added float64
	for _, o := range st.URIs {
		blocks := sweepBlocks(o)
		if o == u || len(blocks) < SweepRounds || st.column(o, i).Label == verdict.Leak {
			continue
		}
		var each []float64
		for _, b := range blocks[1:] {
			each = append(each, st.value(b.End, i)-st.value(b.Start, i))
		}
		added += max(0, median(each)) * float64(len(blocks))
	}
	return booksMargin * added / float64(n)
}

// sweepBlocks are u's blocks of the first rounds, whole ones.
func sweepBlocks(u *URI) (out []*record.Block) {
	for _, b := range u.Blocks {
		if b.Purpose == record.Sweep && b.Round <= SweepRounds && !b.Cut {
			out = append(out, b)
		}
	}
	return out
}
