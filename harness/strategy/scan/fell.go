package scan

import "math"

// What others have kept for a while is freed while a group is sent. Memory falls then, and what
// the group leaks does not show, or half of it. So a half that fell tells nothing where the other
// half does not clear the group. Nor does one that did not grow, where the other did and the
// whole of which it is a half grew before. It is sent once more.

// redone is how many times a half is sent once more at most.
const redone = 2

// redo sends once more the halves that may have hidden what their groups leak. grew says that the
// whole grew before. It notes what all of the groups exclude.
func (s *scan) redo(groups []*group, dose int, grew bool) bool {
	for range redone {
		for _, g := range groups {
			for h := range 2 {
				if !s.hidden(g.half[h], g.half[1-h], grew) {
					continue
				}
				o, ok := s.ask(Test{URIs: g.uris, Dose: dose})
				if !ok {
					return false
				}
				g.half[h], g.told[h] = o.Grew, s.last
				g.add()
			}
		}
	}
	for _, g := range groups {
		p := &pair{[2]*told{g.told[0], g.told[1]}, s.sigma, 2 * dose}
		for _, u := range g.uris {
			s.pairs[u] = append(s.pairs[u], p)
		}
	}
	return true
}

// hidden says that by some measure a half may have hidden what its group leaks.
func (s *scan) hidden(half, other []float64, grew bool) bool {
	for i, sigma := range s.sigma {
		if i >= len(half) || i >= len(other) {
			continue
		}
		off := clearly * sigma / math.Sqrt2
		if half[i] < -off && math.Abs(other[i]) > off || grew && other[i] > off && half[i] < both*other[i] {
			return true
		}
	}
	return false
}
