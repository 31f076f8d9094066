package judge

import (
	"fmt"
	"math"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// settled judges by what was read at block edges after garbage had been
// collected: the runtime's counters, and RSS beside them.
func (st *State) settled(u *URI) (verdict.Judgement, []string) {
	rss := st.settledRSS(u, 0)
	counters := slices.DeleteFunc(st.counters(u), isHeld)
	known := st.NativeKnown()
	excused := known || st.boundless() != "" || st.uncountable() && u.Item.Requests.Auto // native sends those once more
	if excused && rss.Label == verdict.Leak {
		rss.Label, rss.More = verdict.Inconclusive, 0
	}
	convicts := slices.ContainsFunc(counters, func(c verdict.Evidence) bool { return c.Exact && c.Judgement.Label == verdict.Leak })
	if rss.Label == verdict.Leak && st.grewOnHeap(u) && !convicts {
		rss.Label, rss.More = verdict.Inconclusive, u.Requests()
		rss.Reason = fmt.Sprintf("grew %s per request, and most of it was given back", units.Bytes(rss.Growth))
	}
	j, evidence := verdict.Fuse(rss, counters)
	more, unseen := st.unseen(u)
	if unseen && convicts {
		j.Native = more.Growth - j.Growth
		j.Growth, j.Low, j.High = more.Growth, more.Low, more.High
		j.Reason += fmt.Sprintf("; RSS grew %s per request: the rest is in no counter", units.Bytes(more.Growth))
	}
	if j.Label == verdict.Leak && !unseen {
		return st.withNative(u, j, evidence)
	}
	switch n, ok := st.native(u); {
	case !ok || j.Label == verdict.Leak:
	case st.uncountable():
		return n, []string{"rss"}
	default:
		return n, []string{evidenceNative, "rss"}
	}
	if !flat(j) {
		return j, evidence
	}
	if unseen && more.Label == verdict.Leak {
		j.Detectable = max(j.Detectable, more.High)
		return open(j, u.Requests(), "RSS grew %s per request, and no counter explains it; %s", units.Bytes(more.Growth), j.Reason), evidence
	}
	if grew := st.uncounted(u); grew.More > 0 {
		grew.Reason = "RSS " + grew.Reason
		if i := slices.IndexFunc(counters, func(c verdict.Evidence) bool { return c.Name == evidence[0] }); i >= 0 {
			grew.Reason += fmt.Sprintf("; %s: %s", evidence[0], counters[i].Judgement.Reason)
		}
		return grew, evidence
	}
	j.Counted = j.Detectable
	j = st.postponed(u, j)
	if hid := st.standing(u); hid > j.Detectable {
		j.Reason += fmt.Sprintf("; the counters stood still to the bit, while RSS rose by %s for each of its requests", units.Bytes(hid))
		j.Detectable = hid
	}
	if unseen && more.High > j.Detectable {
		j.Reason += fmt.Sprintf("; what RSS grew by is in no counter, up to %s per request", units.Bytes(more.High))
		j.Detectable = more.High
	}
	if st.countsNative() || excused && !known {
		return j, evidence
	}
	// The counter does not hold what native libraries take from malloc: of that, RSS
	// alone tells, or what the runtime says to have for itself.
	rest := st.settledRSS(u, st.scatterRSS())
	if known {
		rest = st.uncountedRSS(u, Horizon)
	}
	if native := rest.Detectable; native > j.Detectable && st.On("native-floor") {
		j.Reason += fmt.Sprintf("; native memory is not counted, and may grow by up to %s per request", units.Bytes(native))
		j.Detectable = native
	}
	return j, evidence
}

// quietRSS is by how much a settled reading of RSS is off, in bytes, in a process
// whose heap stands still.
const quietRSS = 32 << 10

// scatter is scatterRSS of a version of the state, with counters that are evidence or without.
type scatter struct {
	version     int
	uncountable bool
	bytes       float64
}

// scatterRSS is by how much a settled reading of RSS is off in this process, in bytes,
// and at least quietRSS. Each block adds something to RSS beyond what the runtime
// counts. scatterRSS is how far that is from what blocks of its URI mostly add: the
// median over the blocks of all URIs.
func (st *State) scatterRSS() float64 {
	all := st.uncountable()
	if s := st.scatter; s != nil && s.version == st.version && s.uncountable == all {
		return s.bytes
	}
	var off []float64
	for _, u := range st.URIs {
		var own []float64
		for _, b := range st.counted(u) {
			own = append(own, (st.nativeBytes(b.End)-st.nativeBytes(b.Start))/float64(b.N()))
		}
		mostly := median(own)
		for k, b := range st.counted(u) {
			off = append(off, math.Abs(own[k]-mostly)*float64(b.N()))
		}
	}
	st.scatter = &scatter{st.version, all, max(quietRSS, median(off))}
	return st.scatter.bytes
}

// median is the median of values, 0 of none; it sorts a copy.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// uncounted is growth of settled RSS that a few blocks suggest. It is followed to the
// horizon before a counter clears u: a counter knows nothing of what native libraries
// take from malloc.
func (st *State) uncounted(u *URI) verdict.Judgement {
	j := st.settledRSS(u, quietRSS)
	if st.NativeKnown() {
		j = st.uncountedRSS(u, Horizon)
	}
	if u.Item.Requests.Auto && j.Label == verdict.Inconclusive && j.Low > 0 &&
		u.Counted() < Horizon && !st.countsNative() && st.mayStay(u) && st.On("native-followed") {
		return j
	}
	return verdict.Judgement{}
}

// counted are u's blocks in the present process that were counted at both edges.
func (st *State) counted(u *URI) []*record.Block {
	return st.whole(u.own(), -1)
}

// countedBy are those that tell of the i-th counter. What is held beside memory is not
// freed while others run, so that all blocks tell of that.
func (st *State) countedBy(u *URI, i int, since float64) []*record.Block {
	return st.whole(u.tell(st.columns()[i]), since)
}

// tell are the blocks that judge u by a counter.
func (u *URI) tell(c record.Column) []*record.Block {
	if c.Held {
		return u.Blocks
	}
	return u.own()
}

// whole are those of some blocks that were counted at both edges in the present process,
// and that began at since or later.
func (st *State) whole(blocks []*record.Block, since float64) []*record.Block {
	now, out := len(st.Lives)-1, make([]*record.Block, 0, len(blocks))
	for _, b := range blocks {
		if !b.Cut && b.Life == now && b.Start.T >= since {
			out = append(out, b)
		}
	}
	return out
}

// countsNative says that a counter holds what native libraries have from malloc.
func (st *State) countsNative() bool {
	return !st.uncountable() && slices.ContainsFunc(st.columns(), func(c record.Column) bool { return c.Native })
}

// edges is u's own series of one settled value at block edges. What changed while
// others ran is taken out. Blocks for which skip is true are left out; skip may be nil.
func (u *URI) edges(value func(record.Edge) float64, skip func(*record.Block) bool) []verdict.Edge {
	return edges(u.own(), value, skip)
}

func edges(blocks []*record.Block, value func(record.Edge) float64, skip func(*record.Block) bool) []verdict.Edge {
	out := make([]verdict.Edge, 1, len(blocks)+1)
	var n int
	var level float64
	for i, b := range blocks {
		// In the first of the blocks in which it is followed expires what its neighbours
		// have left.
		first := b.Purpose == record.Follow && (i == 0 || blocks[i-1].Purpose != record.Follow || blocks[i-1].Seq != b.Seq-1)
		if b.Cut || first || skip != nil && skip(b) {
			continue
		}
		n += b.N()
		level += value(b.End) - value(b.Start)
		out = append(out, verdict.Edge{Requests: n, Value: level})
	}
	return out
}

// settledRSS judges RSS at the edges of u's blocks, each off by so much; 0: the default.
func (st *State) settledRSS(u *URI, noise float64) verdict.Judgement {
	p := bytesParams(u, noise, Horizon)
	return u.answer(question{-1, st.bytesColumn(), p}, func() verdict.Judgement { return verdict.Counter(u.edges(st.metric, nil), p) })
}

// counters are the counters, each judged by itself.
func (st *State) counters(u *URI) []verdict.Evidence {
	var out []verdict.Evidence
	for i, c := range st.columns() {
		j := st.column(u, i)
		switch {
		case st.misfit(i) != "":
			j.Label, j.More, j.Reason = verdict.Inconclusive, 0, st.misfit(i)
		case c.Exact:
			j = st.unlessBackground(u, st.unlessExpired(u, j, i, c.Unit), i, c.Unit)
		case j.Label == verdict.Leak:
		case u.falling(i, c.Unit):
			j.Label, j.More, j.Reason = verdict.Inconclusive, 0, "the counter falls: it does not count what stays alive"
		case st.stands(i):
			j.Label, j.More, j.Reason = verdict.Inconclusive, 0, "the counter never moved: it counts nothing here"
		}
		out = append(out, verdict.Evidence{Name: c.Name, Unit: c.Unit, Exact: c.Exact, Judgement: j})
	}
	return out
}

// judged is what a counter said of a URI, by a version of the state.
type judged struct {
	version int
	verdict.Judgement
}

// column is the i-th counter of u's own blocks, judged by itself. It is asked for many
// times between two events.
func (st *State) column(u *URI, i int) verdict.Judgement {
	if len(u.byColumn) != len(st.columns()) {
		u.byColumn = make([]judged, len(st.columns()))
	}
	j := &u.byColumn[i]
	if j.version != st.version {
		p := st.counterParams(u, i)
		*j = judged{st.version, u.answer(question{column: i, params: p}, func() verdict.Judgement { return st.judgeColumn(u, i, p) })}
	}
	return j.Judgement
}

func (st *State) judgeColumn(u *URI, i int, p verdict.CounterParams) verdict.Judgement {
	c := st.columns()[i]
	by := func(skip func(*record.Block) bool) verdict.Judgement {
		return verdict.Counter(edges(u.tell(c), func(e record.Edge) float64 { return st.value(e, i) }, skip), p)
	}
	j := by(func(b *record.Block) bool { return !c.Exact && wasReset(b, i) })
	if c.Exact && !c.Held && j.Label != verdict.Leak {
		if steps, ok := st.doubling(u, i); ok {
			return steps
		}
		if rest, ok := st.besideFreed(i, j, by); ok {
			j = rest
		}
		if exactBytes(c) {
			j.Detectable += st.freedBeside(u, i, j)
		}
	}
	return j
}

// counterParams are the verdict's parameters for the i-th counter.
func (st *State) counterParams(u *URI, i int) verdict.CounterParams {
	c := st.columns()[i]
	p := verdict.CounterParams{
		Unit: c.Unit, Exact: c.Exact, FixedN: !u.Item.Requests.Auto, Horizon: st.horizon(u, i), Outlived: st.outlived(u),
	}
	if c.Held {
		p.Ambient = heldAmbient
	}
	return p
}

// horizon is for how many requests u must grow by the i-th counter before a bounded cache
// is no longer thought of: fewer where it has grown by more than caches and pools hold.
func (st *State) horizon(u *URI, i int) int {
	b, large := st.bytesColumn(), false
	switch c := st.columns(); {
	case b >= 0 && st.sum(st.counted(u), b) >= Plausible, i >= 0 && c[i].Held && st.plenty(u, i):
		large = st.On("large")
	}
	if large {
		return min(Horizon, u.Counted())
	}
	return Horizon
}

// Grew says that an exact counter would convict u, were it not for what expired.
func (st *State) Grew(u *URI) bool {
	return st.grew(u, func(record.Column) bool { return true })
}

// Surely says that u grows by an exact counter, whether that goes on or not.
func (st *State) Surely(u *URI) bool {
	for i, c := range st.columns() {
		if c.Exact && st.misfit(i) == "" && st.column(u, i).Low > 0 {
			return true
		}
	}
	return false
}

// grewOnHeap is Grew by a counter of the runtime.
func (st *State) grewOnHeap(u *URI) bool {
	return st.grew(u, func(c record.Column) bool { return !c.Held })
}

func (st *State) grew(u *URI, by func(record.Column) bool) bool {
	for i, c := range st.columns() {
		if c.Exact && by(c) && st.column(u, i).Label == verdict.Leak {
			return true
		}
	}
	return false
}

// givenBack says that what u's blocks grew by was gone when its next block began, half of
// it at least and nearly every time. Where native memory is known it is that which counts,
// else RSS. The heap breathes with what is asked for, and a neighbour shrinks it again. So
// does a ring that all share, to which u adds larger entries than others. What leaks stays.
func (st *State) givenBack(u *URI) bool {
	of := st.metric
	if st.NativeKnown() {
		of = st.nativeBytes
	}
	var gaps, gone int
	for i := 1; i < len(u.Blocks); i++ {
		b, next := u.Blocks[i-1], u.Blocks[i]
		if b.Cut || next.Seq == b.Seq+1 {
			continue // nobody else ran in between
		}
		gaps++
		lost := of(b.End) - of(next.Start)
		if lost > 0 && 2*lost >= of(b.End)-of(b.Start) {
			gone++
		}
	}
	return gaps > 0 && 4*gone >= 3*gaps
}

// mayStay says that growth of memory that no counter holds may stay.
func (st *State) mayStay(u *URI) bool {
	return (st.NativeKnown() || st.boundless() == "") && !st.givenBack(u)
}

// Probe is a counter's growth, in its own unit per request.
type Probe struct {
	Name, Unit        string
	Growth, Low, High float64
}

// probes are those of the counters that were read often enough.
func (st *State) probes(u *URI) []Probe {
	out := []Probe{}
	for _, c := range st.counters(u) {
		// Of what a process holds beside memory only that is told which grows.
		if j := c.Judgement; j.Low < j.High && (j.Low > 0 || !isHeld(c)) {
			out = append(out, Probe{Name: c.Name, Unit: c.Unit, Growth: j.Growth, Low: j.Low, High: j.High})
		}
	}
	return out
}
