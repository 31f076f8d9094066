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
	var counters []verdict.Evidence
	for _, c := range st.counters(u) {
		if !isHeld(c) {
			counters = append(counters, c)
		}
	}
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
	if j.Label == verdict.Leak {
		return st.withNative(u, j, evidence)
	}
	switch n, ok := st.native(u); {
	case !ok:
	case st.uncountable():
		return n, []string{"rss"}
	default:
		return n, []string{evidenceNative, "rss"}
	}
	if !flat(j) {
		return j, evidence
	}
	more, unseen := st.unseen(u)
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
	j = st.postponed(u, j)
	j.Counted = j.Detectable
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

// scatter is scatterRSS of a version of the state, of what is taken for native memory then.
type scatter struct {
	version int
	memory  memory
	bytes   float64
}

// scatterRSS is by how much a settled reading of RSS is off in this process, in bytes,
// and at least quietRSS. Each block adds something to RSS beyond what the runtime
// counts. scatterRSS is how far that is from what blocks of its URI mostly add: the
// median over the blocks of all URIs.
func (st *State) scatterRSS() float64 {
	m := st.memory(native)
	if s := st.scatter; s.version == st.version && s.memory == m {
		return s.bytes
	}
	var off []float64
	loud := 0
	for _, u := range st.URIs {
		for _, bytes := range st.offMostly(u, m) {
			off = append(off, bytes)
			if bytes > quietRSS {
				loud++
			}
		}
	}
	st.scatter = scatter{st.version, m, quietRSS}
	if 2*loud >= len(off) { // else the median is no more than that
		st.scatter.bytes = max(quietRSS, median(off))
	}
	return st.scatter.bytes
}

// offMostly is, of each of u's blocks, how far what that added is from what they mostly add,
// in bytes.
func (st *State) offMostly(u *URI, m memory) []float64 {
	f := &u.found
	if f.scattered && f.scatters == m {
		return f.off
	}
	blocks := st.counted(u)
	each := make([]float64, len(blocks))
	for k, b := range blocks {
		each[k] = m.added(b) / float64(b.N())
	}
	mostly := median(each)
	for k, b := range blocks {
		each[k] = math.Abs(each[k]-mostly) * float64(b.N())
	}
	f.scattered, f.scatters, f.off = true, m, each
	return each
}

// median is the median of values, 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Clone(values)
	slices.Sort(v)
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

// countsNative says that a counter holds what native libraries have from malloc.
func (st *State) countsNative() bool {
	return !st.uncountable() && slices.ContainsFunc(st.columns(), func(c record.Column) bool { return c.Native })
}

// settledRSS judges RSS at the edges of u's blocks, each off by so much; 0: the default.
func (st *State) settledRSS(u *URI, noise float64) verdict.Judgement {
	return u.grewBy(st.memory(resident), noise, Horizon)
}

// counters are those of the runtime, each judged by itself. They are not to be changed.
func (st *State) counters(u *URI) []verdict.Evidence {
	return u.byCounters.of(st.version, func() []verdict.Evidence {
		out := make([]verdict.Evidence, 0, len(st.columns()))
		for i, c := range st.columns() {
			if !c.Held {
				out = append(out, st.counter(u, i))
			}
		}
		return out
	})
}

// counter is the i-th counter, judged by itself.
func (st *State) counter(u *URI, i int) verdict.Evidence {
	c, j := st.columns()[i], st.column(u, i)
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
	return verdict.Evidence{Name: c.Name, Unit: c.Unit, Exact: c.Exact, Judgement: j}
}

// column is the i-th counter of u's own blocks, judged by itself. It is asked for many
// times between two events.
func (st *State) column(u *URI, i int) verdict.Judgement {
	if len(u.found.columns) != len(st.columns()) {
		u.found.columns = make([]answer, len(st.columns()))
	}
	a := &u.found.columns[i]
	if a.version != st.version {
		if p := st.counterParams(u, i); a.version == 0 || a.params != p {
			a.params, a.Judgement = p, st.judgeColumn(u, i, p)
		}
		a.version = st.version
	}
	return a.Judgement
}

func (st *State) judgeColumn(u *URI, i int, p verdict.CounterParams) verdict.Judgement {
	c := st.columns()[i]
	by := func(skip func(*record.Block) bool) verdict.Judgement {
		return verdict.Counter(edges(u.tell(c), func(b *record.Block) float64 { return st.added(b, i) }, skip), p)
	}
	j := by(func(b *record.Block) bool { return !c.Exact && wasReset(b, i) })
	if c.Exact && !c.Held && j.Label != verdict.Leak {
		if steps, ok := st.doubling(u, i); ok {
			return steps
		}
		if rest, ok := st.besideFreed(u, i, j, by); ok {
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
	large := st.fillsMore(u) || i >= 0 && st.columns()[i].Held && st.plenty(u, i)
	if large && st.On("large") {
		return min(Horizon, u.Counted())
	}
	return Horizon
}

// fillsMore says that u has grown by more than caches of a reasonable size hold.
func (st *State) fillsMore(u *URI) bool {
	b := st.bytesColumn()
	return b >= 0 && st.sums(u)[b].most >= Plausible
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
		if c.Exact && by(c) && !st.stood(u, i) && st.column(u, i).Label == verdict.Leak {
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
	m := st.memory(resident)
	if st.NativeKnown() {
		m = st.memory(native)
	}
	var gaps, gone int
	for i := 1; i < len(u.Blocks); i++ {
		b, next := u.Blocks[i-1], u.Blocks[i]
		if b.Cut || next.Seq == b.Seq+1 {
			continue // nobody else ran in between
		}
		gaps++
		lost := m.in(&b.End) - m.in(&next.Start)
		if lost > 0 && 2*lost >= m.added(b) {
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

// probes are those of the counters that were read often enough. Of what a process holds
// beside memory only that is told which grows.
func (st *State) probes(u *URI) []Probe {
	out := []Probe{}
	tell := func(c verdict.Evidence) {
		if j := c.Judgement; j.Low < j.High && (j.Low > 0 || !isHeld(c)) {
			out = append(out, Probe{Name: c.Name, Unit: c.Unit, Growth: j.Growth, Low: j.Low, High: j.High})
		}
	}
	for _, c := range st.counters(u) {
		tell(c)
	}
	for i, c := range st.columns() {
		if c.Held && !st.stood(u, i) {
			tell(st.counter(u, i))
		}
	}
	return out
}
