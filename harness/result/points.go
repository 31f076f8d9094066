package result

import (
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

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

// points are the series for the result: every block's edges, and of the
// readings between them as many as draw the picture.
func points(st *judge.State, all []*record.Series) []Point {
	out := []Point{}
	most, anon := pointsEach(len(st.Header.Items)), st.Header.Plan.Metric == "anon"
	for _, s := range all {
		var last Point
		if n := len(out); n > 0 {
			last = out[n-1]
		}
		for i, p := range seriesOf(st, s, most, anon) {
			if len(out) > 0 && last != (Point{}) { // tried by itself, after others
				p.Requests += last.Requests
				p.Round += last.Round
				p.Alone = true
				p.Fresh = p.Fresh || i == 0
			}
			out = append(out, p)
		}
	}
	return out
}

func seriesOf(st *judge.State, s *record.Series, most int, anon bool) []Point {
	var out []Point
	var all []float64
	for _, b := range s.Blocks {
		for m := range b.Metric.All() {
			all = append(all, float64(m))
		}
	}
	keep := Thin(len(all), most, func(i int) float64 { return all[i] })
	k, first, life := 0, 0, -1
	for _, b := range s.Blocks {
		settled := st.Lives[b.Life].Counter != ""
		p := edgePoint(b.Start, b, first, anon)
		p.Settled = settled
		p.Fresh = life >= 0 && b.Life != life
		life = b.Life
		out = append(out, p)
		for ; k < len(keep) && keep[k] < first+b.N(); k++ {
			i := keep[k] - first
			p := Point{
				Requests: keep[k] + 1, RSS: b.End.RSS, Anon: b.End.Anon, Round: b.Round,
				T: float64(b.At.At(i)) / record.Ticks, Alone: b.Purpose == record.Alone,
			}
			if anon {
				p.Anon = b.Metric.At(i)
			} else {
				p.RSS = b.Metric.At(i)
			}
			out = append(out, p)
		}
		first += b.N()
		p = edgePoint(b.End, b, first, anon)
		p.Settled = settled && !b.Cut
		out = append(out, p)
	}
	return out
}

func edgePoint(e record.Edge, b *record.Block, requests int, anon bool) Point {
	p := Point{
		Requests: requests, RSS: e.RSS, Anon: e.Anon, Round: b.Round,
		T: e.T, Alone: b.Purpose == record.Alone,
	}
	if anon {
		p.Anon = e.Metric // with swap, as between the edges
	}
	return p
}

// probePoints are what u's own blocks added to a counter, read at their edges: what
// changed between two blocks is the neighbours', and is left out.
func probePoints(st *judge.State, all []*record.Series, name string) []ProbePoint {
	out := []ProbePoint{{}}
	for _, s := range all {
		for _, b := range s.Blocks {
			i := slices.IndexFunc(st.Lives[b.Life].Columns, func(c record.Column) bool { return c.Name == name })
			if b.Cut || i < 0 {
				continue
			}
			last := out[len(out)-1]
			out = append(out, ProbePoint{last.Requests + b.N(), last.Value + b.End.Counter(i) - b.Start.Counter(i)})
		}
	}
	if len(out) == 1 {
		return nil
	}
	keep := Thin(len(out), leastPoints, func(i int) float64 { return out[i].Value })
	for k, i := range keep {
		out[k] = out[i]
	}
	return out[:len(keep)]
}
