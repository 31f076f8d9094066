package judge

import (
	"fmt"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// What RSS convicts within seconds may be kept for a while only, or fill a cache that
// has an end. So it has to go on for as many requests again after a wait: what expired
// leaves room that a leak does not. Then it has to go on for as long as that is cheap:
// what fills comes to its end. These requests are no part of the judged series, for a
// collector that runs while nothing is sent breaks it.

// leastProof is how many requests at the end of a proof show whether growth goes on.
const leastProof = 1024

// proving are the blocks that followed the last confirmation of u.
func (st *State) proving(u *URI) (out []*record.Block) {
	alone := -1
	for _, b := range u.Blocks {
		if b.Purpose == record.Alone {
			alone = b.Seq
		}
	}
	for _, b := range u.Others {
		if b.Purpose == record.Expiry && b.Seq >= alone && b.Life == len(st.Lives)-1 && b.N() > 0 {
			out = append(out, b)
		}
	}
	return out
}

// proof is the metric after each request of those, in bytes, without the change while others
// ran. first is how many of these requests came in the first row.
func (st *State) proof(u *URI) (mem []float64, first int) {
	blocks := st.proving(u)
	mem = make([]float64, 0, requests(blocks))
	level, last := 0.0, -1
	for _, b := range blocks {
		base := float64(b.Start.Metric)
		if len(mem) == 0 {
			level = base
		}
		if last < 0 || b.Seq == last+1 {
			first, last = first+b.N(), b.Seq
		}
		for m := range b.Metric.All() {
			mem = append(mem, level+float64(m)-base)
		}
		level += float64(b.Metric.At(b.N()-1)) - base
	}
	return mem, first
}

// Proved is how many requests u was sent after its confirmation to see whether its
// growth goes on.
func (st *State) Proved(u *URI) int { return requests(st.proving(u)) }

// Convicted says that RSS convicts u, and by how much it grows a request.
func (st *State) Convicted(u *URI) (growth float64, ok bool) {
	if !u.Tried || u.Expired != "" || u.trial != len(st.Lives)-1 {
		return 0, false
	}
	j := st.Confirmation(u).Verdict
	return j.Growth, j.Label == verdict.Leak
}

// endProof judges the requests that followed a conviction by RSS.
func (st *State) endProof(u *URI, b *record.Block) {
	if u.Broken || b.N() < b.Planned || u.Expired != "" {
		return
	}
	c := st.Confirmation(u)
	j := c.Verdict
	if j.Label != verdict.Leak {
		return
	}
	mem, first := st.proof(u)
	if c.RSS.Label != verdict.Leak {
		st.endProofTouched(u, j, mem)
		return
	}
	if n := len(mem); n == first && st.On("rss-expiry") {
		tail := n / 4
		var after float64
		for _, m := range mem[n-tail:] {
			after += m / float64(tail)
		}
		if rose := after - u.before; tail > 0 && 2*rose < j.Growth*float64(n) {
			u.Expired = fmt.Sprintf("it grew by %s per request, and by only %s with %s after a wait of %s: what was made before had gone by then",
				units.Bytes(j.Growth), units.Bytes(max(0, rose)), units.Quantity(float64(n), "more requests"), units.Seconds(st.waitedBefore(b)))
			return
		}
	}
	if len(mem) < leastProof || !st.On("rss-follow") {
		return
	}
	u.unproved = ""
	end := verdict.Fixed(mem, st.params(u))
	if 2*end.High >= j.Growth {
		u.lasted = len(mem)
		return
	}
	ended := fmt.Sprintf("it grew by %s per request, and by no more than %s in the last half of %s",
		units.Bytes(j.Growth), units.Bytes(max(0, end.High)), units.Quantity(float64(len(mem)), "more requests"))
	room := u.headroom
	if st.On("freed-by-others") {
		room = max(room, st.freed(u))
	}
	end.Detectable = max(end.Detectable, end.High) + 2*room/float64(len(mem))
	if all := (mem[len(mem)-1] - mem[0] + room) / float64(len(mem)); all > end.High { // the same of the whole
		end.Detectable = min(end.Detectable, max(end.High, all))
	}
	if end.Detectable >= j.Growth && st.On("freed-by-others") {
		u.unproved = fmt.Sprintf("%s; that may have filled %s that others freed", ended, units.Bytes(room))
		return
	}
	u.end, u.Expired = end, ended+": what it fills has an end"
}

// freed bounds, in bytes, what others than u may have freed by now, and what they left
// resident: a leak fills it without any growth of RSS. It is all that they have made the
// process grow by since its warm-up, but for what convicted leaks hold.
func (st *State) freed(u *URI) float64 {
	life := st.Life()
	now, bytes := len(st.Lives)-1, float64(life.Peak-life.Warmed)
	for _, b := range slices.Concat(u.Blocks, u.Others) {
		if b.Life == now && b.Purpose != record.Warmup {
			bytes -= float64(b.Rise())
		}
	}
	for _, o := range st.URIs {
		if _, ok := st.Convicted(o); ok && o != u && o.unproved == "" {
			bytes -= max(0, st.Confirmation(o).Verdict.Low) * float64(st.inLife(o)+st.Proved(o))
		}
	}
	return max(0, bytes)
}

// endProofTouched judges them where it is the touched set that convicts, since RSS does
// not show yet what grows in memory that was free. That was full by the conviction, so
// RSS has to grow from there: a ring that is full touches all that it holds, in turn.
func (st *State) endProofTouched(u *URI, j verdict.Judgement, mem []float64) {
	n := len(mem)
	if len(u.Touched) == 0 || n == 0 {
		return
	}
	last := u.Touched[len(u.Touched)-1]
	var from record.Touch
	for _, t := range u.Touched {
		if t.After <= last.After-n {
			from = t
		}
	}
	switch rose, risen := float64(last.Bytes-from.Bytes), mem[n-1]-mem[0]; {
	case 2*rose < j.Growth*float64(n):
		u.Expired = fmt.Sprintf("it touched %s of new memory per request, and only %s with %s: what was made before had gone by then",
			units.Bytes(j.Growth), units.Bytes(max(0, rose)), units.Quantity(float64(n), "more requests"))
	case 2*risen < j.Growth*float64(n) && n >= leastProof:
		u.Expired = fmt.Sprintf("it touched %s of new memory per request, and RSS rose by only %s with %s: it may only reuse memory that it had",
			units.Bytes(j.Growth), units.Bytes(max(0, risen)), units.Quantity(float64(n), "more requests"))
	}
}

// unlessExpiredRSS opens a conviction by RSS where what was kept was seen to go. Where it
// came to an end, what followed tells how large a leak may be beside it, unless others
// leak: what they have made room for is not known.
func (st *State) unlessExpiredRSS(u *URI, j verdict.Judgement) verdict.Judgement {
	switch {
	case j.Label != verdict.Leak, u.Expired == "" && u.unproved == "":
		return j
	case u.Expired == "":
		j.Detectable = max(j.Detectable, j.High)
		return open(j, 0, "%s", u.unproved)
	}
	leaks := func(o *URI) bool {
		_, ok := st.Convicted(o)
		return ok
	}
	if flat(u.end) && !slices.ContainsFunc(st.URIs, leaks) {
		j = u.end
		j.Label, j.Reason = verdict.Warmup, u.Expired
		return j
	}
	j.Detectable = max(j.Detectable, j.High)
	j = open(j, 0, "%s", u.Expired)
	if st.bounds() && j.Detectable <= floorPlain { // no leak makes more than all that it grew by
		j.Label = verdict.Warmup
	}
	return j
}
