package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
)

const faintColor = "#8b95a1"

// over is a series as a curve.
func over(points []result.Point, x func(result.Point) float64) []xy {
	out := make([]xy, len(points))
	for i, p := range points {
		out[i] = xy{x(p), float64(p.RSS), p.Settled}
	}
	return out
}

func byRequests(p result.Point) float64 { return float64(p.Requests) }

// decisive is the counter that a picture of u shows: the one whose growth is told, or
// the one that decided; nil where RSS did.
func decisive(u *result.URI) *result.Probe {
	name := ""
	switch {
	case u.GrowthOf == "" && counted(u):
		name = liveBytes
	case ofCounter(u):
		name = u.GrowthOf
	case len(u.Evidence) > 0:
		name = u.Evidence[0]
	}
	i := slices.IndexFunc(u.Probes, func(p result.Probe) bool { return p.Name == name && len(p.Series) > 1 })
	if i < 0 {
		return nil
	}
	return &u.Probes[i]
}

// shown is what a picture of u shows: the curve of what decided, in its unit, and the
// growth of that.
type shown struct {
	name, unit  string
	curve       []xy
	growth      figures
	rss         []xy // beside it, faint; nil where RSS itself is shown
	sameUnit    bool // RSS stands on the same axis
	leastHeight float64
}

func shownOf(u *result.URI, limit int) shown {
	rss := over(Thin(joined(u.Series), limit), byRequests)
	f := bytesOf(u)
	q := decisive(u)
	if q == nil {
		return shown{name: f.Of, unit: "bytes", curve: rss, growth: f, leastHeight: max(64<<10, f.Floor*float64(u.Requests))}
	}
	s := shown{name: clean(q.Name), unit: clean(q.Unit), rss: rss, growth: f, sameUnit: q.Unit == "bytes"}
	for _, p := range q.Series {
		s.curve = append(s.curve, xy{float64(p.Requests), p.Value, true})
	}
	if !s.sameUnit || !ofCounter(u) {
		s.growth = figures{Of: s.name, Growth: q.Growth, Low: q.Low, High: q.High}
	}
	s.leastHeight = max(4, math.Abs(s.growth.High)*float64(u.Requests))
	if s.sameUnit {
		s.leastHeight = max(64<<10, s.growth.Floor*float64(u.Requests))
	}
	return s
}

// seriesChart is what decided of a URI over its judged requests, with the growth as
// judged. That is a line through the middle of the last half, which growth that goes on
// follows, and the interval as a fan about it.
func seriesChart(u *result.URI, metric string, limit int) *chart {
	if len(u.Series) < 2 || !Measured(u) {
		return nil
	}
	s := shownOf(u, limit)
	p := around(s.curve)
	slope, low, high := s.fit()
	for _, q := range slices.Concat(low, high) { // the interval is seen whole
		p.hold(q)
	}
	if s.sameUnit {
		for _, q := range s.rss {
			p.hold(q)
		}
	}
	p.air(s.leastHeight)
	c := &chart{
		ID:     fmt.Sprintf("u%d", u.Rank),
		Title:  fmt.Sprintf("%s of %s over its judged requests", capital(s.name), cut(clean(label(u)), 80)),
		Desc:   s.describe(u),
		X:      p.xTicks(func(v float64) string { return units.Count(int(v)) }),
		XTitle: "Judged requests to this URI", YTitle: fmt.Sprintf("%s added by its own requests, in %s", capital(s.name), s.unit),
		Dots: p.dots(s.curve),
	}
	c.Y = p.yTicks()
	if s.unit != "bytes" {
		c.Y = p.yMarks(max(1, decimalStep((p.y1-p.y0)/5)), func(v float64) string { return units.Count(int(v)) })
	}
	c.Y = p.unhidden(c.Y, s.curve[0])
	c.beside(s, p, metric)
	c.Lines = append(c.Lines, chartLine{"series", seriesColor, p.path(s.curve)})
	c.Slope, c.Band = p.path(slope), p.path(append(low, high[1], high[0]))+"Z"
	c.Rounds = p.rounding(joined(u.Series))
	return c
}

// unhidden is ticks without the label that would hide the begin of a curve.
func (p plane) unhidden(ticks []tick, begin xy) []tick {
	_, py := p.at(begin.X, begin.Y)
	for i, t := range ticks {
		if above := t.Line - py; above > -labelHeight/4 && above < labelHeight {
			ticks[i].Label = ""
		}
	}
	return ticks
}

// beside draws RSS faintly beside what a counter counts: on its axis where both are in
// bytes, else on one of its own.
func (c *chart) beside(s shown, p plane, metric string) {
	if s.rss == nil {
		return
	}
	name := "RSS"
	if metric != "" && metric != "rss" {
		name = "anonymous memory"
	}
	if !s.sameUnit {
		y := around(s.rss)
		p.y0, p.y1 = y.y0, y.y1
		p.air(64 << 10)
		c.Right, c.RightTitle = p.yTicks(), capital(name)+", in bytes"
	}
	c.Lines = append(c.Lines, chartLine{"faint", faintColor, p.path(s.rss)})
	c.Key = append(c.Key, key{"line series", seriesColor, "", s.name}, key{"line faint", faintColor, "", name + ", beside it"})
}

// describe is the picture in words.
func (s shown) describe(u *result.URI) string {
	number := units.Bytes
	if s.unit != "bytes" {
		number = func(v float64) string { return units.Quantity(v, s.unit) }
	}
	last := s.curve[len(s.curve)-1]
	text := fmt.Sprintf("%s grew by %s over %s requests: by %s per request, between %s and %s.", capital(s.name), number(last.Y),
		units.Count(u.Requests), number(s.growth.Growth), number(s.growth.Low), number(s.growth.High))
	if s.rss != nil {
		text += fmt.Sprintf(" RSS grew by %s.", units.Bytes(s.rss[len(s.rss)-1].Y))
	}
	return text
}

// fit is the judged slope over the last half, and the ends of its interval: a line each
// through the middle.
func (s shown) fit() (slope, low, high []xy) {
	half := s.curve[(len(s.curve)-1)/2:]
	var mx, my float64
	for _, q := range half {
		mx += q.X / float64(len(half))
		my += q.Y / float64(len(half))
	}
	from, to := half[0].X, half[len(half)-1].X
	line := func(rate float64) []xy {
		return []xy{{X: from, Y: my + rate*(from-mx)}, {X: to, Y: my + rate*(to-mx)}}
	}
	return line(s.growth.Growth), line(s.growth.Low), line(s.growth.High)
}

// rounding is where rounds end; "" where there are too many.
func (p plane) rounding(all []result.Point) string {
	var b strings.Builder
	for i := 1; i < len(all) && all[len(all)-1].Round <= 40; i++ {
		if all[i].Round != all[i-1].Round {
			px, _ := p.at(byRequests(all[i]), 0)
			fmt.Fprintf(&b, "M%d 0V%d", px, planeY)
		}
	}
	return b.String()
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// trendPath is what decided as a small path of 100 by 24 units.
func trendPath(u *result.URI) string {
	s := shownOf(u, 32)
	if len(s.curve) < 2 {
		return ""
	}
	p := around(s.curve)
	if p.y1-p.y0 < s.leastHeight {
		p.y1 = p.y0 + s.leastHeight
	}
	var b strings.Builder
	for i, q := range s.curve {
		px, py := p.at(q.X, q.Y)
		fmt.Fprintf(&b, "%s%d %d", map[bool]string{true: "M", false: "L"}[i == 0], px*100/planeX, 1+py*22/planeY)
	}
	return b.String()
}
