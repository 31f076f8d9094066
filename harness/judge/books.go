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

// elsewhere is what was added outside u's usual blocks in the sweep's first rounds, by
// the exact counter of bytes, for each of u's requests: in bytes/request. What the blocks
// of those added that are convicted, or grow evenly themselves, is their own.
func (st *State) elsewhere(u *URI) float64 {
	i := st.bytesColumn()
	if i < 0 || !st.On("books") {
		return 0
	}
	if left, ok := st.leftLater(u, i); ok {
		return booksMargin * left
	}
	var rounds [SweepRounds + 1]struct {
		first, last *record.Block
		laid        float64 // on u and on those that grow themselves
		n           int     // of u's requests
	}
	for _, o := range st.URIs {
		own := o == u || st.column(o, i).Label == verdict.Leak
		for _, b := range sweepBlocks(o) {
			r := &rounds[b.Round]
			if r.first == nil || b.Seq < r.first.Seq {
				r.first = b
			}
			if r.last == nil || b.Seq > r.last.Seq {
				r.last = b
			}
			if own {
				r.laid += st.value(b.End, i) - st.value(b.Start, i)
			}
			if o == u {
				r.n += b.N()
			}
		}
	}
	var added []float64
	for k := 2; k <= SweepRounds; k++ {
		r := rounds[k]
		if r.n == 0 || r.first.Life != r.last.Life {
			continue
		}
		end := r.last.End
		if k < SweepRounds && rounds[k+1].first != nil && rounds[k+1].first.Life == r.last.Life {
			end = rounds[k+1].first.Start
		}
		added = append(added, (st.value(end, i)-st.value(r.first.Start, i)-r.laid)/float64(r.n))
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
