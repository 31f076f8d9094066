// Package scan finds the few URIs that leak among many, by groups. All URIs of a group get
// a dose of requests between two readings of memory. A group that grows is halved, and
// halved again, down to single URIs. Those are sent alone until small caches are full, and
// swept by themselves where they still grow, for a scan accuses nobody. Doses rise from pass
// to pass, so that the largest leaks are found first, with the fewest requests.
//
// A group saves readings and verdicts, not requests: a leak is seen when it has been asked
// for as often as it takes to stand out. So the doses, and not the number of groups, are
// what a scan costs.
package scan

import (
	"cmp"
	"math"
	"slices"
)

// Test is a group, and how many requests each of its URIs gets.
type Test struct {
	URIs []int
	Dose int
	Rest bool // nothing is sent for a while before memory is read behind it
}

// Outcome is what came of a test.
type Outcome struct {
	Grew  []float64 // bytes that the group has grown by, by each measure
	Slack float64   // bytes that may have been free: a leak may have filled them unseen
}

// Leaf is a URI that the scan came down to.
type Leaf struct {
	URI    int
	Growth float64 // bytes/request, about
	Flat   int     // pauses behind which it had not grown: see Pauses
	Grew   bool    // it grew with a pause behind it
}

// Pauses is how many pauses there are behind requests to a URI that the scan came down to, at most.
const Pauses = 2

// Config is what a scan is made with.
type Config struct {
	URIs []int
	Seed uint64
	// Noise is, by each measure, the least standard deviation of what a group grows by,
	// in bytes.
	Noise []float64
	// Target is the growth, in bytes/request, down to which the scan is to exclude leaks,
	// by each measure. 0: that measure decides no dose.
	Target []float64
	// Least is the dose of all passes together, at least.
	Least int
	// Hides says that the process keeps what is free, in which leaks hide.
	Hides bool
}

const (
	// parts is how many groups a pass has at least.
	parts = 8
	// segment is how many requests a group gets at least, in both of its halves. A pass has
	// as many groups as that leaves: what a scan costs is its doses, and what a group that
	// grew costs is the more the larger it is.
	segment = 512
	// rise is by how many times a dose is larger than the one before.
	rise = 4
	// mostAll is the dose of all passes together, at most, and mostHidden where the process
	// hides what leaks.
	mostAll    = 128
	mostHidden = 2 * mostAll
	// clearly is by how many standard deviations a group must grow to be halved.
	clearly = 3
	// third is what a third of all normal errors are less than, in standard deviations.
	third = 0.4307
	// both is the share of the larger of a group's two readings that the smaller is at
	// least: one step is no leak.
	both = 0.25
)

// scan is a scan under way.
type scan struct {
	Config
	answer func(Test) (Outcome, bool)
	leaves []Leaf
	open   []int
	given  int // requests to each URI that is still open
	passes int
	creep  []float64       // what each request to each URI adds anyway, by the last pass over most, by each measure
	middle []float64       // what each request added in the middle one of its groups
	sigma  []float64       // of what a group of that pass grows by in both of its halves, by each measure
	sums   map[int]*sum    // of what the groups of each URI grew by in which no leaf was found
	pairs  map[int][]*pair // of each URI's groups
	last   *told           // nil before the first test
}

// Run scans. It asks for the outcome of one test after the other. Where a test has none yet,
// ok is false, and Run returns what it has found so far. The same outcomes always
// lead to the same tests. whole says that the scan is over. A handful of URIs is no group:
// Run comes down to all of them.
func Run(c Config, ask func(Test) (o Outcome, ok bool)) (leaves []Leaf, whole bool) {
	if len(c.URIs) < 2*parts {
		for _, u := range c.URIs {
			leaves = append(leaves, Leaf{URI: u})
		}
		return leaves, true
	}
	s := &scan{Config: c, answer: ask, open: slices.Clone(c.URIs), sums: map[int]*sum{}, pairs: map[int][]*pair{}}
	for dose := firstDose(len(s.open), s.Least); dose > 0 && len(s.open) > 0; {
		if !s.pass(s.open, dose, segment) {
			return s.leaves, false
		}
		s.given += dose
		dose = nextDose(dose, s.Least-s.given)
	}
	whole = s.narrow() && s.again() && s.try()
	return s.leaves, whole
}

// firstDose is the smallest power of two that gives each group a segment. It is no more than
// the least of all passes, and sent in two halves.
func firstDose(n, least int) int {
	dose := 2
	for 2*dose <= least && (n+parts-1)/parts*dose < segment {
		dose *= 2
	}
	return dose
}

// nextDose is that of the next pass, which is to be sent in two halves; 0 where no more
// requests are needed.
func nextDose(dose, needs int) int { return min(needs, rise*dose) / 2 * 2 }

// group is a group with what it has grown by.
type group struct {
	uris  []int
	grew  []float64   // by each measure, in both of its halves together
	half  [][]float64 // what each of them grew by
	told  []*told     // and what that excludes
	score float64     // by how many standard deviations it grew beyond the others
	by    int         // the measure that tells
}

