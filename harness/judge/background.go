package judge

import (
	"math"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// What a process keeps while nothing is sent is nobody's: a timer's, a background
// task's. It would be laid on the URI that is sent meanwhile, and more of it the slower
// the requests of that are. So where a counter rises through a wait, it is measured
// once more with nothing sent in between: what the requests before left to be done by
// then is done, and what still comes goes on whatever is sent.

// leastIdle is how much a counter must rise by in a wait to count as rising, in its
// unit: that of a few objects that are made by chance.
func leastIdle(c record.Column) float64 {
	if c.Unit == "bytes" {
		return 4 << 10
	}
	return 4
}

// idle is the growth of each counter while nothing is sent, in units/second; 0 where
// none was seen. e is the reading at the end of a wait, which last came before.
func (st *State) noteIdle(last record.Edge, e record.Read) {
	if e.Waited > 0 && !st.Counted() {
		st.noteIdleRSS(float64(e.Edge.Metric-last.Metric), e.Edge.T-last.T)
	}
	if e.Waited <= 0 || last.Counters == nil || e.Edge.Counters == nil || !st.On("background") {
		return
	}
	st.rose = false
	rates := make([]float64, len(st.columns()))
	for i, c := range st.columns() {
		if d := e.Edge.Counter(i) - last.Counter(i); c.Exact && d > leastIdle(c) {
			rates[i] = d / (e.Edge.T - last.T)
			st.rose = true
		}
	}
	if st.quiets > 0 && st.rose {
		st.idle = rates
		st.unanswer()
	}
}

// leastIdleRSS is how much RSS must rise by in a wait to count as rising, in bytes.
const leastIdleRSS = 128 << 10

// noteIdleRSS is noteIdle by RSS alone, which rose by so many bytes in so many seconds.
// The median of all waits holds, the lower of two: a heap may grow once while nothing is
// sent, and what is kept may find room once that was free.
func (st *State) noteIdleRSS(rose, seconds float64) {
	rate := 0.0
	if rose > leastIdleRSS && seconds > 0 {
		rate = rose / seconds
	}
	st.idles = append(st.idles, rate)
	v := slices.Sorted(slices.Values(st.idles))
	st.idleRSS = v[(len(v)-1)/2]
}

// unlessIdle makes a conviction by RSS inconclusive where the process also grows while
// nothing is sent. It does so where the process grows then, in the time that a request
// takes, by half as much or more.
func (st *State) unlessIdle(u *URI, j verdict.Judgement) verdict.Judgement {
	if j.Label != verdict.Leak || st.idleRSS == 0 || !st.On("idle-rss") {
		return j
	}
	if took := each(u.Blocks); took == 0 || 2*st.idleRSS*took < j.Growth {
		return j
	}
	j.Detectable = max(j.Detectable, j.High)
	return open(j, 0, "grew %s per request, and the process by %s a second while nothing was sent", units.Bytes(j.Growth), units.Bytes(st.idleRSS))
}

// each is how many seconds a request of the blocks took, readings at their edges included;
// 0 of none.
func each(blocks []*record.Block) float64 {
	var seconds, n float64
	for _, b := range blocks {
		seconds, n = seconds+b.End.T-b.Start.T, n+float64(b.N())
	}
	return seconds / max(1, n)
}

// RoseIdle says that a counter rose through the last wait, and that it is not known
// yet whether that goes on.
func (st *State) RoseIdle() bool { return st.rose && st.quiets == 1 && st.idle == nil }

// value is the i-th counter of a reading, less what the process keeps by itself.
func (st *State) value(e record.Edge, i int) float64 {
	v := e.Counter(i)
	if i < len(st.idle) {
		v -= st.idle[i] * e.T
	}
	return v
}

// unlessBackground opens a conviction by the i-th counter of less than half of what the
// process keeps by itself in the time of a request: that is no steadier while it is busy.
func (st *State) unlessBackground(u *URI, j verdict.Judgement, i int, unit string) verdict.Judgement {
	if j.Label != verdict.Leak || i >= len(st.idle) || st.idle[i] <= 0 || !st.On("background") {
		return j
	}
	own := st.idle[i] * each(st.counted(u))
	if 2*j.Growth >= own {
		return j
	}
	j.Detectable = max(j.Detectable, j.High)
	return open(j, 0, "grew %s per request, beside %s that the process keeps in the time of one by itself", amount(j.Growth, unit), amount(own, unit))
}

// Background is what the process keeps while nothing is sent, in units/second, by
// column; nil where nothing was seen.
func (st *State) Background() []float64 {
	for _, v := range st.idle {
		if v > 0 && !math.IsInf(v, 0) {
			return st.idle
		}
	}
	return nil
}
