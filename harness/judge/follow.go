package judge

import (
	"fmt"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Hides says that a leak may hide behind the verdict on u that more requests in a
// row would show.
func (st *State) Hides(u *URI) bool {
	j, _ := st.Judge(u)
	return j.Detectable > floorFollowed
}

// TellingNow is Telling for a confirmation that begins now.
func (st *State) TellingNow(u *URI) record.Pick {
	now := len(st.Lives) - 1
	return func(b *record.Block) bool {
		return b.Life >= now && (st.Tight() || b.Purpose == record.Alone || len(st.URIs) == 1)
	}
}

// Outgrows says that u, which surely grows, can still outgrow the headroom within
// MaxAlone requests.
func (st *State) Outgrows(u *URI, c Confirmed) bool {
	mem := u.Joined(st.alone(u), st.page())
	if len(mem) == 0 {
		return false
	}
	rose := mem[len(mem)-1] - st.trough(mem)
	return rose+max(c.Verdict.High, c.RSS.High)*float64(MaxAlone-len(mem)) > u.headroom
}

// Unfilled says that n requests that leak floorFollowed each would not have filled
// the slack yet, or would be all that grew.
func (st *State) Unfilled(u *URI, n int) bool {
	mem := u.Joined(st.alone(u), st.page())
	if len(mem) == 0 {
		return false
	}
	low := st.trough(mem)
	return float64(n)*floorFollowed < st.free(low)+mem[len(mem)-1]-low
}

// LeastCareful is the fewest requests of a block.
const LeastCareful = 10

// Careful is how many of n requests u gets in one block: fewer where each grows the
// process by so much that a few blocks outgrow any cache, and the process its limit.
func (st *State) Careful(u *URI, n int) int {
	n = st.Spare(u, n, BlockShare)
	have := u.Requests()
	if have == 0 {
		return n
	}
	each := st.Grown(u) / float64(have)
	if each <= 0 {
		return n
	}
	return min(n, max(LeastCareful, int(Plausible/4/each)))
}

// NameRequests is how many requests are traced to name a URI's lines: enough that
// what survives by accident falls below one object a request.
const NameRequests = 160

// tracingRSS is what tracing may take for itself, in bytes: measured, at most
// 13 MiB (the JVM's flight recorder), and no more with two million live objects.
const tracingRSS = 32 << 20

// Crowded says that the pass that names u's lines would need more memory than
// limits.rss leaves, "" where it would not.
func (st *State) Crowded(u *URI) string {
	limit := st.Header.Plan.Limits.RSS
	if limit <= 0 {
		return ""
	}
	j, _ := st.Judge(u)
	need := tracingRSS + int64(max(0, j.High))*int64(st.Careful(u, NameRequests))
	if left := limit - st.Reading.RSS; need > left {
		return fmt.Sprintf("no lines named: tracing may need %s, and limits.rss leaves %s",
			units.Bytes(float64(need)), units.Bytes(float64(max(0, left))))
	}
	return ""
}

// ByRSS judges u's series by the metric alone, as one that gets no more requests.
func (st *State) ByRSS(u *URI) verdict.Judgement {
	return st.final(u)
}

// Unended says that u grows by an exact counter, or by RSS beyond it, and that nothing
// has shown yet whether the growth ends.
func (st *State) Unended(u *URI) bool {
	if u.among != nil && u.among.Label == verdict.Leak {
		return false // it is asked only whether it grows by itself
	}
	if st.HoldsMore(u) {
		return false // more requests would use up what the process may hold
	}
	for i, c := range st.columns() {
		j := st.column(u, i)
		if c.Exact && st.misfit(i) == "" && (j.Label == verdict.Leak || j.Label == verdict.Inconclusive && j.Low > 0) {
			return true
		}
	}
	return st.nativeUnended(u) || st.stepPending(u)
}

// Grown is what u's judged requests have added, in bytes: by an exact counter of
// bytes, or by RSS where there is none, or where that grows beyond the counter.
func (st *State) Grown(u *URI) (bytes float64) {
	if i := st.bytesColumn(); i >= 0 {
		bytes = st.grownBy(u, i)
		if _, ok := st.unseen(u); !ok && !st.nativeUnended(u) {
			return max(0, bytes)
		}
	}
	var rise float64
	for _, b := range u.Blocks {
		if st.NativeKnown() {
			rise += float64(b.End.Native) - float64(b.Start.Native)
		} else {
			rise += float64(b.Rise())
		}
	}
	return max(0, bytes, rise)
}
