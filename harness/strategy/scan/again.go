package scan

import (
	"math"
	"slices"
)

// A leak that is small beside the noise makes its group grow in each pass, and in none of
// them clearly. What was seen of a URI in all passes tells more than each.

// doubtful is by how many standard deviations the groups of a URI must have grown in all
// passes together to be sent once more: a few in a hundred do by chance.
const doubtful = 2.5

// sum is what the groups of a URI grew by in all passes, by each measure.
type sum struct{ grew, squares []float64 }

// note adds up what groups grew by. Where a leaf was found in one, that has explained it.
func (s *scan) note(groups []*group, creep []float64) {
	for _, g := range groups {
		if slices.ContainsFunc(g.uris, s.leaf) {
			continue
		}
		for _, u := range g.uris {
			t := s.sums[u]
			if t == nil {
				t = &sum{make([]float64, len(s.sigma)), make([]float64, len(s.sigma))}
				s.sums[u] = t
			}
			for i, sigma := range s.sigma {
				if i < len(g.grew) && i < len(creep) {
					t.grew[i] += g.grew[i] - creep[i]
					t.squares[i] += sigma * sigma
				}
			}
		}
	}
}

// again sends those in doubt as many requests as all passes have, in groups of their own.
func (s *scan) again() bool {
	var doubt []int
	for _, u := range s.open {
		if s.doubts(u) {
			doubt = append(doubt, u)
		}
	}
	dose := s.given / 2 * 2
	if len(doubt) == 0 || dose == 0 {
		return true
	}
	s.passes++
	groups := s.cut(doubt, max(1, len(doubt)*dose/segment))
	if !s.twice(groups, dose/2) {
		return false
	}
	creep := slices.Clone(s.creep)
	for i := range creep {
		creep[i] *= float64(dose * len(groups[0].uris))
	}
	return s.down(groups, dose, creep)
}

// doubts says that the groups of a URI grew by more than they do by chance.
func (s *scan) doubts(u int) bool {
	t := s.sums[u]
	if t == nil {
		return false
	}
	for i, grew := range t.grew {
		if grew > doubtful*math.Sqrt(t.squares[i]) {
			return true
		}
	}
	return false
}
