package judge

import (
	"slices"

	"leakhunt/harness/record"
)

// Latency holds quantiles of the answered judged requests, in ms.
type Latency struct{ P50, P99 float64 }

// LatencyOf is the latency of those series together; zero where nothing was
// answered.
func LatencyOf(series ...*record.Series) Latency {
	var all []uint32
	for _, s := range series {
		all = append(all, s.Latencies()...)
	}
	if len(all) == 0 {
		return Latency{}
	}
	slices.Sort(all)
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))]) / 1000 }
	return Latency{P50: at(0.50), P99: at(0.99)}
}

// Quick says that n more requests to a URI take less than so many seconds, by the mean
// of those that it has answered.
func Quick(s *record.Series, n int, seconds float64) bool { return s.Latency()*float64(n) < seconds }

// BlockTime is how many seconds a block of the sweep's first rounds takes at most.
const BlockTime = 2

// Brief is how many of n requests to u take so many seconds, by the quickest pass of its
// warm-up: all of them, or fewer, and LeastCareful at least.
func (st *State) Brief(u *URI, n int, seconds float64) int {
	each := quickest(u.Series, len(st.Lives)-1)
	if each <= 0 {
		return n
	}
	return int(min(float64(n), max(LeastCareful, seconds/each)))
}

// quickest is how many seconds a request took in the quickest pass of a process's warm-up;
// 0 where there was none.
func quickest(s *record.Series, life int) (each float64) {
	for _, b := range s.Others {
		if b.Purpose != record.Warmup || b.Life != life || b.N() == 0 {
			continue
		}
		if t := b.Sending() / float64(b.N()); each == 0 || t < each {
			each = t
		}
	}
	return each
}

// Allows says that the time limit is not reached in so many seconds.
func (st *State) Allows(seconds float64) bool {
	l := st.Header.Plan.Limits.Time
	return l <= 0 || st.Now+seconds < l
}

// TookInARow is Took where no other URI was sent in between; 0 elsewhere. What u's
// first requests made could then go only while its last ones were sent.
func (u *URI) TookInARow(n int) float64 {
	left, seq := n, -1
	for i := len(u.Blocks) - 1; i >= 0 && left > 0; i-- {
		b := u.Blocks[i]
		if seq >= 0 && b.Seq != seq-1 {
			return 0
		}
		seq = b.Seq
		left -= b.N()
	}
	if left > 0 {
		return 0
	}
	return u.Took(n)
}

// Took is how long u's last n judged requests took, in seconds.
func (u *URI) Took(n int) float64 {
	last, left := -1.0, n
	for i := len(u.Blocks) - 1; i >= 0; i-- {
		at, n := &u.Blocks[i].At, u.Blocks[i].N()
		if n == 0 {
			continue // it has just begun
		}
		if last < 0 {
			last = float64(at.At(n - 1))
		}
		if left < n {
			return (last - float64(at.At(n-1-left))) / record.Ticks
		}
		left -= n
	}
	return 0
}
