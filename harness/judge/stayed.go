package judge

import (
	"fmt"
	"math"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// What stays of a URI's requests beside what expires is told by those that were sent again by
// themselves, and waited for twice.

// sentSince is how many requests u got since that time, in seconds, in blocks that are not
// judged.
func (u *URI) sentSince(t float64) (n int) {
	for _, b := range u.Others {
		if b.Start.T >= t && !b.Cut {
			n += b.N()
		}
	}
	return n
}

// besideExpired convicts u by what its requests left, though most of what they made has
// gone: a client that nobody closes stays when its connection is dropped. Requests that
// were waited for twice left the same, so what was to expire had expired by then.
func (st *State) besideExpired(u *URI, j verdict.Judgement, i int) (verdict.Judgement, bool) {
	unit := st.columns()[i].Unit
	s, ok := st.stayed(u, i)
	if !ok || st.holdsLess(u, i, s.left) || s.left < max(verdict.Sure(unit), 4*s.off) || math.Abs(s.first-s.left) > max(s.off, s.left/steadyLeft) {
		return j, false
	}
	j.Reason = fmt.Sprintf("grew %s per request, of which %s stayed for %s", amount(j.Growth, unit), amount(s.left, unit), units.Seconds(u.retest.waited))
	return s.figures(j), true
}

// beside gives a counter that does not convict u by itself the figures of what stayed, where
// another one convicts u by that.
func (st *State) beside(u *URI, j verdict.Judgement, i int) verdict.Judgement {
	s, ok := st.stayed(u, i)
	if !ok {
		return j
	}
	for k, c := range st.columns() {
		if k == i || !c.Exact || c.Held {
			continue
		}
		other := st.column(u, k)
		if other.Label != verdict.Leak || !st.mostWent(u, other, k) {
			continue
		}
		if _, ok := st.besideExpired(u, other, k); ok {
			return s.figures(j)
		}
	}
	return j
}

// mostWent says that a retest of u by itself left less than half of what u grew by.
func (st *State) mostWent(u *URI, j verdict.Judgement, i int) bool {
	common := st.inAll(u, i)
	return 2*(st.left(&u.retest, i)-common) < j.Growth-common
}

// stays is what requests that were sent again left of a counter, beyond what every request
// does, in its unit per request: those that were sent ahead (first), and those behind them. off
// is by how much readings may be off.
type stays struct{ first, left, off float64 }

// figures are those of a conviction by what stayed.
func (s stays) figures(j verdict.Judgement) verdict.Judgement {
	j.Growth, j.Low, j.High = s.left, max(0, min(s.first, s.left)-s.off), max(s.first, s.left)+s.off
	j.Usual = s.left
	return j
}

// stayed is what u's requests left of the i-th counter in a retest by itself. ok is false
// where those that were sent ahead of it were not waited for twice.
func (st *State) stayed(u *URI, i int) (s stays, ok bool) {
	r := &u.retest
	if !u.Retested() || r.primes == 0 || len(r.ahead.Counters) <= i || !st.On("beside-expired") {
		return s, false
	}
	common := st.inAll(u, i)
	s.left = st.left(r, i) - common
	s.first = (st.value(r.before, i)-st.value(r.ahead, i))/float64(r.primes) - common
	s.off = 2 * verdict.Noise(st.columns()[i].Unit) / float64(min(r.n, r.primes))
	return s, true
}

// steadyLeft is the part of what requests left by which it may differ from what those ahead
// of them left.
const steadyLeft = 10

// holdsLess says that u cannot have left so much with each of its requests. All that is alive
// by the i-th counter, from all URIs, is less than half of that.
func (st *State) holdsLess(u *URI, i int, each float64) bool {
	own := st.countedBy(u, i)
	return st.Reading.Counters != nil && st.On("holds-less") && 2*st.value(st.Reading, i) < each*float64(requests(own))
}
