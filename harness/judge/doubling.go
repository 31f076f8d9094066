package judge

import (
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// A buffer that doubles whenever it is full takes a step as large as all that it held.
// Then it stands still for as many requests as it has had. So a step at request k is no
// end of growth until 2 k requests were sent.

// sinceFresh are all blocks of u on the present process, in order.
func (st *State) sinceFresh(u *URI) []*record.Block {
	now := len(st.Lives) - 1
	blocks := slices.DeleteFunc(slices.Concat(u.Blocks, u.Others), func(b *record.Block) bool { return b.Life != now || b.N() == 0 })
	slices.SortFunc(blocks, func(a, b *record.Block) int { return a.Seq - b.Seq })
	return blocks
}

// doubling judges u's growth by the i-th counter, an exact one, where it comes in steps
// that are ever further apart. ok is false where u did not grow so.
func (st *State) doubling(u *URI, i int) (j verdict.Judgement, ok bool) {
	if !u.Item.Requests.Auto || !st.On("doubling") {
		return j, false
	}
	edges := make([]verdict.Edge, 1)
	last := edges[0]
	var first, now record.Edge
	for _, b := range st.sinceFresh(u) {
		last.Requests += b.N()
		if len(b.Start.Counters) > i && len(b.End.Counters) > i { // warm-up is not counted
			last.Value += st.value(b.End, i) - st.value(b.Start, i)
			edges = append(edges, last)
			if now = b.End; first.Counters == nil {
				first = b.Start
			}
		}
	}
	if 2*(st.value(now, i)-st.value(first, i)) < last.Value {
		return j, false // most of it was freed
	}
	return verdict.Octaves(edges, st.counterParams(u, i))
}

// inSteps says that the i-th counter grew in steps that come ever later: a few requests
// need not see one.
func (st *State) inSteps(u *URI, i int) bool {
	_, ok := st.doubling(u, i)
	return ok
}

// pendingStep is the largest step of memory, in u's blocks on the present process, that
// may be followed by another one. A step at request k may, until 2 k requests were
// sent. each is its size divided by k, in bytes/request: the step with the largest is
// taken. step is its size in bytes, and next the request that tells, 2 k.
func (st *State) pendingStep(u *URI) (each, step float64, next int) {
	blocks := st.sinceFresh(u)
	all, sent := requests(blocks), 0
	for _, b := range blocks {
		sent += b.N()
		if rise := st.gained(b); all < 2*sent && rise > each*float64(sent) {
			each, step, next = rise/float64(sent), rise, 2*sent
		}
	}
	return each, step, next
}

// stepPending says that what a counter clears took a step of a size that convicts, and
// may take the next one after some more requests.
func (st *State) stepPending(u *URI) bool {
	i := st.bytesColumn()
	if i < 0 || !st.Counted() || u.Requests() == 0 {
		return false
	}
	if each, _, _ := st.pendingStep(u); each <= verdict.Sure(st.columns()[i].Unit) {
		return false
	}
	j, _ := st.settled(u)
	return flat(j) && st.On("doubling")
}

// gained is by how many bytes a counter rose in a block, or the metric where none
// counts bytes. What the process has freed of it since is left out.
func (st *State) gained(b *record.Block) float64 {
	level := func(e record.Edge) float64 { return float64(e.Metric) }
	if i := st.bytesColumn(); i >= 0 {
		level = func(e record.Edge) float64 { return st.value(e, i) }
	}
	return min(level(b.End), level(st.Reading)) - level(b.Start)
}

// unlessPending leaves open what is said to have come to an end where a step may be
// followed by another one.
func (st *State) unlessPending(u *URI, j verdict.Judgement) verdict.Judgement {
	if !flat(j) || !st.On("doubling") {
		return j
	}
	each, step, next := st.pendingStep(u)
	if each <= j.Detectable {
		return j
	}
	j.Detectable = each
	if j.Detectable > st.maxFloor(u) {
		return open(j, next-st.inLife(u), "one step of %s: what doubles takes the next one at request %s", units.Bytes(step), units.Count(next))
	}
	return j
}
