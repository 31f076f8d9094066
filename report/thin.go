package report

import (
	"leakhunt/harness/result"
)

// Thin keeps at most limit points of a series, as result.Thin does by their RSS.
// The points given are not changed.
func Thin(points []result.Point, limit int) []result.Point {
	keep := result.Thin(len(points), limit, func(i int) float64 { return float64(points[i].RSS) })
	out := make([]result.Point, len(keep))
	for i, k := range keep {
		out[i] = points[k]
	}
	return out
}

// joined is a URI's own series: its blocks end to end, in bytes above its first
// reading. A block may begin with the number of requests that the one before
// ended with. The change between the two happened while other URIs ran, then, and
// is taken out. Within a block only collecting garbage changes anything without a
// request: that change is the URI's own. From one process to the next nothing
// is.
func joined(points []result.Point) []result.Point {
	out := make([]result.Point, 0, len(points))
	var level int64
	for i, p := range points {
		if i > 0 {
			prev := points[i-1]
			collected := p.Round == prev.Round && p.Settled != prev.Settled
			if !p.Fresh && (p.Requests != prev.Requests || collected) {
				level += p.RSS - prev.RSS
			}
		}
		p.RSS = level
		out = append(out, p)
	}
	return out
}
