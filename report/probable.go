package report

import (
	"fmt"
	"math"
	"slices"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// What a line must be, to be told of as a probable leak.
const (
	// leastLine is the least rise in bytes: less is what allocators and collectors
	// keep for later, whatever the application does.
	leastLine = 8 << 20
	// leastFit is the share of the rise that the line explains, r².
	leastFit = 0.95
	// leastParts is how many readings, at different numbers of requests, make a line.
	leastParts = 8
)

// ascent is growth in a straight line.
type ascent struct {
	rise int64   // bytes
	fit  float64 // r² of the least-squares line
}

// straight is how u's own series grew, nil where that is no straight line or where
// its growth could be none. A JVM that nobody asks what is alive fills its heap in
// a straight line with garbage, so that its line says nothing.
func straight(u *result.URI, r *result.Result) *ascent {
	if u.Verdict != verdict.Inconclusive || u.GrowthLow <= 0 || r.Target.Runtime == "java" && len(u.Probes) == 0 {
		return nil
	}
	points := joined(judgedSeries(u.Series, r.Scenario.Metric))
	at := map[int]bool{}
	for _, p := range points {
		at[p.Requests] = true
	}
	if len(at) < leastParts {
		return nil
	}
	first, last := points[0], points[len(points)-1]
	l := &ascent{rise: last.RSS - first.RSS, fit: fit(points)}
	// Growth that dies away, and one large step, leave the thirds unequal.
	third := func(i int) float64 {
		edge := first.Requests + i*(last.Requests-first.Requests)/3
		n := slices.IndexFunc(points, func(p result.Point) bool { return p.Requests >= edge })
		return float64(points[n].RSS)
	}
	each := float64(l.rise) / 3
	for i := range 3 {
		if part := third(i+1) - third(i); part < each/2 || part > 2*each {
			return nil
		}
	}
	if l.rise < leastLine || l.fit < leastFit {
		return nil
	}
	return l
}

// fit is r² of the straight line through the points: 1 - Σ(y-ŷ)²/Σ(y-ȳ)².
func fit(points []result.Point) float64 {
	n := float64(len(points))
	var sx, sy float64
	for _, p := range points {
		sx, sy = sx+float64(p.Requests), sy+float64(p.RSS)
	}
	var xx, xy, yy float64
	for _, p := range points {
		dx, dy := float64(p.Requests)-sx/n, float64(p.RSS)-sy/n
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy * xy / (xx * yy)
}

// probable is the headline where the first URI grows in a straight line and is not
// convicted: what it does, how sure that is, and what settles it.
func probable(open []*result.URI, r *result.Result) (lead, detail string) {
	u := open[0]
	l := straight(u, r)
	lead = fmt.Sprintf("%s probably leaks: %s grew by %s in a straight line, %s with every request.",
		label(u), metricName(r), units.Bytes(float64(l.rise)), units.Bytes(u.Growth))
	detail = fmt.Sprintf("The line explains %.0f %% of what was read, and its %s is %s.", min(99, math.Floor(100*l.fit)), p95(u), interval(u))
	if cheap := open[0].Better; cheap != "" {
		return lead, detail + " Not proven: garbage can grow so too. " + settling([]*result.URI{{Better: cheap}}, true, false)
	}
	return lead, detail + " Not proven: what ends later would look the same. " + settling(open, r.Complete, len(r.URIs) > 1)
}
