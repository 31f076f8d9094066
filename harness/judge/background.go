package judge

import (
	"math"

	"leakhunt/harness/record"
)

// What a process keeps while nothing is sent is nobody's: a timer's, a background
// task's. It would be laid on whoever is sent meanwhile, the more the slower its
// requests are. So where a counter rises through a wait, it is measured once more
// with nothing sent in between: what the requests before left to be done by then is
// done, and what still comes goes on whatever is sent.

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
	}
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
