package judge

import (
	"fmt"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Servers keep for a while what they need no more: the timers that a request set and
// nobody cancelled, a connection that is idle, a batch that is not sent yet. Most of it
// goes within five seconds. By then a quick run is over, and what goes is missed where
// it is not looked for: in a neighbour's blocks, or after the end. So a URI that grew
// is sent again, with a wait behind it: a retest.

// retest is what requests left for good: readings before them, so long after them
// that what was kept for a while has gone, and after a few more that stir caches.
type retest struct {
	n, stirs             int // requests: those to the last URI where several are tried together
	before, quiet, after record.Edge
	ahead                record.Edge // behind the wait before that for before
	primes               int         // requests to the URI between those two
	made                 record.Edge // right behind its requests: what it made may still be kept then
	sent, stirred        int         // blocks
	waited               float64     // seconds in which nothing was sent behind its requests
	failed               bool        // a request failed, or was not sent
	most, more           []float64   // of each counter, what those to all may have made: by quiet, and from then on
}

// left is how much of the i-th counter each request to one URI left, by the lower reading.
func (st *State) left(r *retest, i int) float64 {
	first := st.value(r.before, i)
	return min((st.value(r.quiet, i)-first)/float64(max(1, r.n)), (st.value(r.after, i)-first)/float64(max(1, r.n+r.stirs)))
}

// whole says that all that was to be sent was.
func (r *retest) whole() bool { return r != nil && !r.failed && r.sent > 0 && r.stirred == r.sent }

// beginRetest draws what the begin of a retest block means. Round 0 is the retest
// of all that grew, round 1 that of one URI.
func (st *State) beginRetest(u *URI, b *record.Block) {
	switch {
	case b.Round == 0 && st.retest == nil:
		st.retest = &retest{before: b.Start, most: make([]float64, len(st.columns())), more: make([]float64, len(st.columns()))}
	case b.Round == 1 && b.Purpose == record.Prime:
		u.retest, st.solo = retest{ahead: st.waitedFor}, u
	}
}

// endRetest draws what the end of a block of a retest means.
func (st *State) endRetest(u *URI, b *record.Block) {
	r := st.retest
	if b.Round == 1 {
		r = &u.retest
	}
	if r == nil {
		return
	}
	r.failed = r.failed || b.N() < b.Planned || b.Failed > 0
	if r.failed && b.Round == 1 {
		st.solo = nil
	}
	switch b.Purpose {
	case record.Retest:
		r.sent++
		r.n, r.made = b.N(), b.End
		if b.Round == 0 {
			st.mostly(r.most, u, b)
		}
	case record.Stir:
		r.stirred++
		r.stirs, r.after = b.N(), b.End
		if b.Round == 0 {
			st.mostly(r.more, u, b)
		}
		if b.Round == 1 {
			st.solo = nil
		}
	}
}

// Solo is the URI that is being sent again by itself; nil where none is.
func (st *State) Solo() *URI { return st.solo }

// abandonRetest gives up what was being sent again when a process was lost: what
// it left cannot be read any more.
func (st *State) abandonRetest() {
	st.solo, st.later = nil, nil
	if st.retest != nil && !st.retest.whole() {
		st.retest = nil // it begins anew
	}
}

// read draws what a reading between blocks means.
func (st *State) read(e record.Read) {
	if e.Waited > LaterWait {
		defer func() { st.waitedFor = e.Edge }()
	}
	switch {
	case e.Waited <= LaterWait:
	case st.solo != nil && st.solo.retest.sent == 0:
		r := &st.solo.retest
		r.before, r.primes = e.Edge, st.solo.sentSince(r.ahead.T)
	case st.solo != nil:
		st.solo.retest.quiet, st.solo.retest.waited = e.Edge, e.Waited
	case st.retest == nil:
		st.swept, st.sweptAt = &e.Edge, e.Edge.T // nobody could be sent again
	case st.retest.stirred == 0:
		st.retest.quiet = e.Edge
		// What the sweep left is that of before; that it stayed until now is what
		// Short tells.
		st.swept, st.sweptAt = &st.retest.before, e.Edge.T
	}
}

// mostly adds what the requests of b to u may have made. That is what u's own blocks
// told or what b itself added, whichever is more: in u's blocks neighbours may have
// freed something.
func (st *State) mostly(made []float64, u *URI, b *record.Block) {
	for i := range st.columns() {
		made[i] += max(0, st.value(b.End, i)-st.value(b.Start, i), st.column(u, i).Growth*float64(b.N()))
	}
}

// missing is how much less a common retest left of the i-th counter than its requests
// may have made. It goes by the reading that leaves more missing, after the wait or
// after the stirs.
func (st *State) missing(r *retest, i int) float64 {
	first := st.value(r.before, i)
	return max(r.most[i]-(st.value(r.quiet, i)-first), r.most[i]+r.more[i]-(st.value(r.after, i)-first))
}

// Short says that a common retest left so much less than it made that u may have left
// less than half of its own. That is so by each counter that would convict u.
func (st *State) Short(u *URI) bool {
	r := st.retest
	if !r.whole() || !u.Item.Requests.Auto {
		return false
	}
	n := 0
	for _, b := range u.Others {
		if b.Purpose == record.Retest && b.Round == 0 && b.Life == len(st.Lives)-1 {
			n = b.N()
		}
	}
	for i, c := range st.columns() {
		if j := st.column(u, i); c.Exact && j.Label == verdict.Leak && j.Growth > 0 && 2*st.missing(r, i) <= j.Growth*float64(n) {
			return false
		}
	}
	return true
}

// Retested says that u was sent again by itself, and all of it answered.
func (u *URI) Retested() bool { return u.retest.whole() }

// outlived is how many seconds before the end of the sweep half of u's requests had
// been sent, 0 before that: had they been kept for less, unlessExpired would tell. What
// u was sent again for was seen to stay through a wait, and no longer.
func (st *State) outlived(u *URI) float64 {
	switch {
	case u.Retested():
		return u.retest.waited
	case st.swept == nil:
		return 0
	}
	return st.stayedUntil(u, st.sweptAt)
}

// unlessExpired judges anew what the i-th counter, an exact one, would convict u for:
// what leaks stays, and what is only held for a while goes. A retest of u by itself
// decides by what it left. Without one, the conviction becomes inconclusive where half
// of what u's blocks added, or more, was gone by the end of the sweep.
func (st *State) unlessExpired(u *URI, j verdict.Judgement, i int, unit string) verdict.Judgement {
	if !st.On("expiry") {
		return j
	}
	if j.Label != verdict.Leak {
		return st.beside(u, st.unlessSlowed(u, j, i, unit), i)
	}
	less := st.holdsLess(u, i, j.Growth)
	if u.Retested() && (less || st.grewAgain(u, i, j.Growth) || st.gaveBack(u, i, j.Growth) || !st.inSteps(u, i) && !st.mayMiss(u, i, j.Growth)) {
		left, common := st.left(&u.retest, i), st.inAll(u, i)
		if !less && 2*(left-common) >= j.Growth-common {
			return j
		}
		if rest, ok := st.besideExpired(u, j, i); ok {
			return rest
		}
		// What others free during a trial may hide a leak: its blocks tell how large.
		j.Label, j.Detectable = verdict.Warmup, max(left, j.High)
		j.Reason = fmt.Sprintf("grew %s per request, which was freed within %s", amount(j.Growth, unit), units.Seconds(u.retest.waited))
		if less {
			left = 0 // it is freed later than the retest waited
			j.Reason = fmt.Sprintf("grew %s per request, and the process holds less than half of that by now", amount(j.Growth, unit))
		}
		j.Growth, j.Low, j.High = max(0, left), min(0, left), j.Detectable
		return st.beside(u, j, i)
	}
	grown, gone := st.expired(u, i)
	if grown <= 0 || 2*gone < grown {
		return st.unlessCut(u, j)
	}
	return open(j, u.Requests(), "grew %s per request, but %s went away while others ran or nothing was sent", amount(j.Growth, unit), amount(gone, unit))
}

// unlessCut opens a conviction where the process was lost for good before anything was
// seen to stay. It does so unless u has grown by more than caches hold.
func (st *State) unlessCut(u *URI, j verdict.Judgement) verdict.Judgement {
	switch st.Stopped.(type) {
	case record.Lost, record.Failed:
	default:
		return j
	}
	if !u.Item.Requests.Auto || u.Retested() || st.fillsMore(u) || st.outlived(u) >= st.ShortWait() {
		return j
	}
	j.Detectable = max(j.Detectable, j.High)
	return open(j, u.Requests(), "%s, and the process was lost before it was seen to stay", j.Reason)
}

// grewAgain says that u grew by the i-th counter while it was sent again by itself: what
// grows in steps need not.
func (st *State) grewAgain(u *URI, i int, each float64) bool {
	r := &u.retest
	return 2*(st.value(r.made, i)-st.value(r.before, i)) >= each*float64(r.n)
}

// gaveBack says that the i-th counter fell while u was sent again by itself, by half as
// much as u grows or more. A counter that is late has what u freed last until the next
// reading: longer blocks have more of that, and seem to grow.
func (st *State) gaveBack(u *URI, i int, each float64) bool {
	return 2*st.left(&u.retest, i) <= -each
}

// mayMiss says that as few requests as u was sent again by itself often add nothing to the
// i-th counter: a quarter of its blocks of that length did not. Then only every so many
// requests leak, or fill something.
func (st *State) mayMiss(u *URI, i int, each float64) bool {
	short, still := 0, 0
	for _, b := range st.whole(u.Blocks) {
		if b.N() > u.retest.n {
			continue
		}
		if short++; 4*(st.value(b.End, i)-st.value(b.Start, i)) < each*float64(b.N()) {
			still++
		}
	}
	return 4*still >= short && still > 0
}

// expired is what the blocks of u have added to the i-th counter (grown), and how much
// was gone in the end (gone). gone is of all that was added since the first of these
// blocks, by u and by the neighbours that grew. Neighbours that fell made nothing.
// Blocks of former processes do not count.
func (st *State) expired(u *URI, i int) (grown, gone float64) {
	own := st.countedBy(u, i)
	if len(own) == 0 {
		return 0, 0
	}
	now := st.Reading
	switch {
	case st.swept != nil && st.swept.T >= own[len(own)-1].End.T:
		now = *st.swept
	case now.Counters == nil && st.Life().Settled.Counters != nil: // nothing was counted with it
		now = st.Life().Settled
	}
	first := own[0].Start
	grown = st.grownBy(u, i)
	all := grown
	for _, o := range st.URIs {
		if o != u {
			all += st.made(o, first.T, now.T, i)
		}
	}
	return grown, all - (st.value(now, i) - st.value(first, i))
}

// made is what the requests to a neighbour have added to the i-th counter between two
// times. Where it leaks by any counter, that is what most of its blocks tell, of each request,
// judged or not: in the others expired what was not its own.
func (st *State) made(o *URI, since, until float64, i int) float64 {
	added := 0.0
	for _, b := range st.countedBy(o, i) {
		if b.Start.T >= since {
			added += st.added(b, i)
		}
	}
	added = max(0, added)
	if st.leaksOnHeap(o) {
		added = max(added, st.column(o, i).Usual*float64(st.sent(o, since, until)))
	}
	return added
}

// leaksOnHeap says that a counter of the heap convicts u before anything is waited for. The
// bytes of a small leak often scatter too much to convict, where its objects do.
func (st *State) leaksOnHeap(u *URI) bool {
	for k, c := range st.columns() {
		if c.Exact && heap(c) && st.column(u, k).Label == verdict.Leak {
			return true
		}
	}
	return false
}

// sent is how many requests the present process got to u between two times.
func (st *State) sent(u *URI, since, until float64) (n int) {
	for _, blocks := range [][]*record.Block{u.Blocks, u.Others} {
		for _, b := range blocks {
			if b.Life == len(st.Lives)-1 && b.Start.T >= since && b.Start.T < until {
				n += b.N()
			}
		}
	}
	return n
}

// requests is how many requests blocks have.
func requests(blocks []*record.Block) (n int) {
	for _, b := range blocks {
		n += b.N()
	}
	return n
}

func (st *State) sum(blocks []*record.Block, i int) (all float64) {
	for _, b := range blocks {
		all += st.added(b, i)
	}
	return all
}
