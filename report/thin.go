package report

import "leakhunt/harness"

// Thin keeps at most limit points of a series: the first, the last, and the
// lowest and the highest RSS of each of (limit-2)/2 equal parts of what is
// between them, in their order. From a limit of 4 on no extreme is lost. A
// limit under 2 counts as 2. The points given are not changed.
func Thin(points []harness.Point, limit int) []harness.Point {
	limit = max(2, limit)
	if len(points) <= limit {
		return append([]harness.Point{}, points...)
	}
	last := len(points) - 1
	out := append(make([]harness.Point, 0, limit), points[0])
	parts := (limit - 2) / 2
	for p := range parts {
		from, to := 1+p*(last-1)/parts, 1+(p+1)*(last-1)/parts
		low, high := from, from
		for i := from; i < to; i++ {
			if points[i].RSS < points[low].RSS {
				low = i
			}
			if points[i].RSS > points[high].RSS {
				high = i
			}
		}
		out = append(out, points[min(low, high)])
		if low != high {
			out = append(out, points[max(low, high)])
		}
	}
	return append(out, points[last])
}

// joined is a URI's own series: its blocks end to end, in bytes above its first
// reading. Where a block begins with the number of requests that the one before
// ended with, the change between the two happened while other URIs ran, and is
// taken out. Within a block only collecting garbage changes anything without a
// request: that change is the URI's own. From one process to the next nothing
// is.
func joined(points []harness.Point) []harness.Point {
	out := make([]harness.Point, 0, len(points))
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
