package judge

import (
	"fmt"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// What native libraries take from malloc no runtime counts. It is what the process has
// beyond what the runtime says to have for itself. Where the runtime does not say that,
// it is taken for what settled RSS grows by beyond the live bytes of the counter: a heap
// that fragments, or that garbage has made larger, grows by that, too.

// evidenceNative is how evidence names it.
const evidenceNative = "native memory"

const (
	// nativeHorizon is for how many requests it must have grown: a heap that
	// fragments grows for a while, too.
	nativeHorizon = 2 * Horizon
	// nativeShare is the share of what the process had that it must have grown by at
	// least: by so much a heap may fragment (see shareLoose).
	nativeShare = shareLoose
	// nativeLeast is the same in bytes: arenas of threads and pools of the allocator.
	nativeLeast = 4 << 20
	// nativeKnownLeast is the same where the runtime says what it has for itself: what malloc
	// keeps free.
	nativeKnownLeast = 1 << 20
)

// nativeBytes is what the process has beyond what the runtime counts, in bytes, as far as that
// is known.
func (st *State) nativeBytes(e record.Edge) float64 { return st.memory(native).in(&e) }

// NativeKnown says that native memory is known: the runtime says what it has for itself.
func (st *State) NativeKnown() bool {
	l := st.Life()
	return l != nil && l.Native && !st.uncountable() && st.On("native-known")
}

// bytesColumn is the index of the exact counter of bytes; -1 without one that is evidence.
func (st *State) bytesColumn() int { return st.fits().bytes }

func exactBytes(c record.Column) bool { return c.Exact && c.Unit == "bytes" }

// uncountedRSS judges what RSS grew by beyond the live bytes, at the edges of u's
// blocks.
func (st *State) uncountedRSS(u *URI, horizon int) verdict.Judgement {
	return u.grewBy(st.memory(native), st.scatterRSS(), horizon)
}

// grewBy judges what memory grew by at the edges of u's blocks, each off by so many bytes;
// 0: by as many as usual.
func (u *URI) grewBy(m memory, noise float64, horizon int) verdict.Judgement {
	p := bytesParams(u, noise, horizon)
	return u.answer(question{m, p}, func() verdict.Judgement { return verdict.Counter(edges(u.own(), m.added, nil), p) })
}

// bytesParams are the verdict's parameters for an amount of memory, each reading of which is
// off by so many bytes; 0: by as many as usual.
func bytesParams(u *URI, noise float64, horizon int) verdict.CounterParams {
	return verdict.CounterParams{Unit: "bytes", Noise: noise, FixedN: !u.Item.Requests.Auto, Horizon: horizon}
}

// mayBeNative says that growth of RSS beyond the counter may be a native library's.
func (st *State) mayBeNative(u *URI) bool {
	return !st.countsNative() && st.mayStay(u) && st.On("native")
}

// native says that memory leaks that no counter holds, and by how much: that grew evenly
// to the horizon, by more than a heap fragments, and by more than what is counted. Where
// no counter is evidence, that is all memory.
func (st *State) native(u *URI) (j verdict.Judgement, ok bool) {
	return st.nativeFrom(u, 0)
}

// nativeFrom is native with a shorter horizon, in requests; 0: with its own.
func (st *State) nativeFrom(u *URI, fewer int) (j verdict.Judgement, ok bool) {
	for _, n := range st.uncountedOf(u) {
		if fewer > 0 {
			n.horizon = min(n.horizon, fewer)
		}
		if n.j.Label != verdict.Leak || u.Requests() < n.horizon || n.j.Low*float64(u.Counted()) < n.least {
			continue
		}
		return st.tried(u, n), true
	}
	return j, false
}

// tried is the conviction of u, unless one of the trials opens it.
func (st *State) tried(u *URI, n uncounted) verdict.Judgement {
	j, beyond := n.j, " beyond what the runtime counts"
	if st.uncountable() {
		beyond = ""
	}
	for _, t := range st.trials(u, n.memory) {
		if n := float64(t.n); 2*t.rose < j.Growth*n {
			return open(j, 0, "RSS grew %s per request%s, and by only %s with %s between two waits of %s: what was made before had gone by then",
				units.Bytes(j.Growth), beyond, units.Bytes(max(0, t.rose)), units.Quantity(n, "more requests"), units.Seconds(t.waited))
		}
	}
	if !st.uncountable() {
		j.Reason = fmt.Sprintf("RSS grew %s per request%s, through %s requests: native memory leaks", units.Bytes(j.Growth), beyond, units.Count(j.Requests))
	}
	return j
}

// withNative is a conviction of u by a counter, with the native memory that leaks beside
// what that counts: an object of a hundred bytes may stand for a buffer of any size. What
// may be such a leak is told.
func (st *State) withNative(u *URI, j verdict.Judgement, evidence []string) (verdict.Judgement, []string) {
	if st.bytesColumn() < 0 {
		return j, evidence
	}
	fewer := 0
	if !u.Item.Requests.Auto { // there will be no more
		fewer = u.Requests()
	}
	n, ok := st.nativeFrom(u, fewer)
	if !ok || n.Label != verdict.Leak {
		if n = st.uncountedRSS(u, Horizon); st.NativeKnown() && n.Low > j.High {
			j.Reason += fmt.Sprintf("; native memory grew %s per request besides, and it is not sure that this goes on", units.Bytes(n.Growth))
		} else if more, unseen := st.unseen(u); unseen {
			j.Reason += fmt.Sprintf("; RSS grew %s per request, the rest is in no counter, and it is not sure that this goes on", units.Bytes(more.Growth))
		}
		return j, evidence
	}
	j.Growth, j.Low, j.High, j.Native = j.Growth+n.Growth, j.Low+n.Low, j.High+n.High, n.Growth
	j.Reason += fmt.Sprintf("; of what it keeps, %s per request are native memory", units.Bytes(n.Growth))
	at := slices.Index(evidence, "rss")
	if at < 0 {
		at = len(evidence)
	}
	return j, slices.Insert(slices.Clone(evidence), at, evidenceNative)
}

// LeaksNative says that u is convicted of native memory alone: no runtime knows the lines
// that take it.
func (st *State) LeaksNative(u *URI) bool {
	j, evidence := st.Judge(u)
	return j.Label == verdict.Leak && evidence[0] == evidenceNative
}

// nativeTrials is how many trials a conviction of native memory needs: the first may
// fill what malloc has given back to the system, and the second finds that free.
const nativeTrials = 2

// trial is a block of n requests between two waits. rose is by how many bytes native
// memory rose until the end of the block or of the second wait, whichever is less.
type trial struct {
	n      int
	rose   float64
	waited float64 // seconds, before it
}

// trials are those of u on the present process, in order.
func (st *State) trials(u *URI, m memory) (out []trial) {
	for _, b := range u.Others {
		if b.Purpose != record.Expiry || b.Life != len(st.Lives)-1 || b.Cut {
			continue
		}
		end := m.in(&b.End)
		for _, r := range st.Segment().Reads {
			if r.Waited > 0 && r.Edge.T >= b.End.T {
				end = min(end, m.in(&r.Edge))
				break
			}
		}
		out = append(out, trial{b.N(), end - m.in(&b.Start), st.waitedBefore(b)})
	}
	return out
}

// Native is how many requests convicted u of a leak of native memory. As many are sent
// once more, between two waits. What only waits to be freed leaves room for them, or is
// gone after the second wait. Native is 0 where there are none, or the trials are over.
func (st *State) Native(u *URI) int {
	j, ok := st.native(u)
	if !ok || j.Label != verdict.Leak || len(st.trials(u, st.memory(native))) >= nativeTrials {
		return 0
	}
	return u.Requests()
}

// nativeUnended says that memory grows that no counter holds, and that nothing has shown
// yet whether that comes to an end.
func (st *State) nativeUnended(u *URI) bool {
	return slices.ContainsFunc(st.uncountedOf(u), func(n uncounted) bool {
		if n.horizon > Horizon {
			n.j = u.grewBy(n.memory, st.scatterRSS(), Horizon)
		}
		return n.j.Label == verdict.Leak || n.j.Label == verdict.Inconclusive && n.j.Low > 0 && !n.mapped
	})
}