// pass sends a dose to URIs that are open, in groups of so many requests, and halves the
// groups that grew. What groups grow by anyway, and how much that is off, is learnt from
// passes over most: a few that were chosen are no sample of all.
func (s *scan) pass(uris []int, dose, segment int) bool {
	s.passes++
	most := 2*len(uris) > len(s.open)
	into := max(1, len(uris)*dose/segment)
	if most {
		into = min(max(parts, into), max(parts, len(uris)/2))
		s.sigma = make([]float64, len(s.Noise))
	}
	groups := s.cut(uris, into)
	if !s.twice(groups, dose/2) {
		return false
	}
	each := float64(dose * len(groups[0].uris))
	if most {
		s.noise(groups, s.sigma)
	}
	if !s.redo(groups, dose/2, false) {
		return false
	}
	if most {
		s.creep, s.middle = usual(groups, parts), usual(groups, 2)
		for i := range s.creep {
			s.creep[i] /= each
			s.middle[i] /= each
		}
	}
	creep := slices.Clone(s.creep)
	for i := range creep {
		creep[i] *= each
	}
	if !s.down(groups, dose, creep) {
		return false
	}
	s.note(groups, dose, each)
	return true
}

// down halves the groups that grew, down to single URIs, the clearest first.
func (s *scan) down(groups []*group, dose int, creep []float64) bool {
	var grew []*group
	for _, g := range groups {
		if g.judge(s.sigma, creep, 1); g.score > clearly {
			grew = append(grew, g)
		}
	}
	slices.SortStableFunc(grew, func(a, b *group) int { return cmp.Compare(b.score, a.score) })
	for _, g := range grew {
		if !s.halve(g, dose, creep) {
			return false
		}
	}
	s.open = slices.DeleteFunc(s.open, s.leaf)
	return true
}

func (s *scan) leaf(u int) bool {
	return slices.ContainsFunc(s.leaves, func(l Leaf) bool { return l.URI == u })
}

// cut deals URIs out to so many groups, at random.
func (s *scan) cut(uris []int, into int) []*group {
	order := slices.Clone(uris)
	x := mix(s.Seed ^ uint64(s.passes)*golden)
	for i := len(order) - 1; i > 0; i-- { // Fisher–Yates
		x = mix(x + golden)
		k := int(x % uint64(i+1))
		order[i], order[k] = order[k], order[i]
	}
	into = min(into, len(order))
	groups := make([]*group, into)
	for i := range groups {
		groups[i] = &group{uris: order[i*len(order)/into : (i+1)*len(order)/into]}
	}
	return groups
}

// twice tests the groups one after the other, and once more the other way round: what
// slows down or fades is in all of them alike then.
func (s *scan) twice(groups []*group, dose int) bool {
	turn := slices.Clone(groups)
	for range 2 {
		for _, g := range turn {
			o, ok := s.ask(Test{URIs: g.uris, Dose: dose})
			if !ok {
				return false
			}
			g.half = append(g.half, o.Grew)
			g.told = append(g.told, s.last)
		}
		slices.Reverse(turn)
	}
	for _, g := range groups {
		g.add()
	}
	return true
}

// add adds up the first two halves.
func (g *group) add() {
	g.grew = slices.Clone(g.half[0])
	for i := range min(len(g.grew), len(g.half[1])) {
		g.grew[i] += g.half[1][i]
	}
}

// noise sets sigma to the standard deviation of what groups grow by in both of their halves
// together, by each measure: from how much the halves differ. What leaks is in both. Where much
// fills and expires, most groups differ by that, and the third that differs least does not.
func (s *scan) noise(groups []*group, sigma []float64) {
	for i, least := range s.Noise {
		var off []float64
		for _, g := range groups {
			if len(g.half) == 2 && i < len(g.half[0]) && i < len(g.half[1]) {
				off = append(off, math.Abs(g.half[0][i]-g.half[1][i]))
			}
		}
		slices.Sort(off)
		v := math.Sqrt2 * least
		if n := len(off); n > 0 {
			v = max(v, off[(n-1)/3]/third)
		}
		sigma[i] = v
	}
}

// judge says how clearly a group grew beyond what all do, of which its share is so much.
func (g *group) judge(noise, creep []float64, share float64) {
	g.score = 0
	for i, grew := range g.grew {
		if len(g.half) < 2 || i >= len(g.half[0]) || i >= len(g.half[1]) || i >= len(creep) || i >= len(noise) {
			continue
		}
		a, b := g.half[0][i]-share*creep[i]/2, g.half[1][i]-share*creep[i]/2
		if min(a, b) < both*max(a, b) {
			continue
		}
		if z := (grew - share*creep[i]) / noise[i]; z > g.score {
			g.score, g.by = z, i
		}
	}
}

// usual is what groups grow by anyway, by each measure: the least but one part in so many. Few leak,
// so it is the second least of eight. It is never less than 0.
func usual(groups []*group, parts int) []float64 {
	var out []float64
	for i := range groups[0].grew {
		var all []float64
		for _, g := range groups {
			if i < len(g.grew) {
				all = append(all, g.grew[i])
			}
		}
		slices.Sort(all)
		out = append(out, max(0, all[min(max(1, len(all)/parts), len(all)-1)]))
	}
	return out
}

const golden = 0x9e3779b97f4a7c15

// mix is the output function of SplitMix64, as in package strategy.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
