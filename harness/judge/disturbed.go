package judge

import (
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// What a neighbour keeps for a few seconds, such as a timer, is freed while others run.
// Their blocks fall then by what it had made. A leak of theirs looks like scatter, or
// like growth that has ended.

// Disturbed says that what others free may hide a leak of u. It may where most of u's
// blocks grow by an exact counter that does not convict u: some of them fell, or grew by
// much less. It may too where growth is said to have ended, but requests with a pause behind them
// added as much as before (see keeps). And it may where the counter falls (see fell).
func (st *State) Disturbed(u *URI) bool {
	if u.Later() {
		return true // it is being told apart
	}
	if u.Broken || !u.Item.Requests.Auto || st.Shares(u) {
		return false
	}
	for i, c := range st.columns() {
		if !c.Exact {
			continue
		}
		j := st.column(u, i)
		if st.fell(i, j) {
			return st.On("disturbed")
		}
		if j.Usual < verdict.Sure(c.Unit) || st.inSteps(u, i) {
			continue // a few requests with a pause need not see a step
		}
		switch {
		case j.Label == verdict.Inconclusive && (j.More > 0 || j.High < 0) && slices.ContainsFunc(st.counted(u), st.lags(i, j.Usual)),
			j.Label == verdict.Warmup && slices.ContainsFunc(u.Others, st.keeps(i, j.Usual)):
			return st.On("disturbed")
		}
	}
	return false
}

// fell says of the judgement j by the i-th counter, one that counts what stays alive, that it fell:
// what others freed hides whatever was added. RSS does not show that either, for it
// fills what is free.
func (st *State) fell(i int, j verdict.Judgement) bool {
	return j.Label == verdict.Inconclusive && j.High < 0 && st.misfit(i) == ""
}

// OthersFreed says that others have freed as much as u's requests mostly add, since the first
// of those that were judged. More of theirs may be freed while u is measured.
func (st *State) OthersFreed(u *URI) bool {
	for i, c := range st.columns() {
		j := st.column(u, i)
		if !c.Exact || j.Usual < verdict.Sure(c.Unit) {
			continue
		}
		if _, gone := st.expired(u, i); gone >= j.Usual*float64(u.Requests()) {
			return true
		}
	}
	return false
}

// lags says of a block whether the i-th counter fell in it. Of one in which its URI was
// followed it says whether the counter grew by less than half of what blocks usually add:
// what warms up does not grow evenly before. usual is that, in units/request.
func (st *State) lags(i int, usual float64) func(*record.Block) bool {
	return func(b *record.Block) bool {
		least := 0.0
		if b.Purpose == record.Follow {
			least = usual / 2 * float64(b.N())
		}
		return st.value(b.End, i)-st.value(b.Start, i) < least
	}
}

// besideFreed judges by the blocks in which no more was freed than readings scatter. No
// leak makes a counter fall: others freed then what they had made before. So where the
// rest shows no growth, those blocks cannot show that there is some. Nor can they where the
// later half of the rest shows none: that is a cache that is full by then. ok is false
// where the rest tells something else, or the sweep should send u more. So it is where the
// counter fell in most blocks: it does not count what stays alive.
func (st *State) besideFreed(u *URI, i int, all verdict.Judgement, by func(skip func(*record.Block) bool) verdict.Judgement) (rest verdict.Judgement, ok bool) {
	if all.Label != verdict.Inconclusive || all.More > 0 && all.Requests < MaxSweep && !st.sentLong(u) || !st.On("disturbed") {
		return rest, false
	}
	var kept []int // by number
	least, fell := verdict.Sure(st.columns()[i].Unit), 0
	freed := func(b *record.Block) bool {
		return st.value(b.Start, i)-st.value(b.End, i) >= least*float64(b.N())
	}
	rest = by(func(b *record.Block) bool {
		if freed(b) {
			fell++
			return true
		}
		kept = append(kept, b.Seq)
		return false
	})
	if fell > len(kept) {
		return rest, false
	}
	if rest.Label != verdict.Stable && len(kept) >= 2*SweepRounds {
		half := kept[len(kept)/2]
		rest = by(func(b *record.Block) bool { return b.Seq < half || freed(b) })
	}
	return rest, rest.Label == verdict.Stable
}

// scatterMost is how many seconds of requests readings that scatter may get. A slow page
// would take the whole run for MaxSweep of them.
const scatterMost = 60

// sentLong says that u's judged requests took scatterMost.
func (st *State) sentLong(u *URI) bool {
	sum := 0.0
	for _, b := range st.counted(u) {
		sum += b.Sending()
	}
	return sum >= scatterMost
}

// Keeps looks at the first of u's blocks that end with a pause of their own. It says
// that this block added as much as before, by an exact counter (see keeps): the pause
// freed nothing of it.
func (st *State) Keeps(u *URI) bool {
	first := u.delayed()
	if len(first) > 1 {
		first = first[:1]
	}
	for i, c := range st.columns() {
		j := st.column(u, i)
		if c.Exact && j.Usual >= verdict.Sure(c.Unit) && slices.ContainsFunc(first, st.keeps(i, j.Usual)) {
			return true
		}
	}
	return false
}

// keeps says whether a block with a pause behind it added to the i-th counter at least
// half of what its URI's blocks usually add. usual is that, in units/request.
func (st *State) keeps(i int, usual float64) func(*record.Block) bool {
	return func(b *record.Block) bool {
		return (b.Purpose == record.Later || b.Purpose == record.Delayed) && b.Life == len(st.Lives)-1 && !b.Cut && b.N() > 0 &&
			2*(st.value(b.End, i)-st.value(b.Start, i)) >= usual*float64(b.N())
	}
}

// freedBeside is what others have freed of their own while the bytes of u, which are the i-th
// counter, stood still, in bytes a request: so much of u's may hide there. The objects tell
// that: they fell, by as many as are freed. Growth that has ended is told by u's last block,
// and no growth by all of them.
func (st *State) freedBeside(u *URI, i int, j verdict.Judgement) float64 {
	k := slices.IndexFunc(st.columns(), func(c record.Column) bool { return c.Exact && !c.Held && heap(c) && !exactBytes(c) })
	own := st.countedBy(u, i)
	if k < 0 || len(own) == 0 || !st.On("books") {
		return 0
	}
	switch j.Label {
	case verdict.Warmup:
		own = own[len(own)-1:]
	case verdict.Stable, verdict.Bloat:
	default:
		return 0
	}
	end := own[len(own)-1].End
	fell, n := -st.sum(own, k), float64(requests(own))
	if fell < verdict.Sure(st.columns()[k].Unit)*n {
		return 0
	}
	return fell / n * st.value(end, i) / max(1, st.value(end, k))
}
