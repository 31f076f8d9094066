package judge

import (
	"math"
	"slices"

	"leakhunt/harness/record"
)

// A scan sends many URIs together, as a group, and reads memory before and after. What a
// group has grown by may all be of one URI, so that is what it says of each: no URI leaks
// more than the group has grown by, divided by its own requests.

// ScanFrom is from how many URIs on groups pay (harness/calibration/SCAN.md).
const ScanFrom = 64

// Group is some URIs that were sent together.
type Group struct {
	URIs  []int     // in order
	Dose  int       // requests that each was to get
	Grew  []float64 // what each measure rose by, in bytes: see Measures
	Slack float64   // bytes that may have been free when it ended
	Whole bool      // all was sent, and memory read behind it
	// Measures are those that it was read by. What is found out of a counter later does not
	// change them, for the same outcomes lead to the same groups.
	Measures []Measure

	start record.Edge
	end   record.Edge
	sent  int // blocks
	life  int
	next  *Group // the one after it on the same process; nil without one
	twin  *Group // the one before it with the same URIs and dose; nil without one
}

// groups are those of a run.
type groups struct {
	all   []*Group
	from  int              // the first of those that count: they were read by other measures before
	of    map[int][]*Group // the whole ones, by URI
	alone map[uint64]*Group
	read  *record.Edge // the reading that the next group may begin with
	cache map[noiseKey]float64
}

type noiseKey struct{ measure, dose int }

// Measure is a way in which a group's growth is read.
type Measure struct {
	Name  string
	Noise float64 // by how much a reading is off at least, in bytes
	value func(record.Edge) float64
}

const (
	// countedNoise is the least that a group's growth by a counter of bytes is off:
	// what survives by accident.
	countedNoise = 2 << 10
	// knownNoise is that of native memory where the runtime says what it has for itself.
	knownNoise = 8 << 10
	// residentNoise is that of RSS: two steps of an allocator that returns what is free.
	residentNoise = 32 << 10
	// mostGroup is the largest floor, in bytes per request, with which groups clear a URI.
	mostGroup = 64 << 10
	// sure is by how many standard deviations a group's growth may be off.
	sure = 3
)

// Scans says that the URIs that share the present process are sent in groups first.
func (st *State) Scans() bool {
	p := st.Header.Plan
	if p.Isolate || st.Segment().Only != nil || st.Life() == nil || slices.ContainsFunc(st.Header.Items, func(it record.Item) bool { return !it.Requests.Auto }) {
		return false
	}
	switch p.Strategy {
	case "scan":
		return true
	case "auto":
		return len(st.Header.Items) >= ScanFrom && (st.bytesColumn() >= 0 ||
			st.Tight() && !st.Boundless() && (st.Frees() || st.process().Runtime == "go" || st.endless()))
	}
	return false
}

// sweepCosts is how many times as long a sweep by RSS takes as LeastAlone of the quickest
// requests to each URI: others go ahead of its blocks, suspects run alone, and a collector
// takes the longer the more is alive. In tight Ruby it is 2.8 simulated, and 2.6 live.
const sweepCosts = 2.5

// endless says that a sweep by RSS would reach the time limit before it could tell of
// anybody: by the quickest passes of the first warm-up.
func (st *State) endless() bool {
	limit, sum := st.Header.Plan.Limits.Time, 0.0
	for _, s := range st.Segments[0].Series {
		sum += sweepCosts * LeastAlone * quickest(s, 0)
	}
	return limit > 0 && sum > limit
}

// Measures are those by which groups of the present process are read: an exact counter of
// bytes, and what the process has beyond it where that may be native memory; else RSS.
func (st *State) Measures() (out []Measure) {
	i := st.bytesColumn()
	if i >= 0 {
		out = append(out, Measure{st.columns()[i].Name, countedNoise, func(e record.Edge) float64 { return st.value(e, i) }})
	}
	switch {
	case i < 0:
		out = append(out, Measure{st.Header.Plan.Metric, residentNoise, func(e record.Edge) float64 { return float64(e.Metric) }})
	case st.countsNative():
	case st.NativeKnown():
		out = append(out, Measure{evidenceNative, knownNoise, st.nativeBytes})
	case !st.Boundless():
		out = append(out, Measure{st.Header.Plan.Metric, residentNoise, st.nativeBytes})
	}
	return out
}

// Groups are those that came to their end, in order, since they are read by what they are
// read by now.
func (st *State) Groups() (out []*Group) {
	for _, g := range st.scan.all[st.scan.from:] {
		if g.Whole {
			out = append(out, g)
		}
	}
	return out
}

