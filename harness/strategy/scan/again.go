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

// sum is what all passes tell together of what a URI's groups grew by per request, by each measure.
// Of that, what the middle one of all groups grew by is left out. Each pass counts by its dose, and
// the more the less it is off.
type sum struct{ grew, weight []float64 }

// note adds up what groups grew by, each of so many requests. Where a leaf was found in one, that has
// explained it.
func (s *scan) note(groups []*group, dose int, each float64) {
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
				if i < len(g.grew) && i < len(s.middle) {
					off := max(sigma, math.Abs(g.half[0][i]-g.half[1][i])) // what leaks is in both halves
					t.grew[i] += float64(dose) * (g.grew[i] - each*s.middle[i]) / (off * off)
					t.weight[i] += float64(dose) * float64(dose) / (off * off)
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
	return len(doubt) == 0 || dose == 0 || s.pass(doubt, dose, segment)
}

// doubts says that the groups of a URI, taken together, grew by more than they do by chance. Where
// its floor is below that, it is no doubt.
func (s *scan) doubts(u int) bool {
	t := s.sums[u]
	if t == nil {
		return false
	}
	for i, grew := range t.grew {
		if grew > doubtful*math.Sqrt(t.weight[i]) {
			if floor, _ := s.floor(u, i); floor > grew/t.weight[i] {
				return true
			}
		}
	}
	return false
}
