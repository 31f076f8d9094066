package scan

import (
	"math"
	"slices"
)

// A half that grew as clearly as one may expect is halved further, and so may be both.
const (
	// clearHalf is by how many standard deviations a half must grow at least.
	clearHalf = 2
	// mostly is the share of what the whole grew by from which a half need not be that clear.
	mostly = 0.6
	// tries is how many ways of halving a group are tried, each with twice the dose of the
	// one before.
	tries = 2
)

// halve finds the URIs by which a group grew.
func (s *scan) halve(g *group, dose int, creep []float64) bool {
	if len(g.uris) == 1 {
		s.leaves = append(s.leaves, Leaf{URI: g.uris[0], Growth: g.grew[g.by] / float64(dose)})
		return true
	}
	for try := range tries {
		if try > 0 { // the noise may have hidden it: twice the dose
			if dose *= 2; dose > mostHidden {
				break
			}
			g, creep = g.doubled(), double(creep)
		}
		halves := halves(g.uris, try)
		if !s.twice(halves, dose/2) || !s.redo(halves, dose/2, true) {
			return false
		}
		found := false
		for _, h := range halves {
			if s.keeps(g, h, creep) {
				found = true
				if !s.halve(h, dose, creep) {
					return false
				}
			}
		}
		if found || !s.repeats(g, halves, creep) {
			return true
		}
	}
	return true // it grew, and neither of its halves does: that stands in their floors
}

// What a group grew by comes again in its halves together where it leaks. What filled up does not.
const (
	// repeated is by how many standard deviations they must grow at least.
	repeated = 1.5
	// againShare is the share of what the whole grew by that they must grow by at least.
	againShare = 0.3
)

// repeats says that the halves of g together grew again.
func (s *scan) repeats(g *group, halves []*group, creep []float64) bool {
	grew := -creep[g.by]
	for _, h := range halves {
		if g.by < len(h.grew) {
			grew += h.grew[g.by]
		}
	}
	return grew >= max(repeated*s.sigma[g.by], againShare*(g.grew[g.by]-creep[g.by]))
}

// trial is how many requests each URI gets alone that the scan came down to, in four parts.
// A cache of fewer entries than the first two have is full then. A sweep takes thousands to
// settle that.
const trial = 512

// try sends what the scan came down to by itself. Who stands still in the first two parts has
// had enough. It keeps those that grow in the third part or in the fourth. In one of them, what
// another URI has kept may be freed. Behind each of these nothing is sent for a while: what is only
// kept for some seconds has gone by then, and a sweep would follow it for thousands of requests.
func (s *scan) try() bool {
	var tried []*group
	for _, l := range s.leaves {
		tried = append(tried, &group{uris: []int{l.URI}})
	}
	if !s.twice(tried, trial/4) {
		return false
	}
	for i, g := range tried {
		if s.stands(g.half[0]) && s.stands(g.half[1]) {
			s.leaves[i].Flat = Pauses
		}
	}
	out := func(l Leaf) bool { return l.Flat == Pauses }
	s.leaves = slices.DeleteFunc(s.leaves, out)
	for range Pauses {
		for i := range s.leaves {
			l := &s.leaves[i]
			if l.Grew {
				continue
			}
			o, ok := s.ask(Test{URIs: []int{l.URI}, Dose: trial / 4, Rest: true})
			if !ok {
				return false
			}
			if l.Grew = s.grows(o.Grew); !l.Grew {
				l.Flat++
			}
		}
	}
	s.leaves = slices.DeleteFunc(s.leaves, out)
	return true
}

// grows says that a URI grew clearly in one part of its trial, by any measure.
func (s *scan) grows(part []float64) bool {
	for i, sigma := range s.sigma {
		if i < len(part) && part[i] > clearly*sigma {
			return true
		}
	}
	return false
}

// stands says that a URI neither grew nor fell clearly in one part of its trial, by any measure.
func (s *scan) stands(part []float64) bool {
	for i, sigma := range s.sigma {
		if i < len(part) && math.Abs(part[i]) > clearly*sigma {
			return false
		}
	}
	return true
}

// doubled is what the group is expected to grow by with twice the dose.
func (g *group) doubled() *group {
	return &group{uris: g.uris, grew: double(g.grew), by: g.by}
}

func double(of []float64) (out []float64) {
	for _, v := range of {
		out = append(out, 2*v)
	}
	return out
}

// keeps says that half h of g grew.
func (s *scan) keeps(g, h *group, creep []float64) bool {
	share := float64(len(h.uris)) / float64(len(g.uris)) // of what the whole does anyway
	h.judge(s.sigma, creep, share)
	if h.score <= 1 {
		return false
	}
	return h.score > clearHalf || h.grew[h.by] > mostly*g.grew[h.by]
}

// halves are the two halves of a group, one way or another.
func halves(uris []int, way int) []*group {
	a, b := &group{}, &group{}
	for i, u := range uris {
		first := 2*i < len(uris)
		if way == 1 {
			first = i%2 == 0
		}
		if first {
			a.uris = append(a.uris, u)
		} else {
			b.uris = append(b.uris, u)
		}
	}
	return []*group{a, b}
}
