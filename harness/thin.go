package harness

import "slices"

// How many points of a URI's series go into the result, and of all URIs' where
// there are many. They draw pictures; the verdicts were made from all readings.
const (
	seriesPoints = 200
	leastPoints  = 40
	allPoints    = 8000
)

// pointsEach is how many points each of n series may have.
func pointsEach(n int) int { return min(seriesPoints, max(leastPoints, allPoints/max(1, n))) }

// Thin picks at most so many of n values, two at least, so that no extreme is
// lost (from 4 on): the first, the last, and the lowest and the highest of each of
// (most-2)/2 equal parts of what is between them. It returns their indices in order.
func Thin(n, most int, value func(int) float64) []int {
	most = max(2, most)
	if n <= most {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		return all
	}
	keep, parts := []int{0}, (most-2)/2
	for p := range parts {
		from, to := 1+p*(n-2)/parts, 1+(p+1)*(n-2)/parts
		lo, hi := from, from
		for i := from; i < to; i++ {
			if value(i) < value(lo) {
				lo = i
			}
			if value(i) > value(hi) {
				hi = i
			}
		}
		keep = append(keep, min(lo, hi), max(lo, hi))
	}
	return slices.Compact(append(keep, n-1))
}

// points is the series for the result: every block's edges, and of the
// readings between them as many as draw the picture. restarted is when the
// process was started afresh, in seconds.
func (t *track) points(most int, anon bool, restarted []float64) []Point {
	out := []Point{}
	keep := Thin(len(t.pages), most, func(i int) float64 { return float64(t.pages[i]) })
	k := 0
	for _, b := range t.blocks {
		p := edgePoint(b.start, b, b.first, anon)
		if n := len(out); n > 0 {
			p.Fresh = slices.ContainsFunc(restarted, func(at float64) bool { return out[n-1].T <= at && at <= p.T })
		}
		out = append(out, p)
		for ; k < len(keep) && keep[k] < b.first+b.n; k++ {
			i := keep[k]
			p := Point{Requests: i + 1, RSS: b.end.RSS, Anon: b.end.Anon, Round: b.round, T: float64(t.at[i]), Alone: b.alone}
			if m := int64(float64(t.pages[i]) * pageBytes); anon {
				p.Anon = m
			} else {
				p.RSS = m
			}
			out = append(out, p)
		}
		if b.end.RSS > 0 {
			out = append(out, edgePoint(b.end, b, b.first+b.n, anon))
		}
	}
	return out
}

func edgePoint(e edge, b block, requests int, anon bool) Point {
	p := Point{
		Requests: requests, RSS: e.RSS, Anon: e.Anon, Round: b.round,
		T: e.at.Seconds(), Settled: e.counters != nil, Alone: b.alone,
	}
	if anon {
		p.Anon = e.metric // with swap, as between the edges
	}
	return p
}
