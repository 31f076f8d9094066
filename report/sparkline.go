package report

import (
	"math"
	"strings"

	"leakhunt/harness/result"
)

const bars = "▁▂▃▄▅▆▇█"

// sparkline draws values in so many columns, the lowest as ▁ and the highest
// as █; where they are all the same, as ▁. Each column is the mean of its
// share of the values; fewer values than columns take fewer columns. Values
// that are not finite are left out. Its height stands for at least span: what
// is smaller than the noise looks flat.
func sparkline(values []float64, columns int, span float64) string {
	finite := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			finite = append(finite, v)
		}
	}
	columns = min(columns, len(finite))
	if columns < 1 {
		return ""
	}
	means := make([]float64, columns)
	low, high := math.Inf(1), math.Inf(-1)
	for c := range means {
		share := finite[c*len(finite)/columns : (c+1)*len(finite)/columns]
		for _, v := range share {
			means[c] += v / float64(len(share))
		}
		low, high = min(low, means[c]), max(high, means[c])
	}
	levels := []rune(bars)
	span = max(span, high-low)
	var b strings.Builder
	for _, m := range means {
		i := 0
		if span > 0 {
			i = int((m - low) / span * float64(len(levels)))
		}
		b.WriteRune(levels[min(i, len(levels)-1)])
	}
	return b.String()
}

// Trend is what decided of a URI, over its own requests, as a sparkline. Its height
// stands for at least the growth that the floor allows, so that noise is not drawn as
// growth.
func Trend(u *result.URI, metric string, columns int) string {
	c := *u
	c.Series = judgedSeries(u.Series, metric)
	s := shownOf(&c, len(c.Series))
	values := make([]float64, len(s.curve))
	for i, p := range s.curve {
		values[i] = p.Y
	}
	if s.rss != nil { // read at the edges of blocks alone: as wide as what is read with each request
		values = evenly(s.curve, columns)
	}
	return sparkline(values, columns, s.leastHeight)
}

// evenly are so many values of a curve, evenly spaced, read from straight lines
// between its points.
func evenly(curve []xy, columns int) []float64 {
	out := make([]float64, 0, columns)
	k := 0
	first, last := curve[0], curve[len(curve)-1]
	for c := range columns {
		x := first.X + (last.X-first.X)*float64(c)/float64(max(1, columns-1))
		for k < len(curve)-2 && curve[k+1].X < x {
			k++
		}
		a, b := curve[k], curve[k+1]
		share := 0.0
		if b.X > a.X {
			share = (x - a.X) / (b.X - a.X)
		}
		out = append(out, a.Y+share*(b.Y-a.Y))
	}
	return out
}