// Begun is the group whose URIs are being sent on the present process, and how many of
// them were; nil between groups.
func (st *State) Begun() (g *Group, sent int) {
	if n := len(st.scan.all); n > 0 {
		if g = st.scan.all[n-1]; !g.Whole && g.life == len(st.Lives)-1 && !st.cutShort(g) {
			return g, g.sent
		}
	}
	return nil, 0
}

// cutShort says that a block of the group did not come to its end, so that it is to begin
// anew.
func (st *State) cutShort(g *Group) bool { return g.life < 0 || st.Last.Cut && st.Open() == nil }

// Number is that of the group that begins next, from 1.
func (st *State) Number() int { return len(st.scan.all) + 1 }

// Ready says that memory was read, and nothing sent since: a group may begin.
func (st *State) Ready() bool { return st.scan.read != nil }

// group notes what an event means for the groups.
func (st *State) group(e record.Event) {
	s := &st.scan
	switch e := e.(type) {
	case record.Opened:
		s.read = nil
		if n := len(s.all); n > 0 && !s.all[n-1].Whole && e.Why != record.Rejoined {
			s.all[n-1].life = -1
		}
	case record.Began:
		if e.Purpose == record.Scan && len(e.Group) > 0 && s.read != nil {
			g := &Group{URIs: e.Group, Dose: e.N, start: *s.read, life: len(st.Lives) - 1}
			if n := len(s.all); n > 0 && s.all[n-1].Whole && s.all[n-1].life == g.life {
				s.all[n-1].next = g
			}
			s.all = append(s.all, g)
		}
		if n := len(s.all); e.Purpose == record.Scan && n > 0 {
			s.all[n-1].sent++
		}
		s.read = nil
	case record.Read:
		edge := e.Edge
		if last := st.Last; last != nil && last.Purpose == record.Lead && last.Life == len(st.Lives)-1 {
			edge.Metric = usual(last)
		}
		s.read = &edge
		if g, sent := st.Begun(); g != nil && sent > 0 {
			st.ended(g, edge)
		}
	}
}

// usual is the median of what was read while a block was sent. Memory is at its lowest just
// after the collector has run, or the allocator has handed pages back: that comes now and
// then, in one reading and not in the next. Where it stands in between is in all of them.
func usual(b *record.Block) int64 {
	all := make([]int64, 0, b.N())
	for i := range b.N() {
		all = append(all, int64(b.Metric.At(i)))
	}
	if len(all) == 0 {
		return b.End.Metric
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// ended is the end of a group.
func (st *State) ended(g *Group, end record.Edge) {
	g.Whole, g.Slack, g.end = true, st.slackNow(), end
	if st.folded.valid {
		st.foldGroup(&st.folded, g)
	}
	g.Measures = st.Measures()
	for _, m := range g.Measures {
		g.Grew = append(g.Grew, m.value(end)-m.value(g.start))
	}
	s := &st.scan
	if all := st.Groups(); !sameMeasures(all[0].Measures, g.Measures) { // a counter is no evidence, or is again
		s.from, s.of = len(s.all), nil
		return
	}
	if s.of == nil {
		s.of, s.alone = map[int][]*Group{}, map[uint64]*Group{}
	}
	clear(s.cache)
	key := uint64(g.Dose)
	for _, u := range g.URIs {
		s.of[u] = append(s.of[u], g)
		key += scatterBits(uint64(u) + 1)
	}
	if twin := s.alone[key]; twin != nil && len(twin.URIs) == len(g.URIs) && len(twin.Grew) == len(g.Grew) {
		g.twin = twin
		delete(s.alone, key)
		return
	}
	s.alone[key] = g
}

// sameMeasures says that groups were read in the same ways.
func sameMeasures(a, b []Measure) bool {
	return slices.EqualFunc(a, b, func(x, y Measure) bool { return x.Name == y.Name })
}

// scatterBits makes sums of different sets of numbers differ: see mix in strategy.
func scatterBits(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Noise is the standard deviation of what a group of that dose rises by, by a measure: from
// how much groups that were sent twice differ from themselves. What leaks is in both.
func (st *State) Noise(measure, dose int) float64 {
	s, key := &st.scan, noiseKey{measure, dose}
	if v, ok := s.cache[key]; ok {
		return v
	}
	var same, all []float64
	for _, g := range s.all {
		if g.twin == nil || measure >= len(g.Grew) {
			continue
		}
		d := math.Abs(g.Grew[measure] - g.twin.Grew[measure])
		if all = append(all, d); g.Dose == dose {
			same = append(same, d)
		}
	}
	const few = 5
	if len(same) < few {
		same = all
	}
	v := 0.0
	if m := st.Measures(); measure < len(m) {
		v = max(m[measure].Noise, 1.4826*median(same)/math.Sqrt2)
	}
	if s.cache == nil {
		s.cache = map[noiseKey]float64{}
	}
	s.cache[key] = v
	return v
}
