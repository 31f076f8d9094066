package scan

import "math"

// What the groups of a URI grew by, and what may be free in the process, bounds what it leaks.
// Where that is below the target after the passes over all, more requests tell nothing new.
// Only the others are sent once more.

const (
	// sure is by how many standard deviations a group's growth may be off, as in package judge.
	sure = 3
	// worth is the share of what a URI has had that it gets once more at least: a few requests
	// more add as much noise as they tell.
	worth = 0.25
)

// told is what came of a test.
type told struct {
	grew  []float64 // bytes, by each measure
	next  []float64 // bytes that were added while the next one was sent: this one may have left them to be done
	fell  []float64 // bytes, by each measure; 0 where it did not
	slack float64   // bytes
}

// pair is what came of a group that was sent twice.
type pair struct {
	half  [2]*told
	sigma []float64 // of such a group in both of its halves, by each measure: bytes
	dose  int       // of both
}

// ask asks for the outcome of a test, and keeps what it tells.
func (s *scan) ask(t Test) (Outcome, bool) {
	o, ok := s.answer(t)
	if !ok {
		return o, false
	}
	n := len(o.Grew)
	now := &told{make([]float64, n), make([]float64, n), make([]float64, n), o.Slack}
	for i, grew := range o.Grew {
		now.grew[i], now.fell[i] = max(0, grew), max(0, -grew)
		if s.last != nil && i < len(s.last.next) {
			s.last.next[i] = now.grew[i]
		}
	}
	s.last = now
	return o, true
}

// narrow sends once more the URIs of which leaks are not excluded down to the target yet. It ends
// when all are, or have had as many requests as are allowed.
func (s *scan) narrow() bool {
	most, large := mostAll, segment
	if s.Hides { // there a reading costs requests of its own: the more a group has, the less that is
		most, large = mostHidden, 4*segment
	}
	for {
		wide, needs := s.wide(most)
		if len(wide) == 0 {
			return true
		}
		needs = max(needs, int(worth*float64(s.given)))
		dose := min(needs, s.given/2, most-s.given) / 2 * 2
		if dose <= 0 {
			return true
		}
		if !s.pass(wide, dose, large) {
			return false
		}
		s.given += dose
	}
}

// wide are the open URIs of which leaks are not excluded down to the target, and how many
// requests more to each would do that. Where what may be free would hide such a leak from as
// many as are allowed, there are none.
func (s *scan) wide(most int) (uris []int, needs int) {
	for _, u := range s.open {
		more := 0.0
		for i, target := range s.Target {
			if target > 0 && s.last.slack < target*float64(most) {
				floor, requests := s.floor(u, i)
				more = max(more, min(mostHidden, float64(max(1, requests))*(floor/target-1)))
			}
		}
		if more > 0 {
			uris, needs = append(uris, u), max(needs, int(more)+2)
		}
	}
	return uris, needs
}

// floor is the growth, in bytes/request, above which a leak of u is excluded by a measure, and
// by how many requests: from the last of its groups, as many as exclude most together. In the
// first ones caches filled. What others free in one half of a group hides there what u keeps. So
// the larger half counts for both, as in package judge, and neither where both fell. What was left to be
// done later came after both halves: the smaller of the two counts.
func (s *scan) floor(u, i int) (floor float64, requests int) {
	floor = math.Inf(1)
	grew, squares, slack, n := 0.0, 0.0, 0.0, 0
	for k := len(s.pairs[u]) - 1; k >= 0; k-- {
		p := s.pairs[u][k]
		a, b := p.half[0], p.half[1]
		if i >= len(a.grew) || i >= len(b.grew) || i >= len(p.sigma) {
			continue
		}
		if min(a.fell[i], b.fell[i]) > clearly*p.sigma[i]/math.Sqrt2 {
			continue
		}
		grew += 2 * (max(a.grew[i], b.grew[i]) + min(a.next[i], b.next[i]))
		squares += p.sigma[i] * p.sigma[i]
		slack, n = max(slack, a.slack, b.slack), n+p.dose
		if f := (grew + sure*math.Sqrt(squares) + slack) / float64(n); f < floor {
			floor, requests = f, n
		}
	}
	return floor, requests
}
