package judge

import "leakhunt/harness/verdict"

// uncounted is memory that no runtime counts, and j how the blocks of a URI grew by it. That
// convicts from horizon requests and least bytes on.
type uncounted struct {
	memory  memory
	j       verdict.Judgement
	horizon int
	least   float64
	mapped  bool // it is what nothing counts, neither the runtime nor malloc
}

// uncountedOf are the kinds of memory that no counter holds, and that u may leak.
func (st *State) uncountedOf(u *URI) (out []uncounted) {
	own := st.counted(u)
	if len(own) == 0 {
		return nil
	}
	much := max(nativeLeast, nativeShare*float64(own[0].Start.Anon))
	if st.mayBeNative(u) {
		n := uncounted{memory: st.memory(native), horizon: nativeHorizon, least: much}
		switch {
		case st.uncountable():
			n.horizon, n.least = st.horizon(u, -1), 0
		case st.NativeKnown():
			n.horizon, n.least = st.horizon(u, -1), nativeKnownLeast
		default: // what is counted explains as much: a heap takes more than is alive
			if i := st.bytesColumn(); i >= 0 {
				n.least = max(much, st.grownBy(u, i))
			}
		}
		n.j = st.uncountedRSS(u, n.horizon)
		out = append(out, n)
	}
	if _, ok := st.unseen(u); ok && st.boundless() == "" && !st.givenBack(u) {
		m := st.memory(unexplained)
		out = append(out, uncounted{m, u.grewBy(m, st.scatterRSS(), nativeHorizon), nativeHorizon, much, true})
	}
	return out
}

// unseen says that settled RSS grows, without doubt, by more than twice what is known: the
// rest is in no counter, such as mapped files and memory of devices. j is the growth of RSS.
func (st *State) unseen(u *URI) (j verdict.Judgement, ok bool) {
	i := st.bytesColumn()
	if i < 0 || !st.countsNative() && !st.NativeKnown() {
		return j, false
	}
	j = st.settledRSS(u, 0)
	if j.Label != verdict.Leak && (j.Label != verdict.Inconclusive || j.More == 0) {
		return j, false
	}
	known := st.column(u, i).High
	if st.NativeKnown() {
		known = u.grewBy(st.memory(explained), st.scatterRSS(), Horizon).High
	}
	return j, j.Low > 2*max(0, known) && st.On("unseen")
}
