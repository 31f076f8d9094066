package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"leakhunt/harness"
	"leakhunt/harness/units"
)

// A chart is drawn in a plane of so many units, which its SVG stretches to
// whatever width there is; text and strokes keep their size. Labels are placed
// in percent, so that nothing depends on a style sheet, which some CI servers
// forbid.
const (
	planeX = 2000
	planeY = 600

	seriesColor = "#0b5cad"
)

// chart is one picture of memory over requests or time.
type chart struct {
	ID, Title, Desc string
	Band            string // the slope's interval, as a path
	Slope           string
	Lines           []chartLine
	Dots            string // settled readings
	Rounds          string // where a round ends
	Areas           []area // rounds, on a time line
	Marks           []tick // restarts, on a time line
	X, Y            []tick
}

type chartLine struct {
	Class string
	Color string // for where the style sheet is forbidden
	Path  string
}

type area struct {
	X, W  string // units of the plane
	At    string // percent: the label's place
	Label string
	Odd   bool
}

type tick struct {
	At     string // percent of the plane
	Line   int    // units of the plane
	Label  string
	Anchor string // text-anchor
}

// plane maps values to its units.
type plane struct{ x0, x1, y0, y1 float64 }

// around is the plane that holds all points, with some air above and below.
func around(points []harness.Point, x func(harness.Point) float64) plane {
	p := plane{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, q := range points {
		p.x0, p.x1 = min(p.x0, x(q)), max(p.x1, x(q))
		p.y0, p.y1 = min(p.y0, float64(q.RSS)), max(p.y1, float64(q.RSS))
	}
	if p.x1 <= p.x0 {
		p.x1 = p.x0 + 1
	}
	return p
}

func (p *plane) air(least float64) {
	if span := p.y1 - p.y0; span < least {
		p.y0, p.y1 = p.y0-(least-span)/2, p.y1+(least-span)/2
	}
	span := p.y1 - p.y0
	p.y0, p.y1 = p.y0-span*0.06, p.y1+span*0.10
}

func (p plane) at(x, y float64) (px, py int) {
	fx := (x - p.x0) / (p.x1 - p.x0) * planeX
	fy := (p.y1 - y) / (p.y1 - p.y0) * planeY
	return int(math.Round(fx)), int(math.Round(min(planeY*2, max(-planeY, fy))))
}

// path joins points by straight lines.
func (p plane) path(points []harness.Point, x func(harness.Point) float64) string {
	var b strings.Builder
	for i, q := range points {
		px, py := p.at(x(q), float64(q.RSS))
		fmt.Fprintf(&b, "%s%d %d", map[bool]string{true: "M", false: "L"}[i == 0], px, py)
	}
	return b.String()
}

// dots are lines of no length: with round ends they stay round, however the
// plane is stretched.
func (p plane) dots(points []harness.Point, x func(harness.Point) float64) string {
	var b strings.Builder
	for _, q := range points {
		if q.Settled {
			px, py := p.at(x(q), float64(q.RSS))
			fmt.Fprintf(&b, "M%d %dh0", px, py)
		}
	}
	return b.String()
}

// marks are the multiples of step from y0 to y1, few of them: of numbers that are so
// large that step changes nothing there is no end.
func marks(y0, y1, step float64) (out []float64) {
	const most = 20
	for first, i := math.Ceil(y0/step)*step, 0; i < most && first+float64(i)*step <= y1; i++ {
		out = append(out, first+float64(i)*step)
	}
	return out
}

func (p plane) yTicks() []tick {
	var out []tick
	for _, v := range marks(p.y0, p.y1, binaryStep((p.y1-p.y0)/5)) {
		_, py := p.at(p.x0, v)
		out = append(out, tick{
			At: percent(float64(py) / planeY), Line: py,
			Label: strings.Replace(units.Bytes(v), ".0 ", " ", 1), Anchor: "start",
		})
	}
	return out
}

func (p plane) xTicks(label func(float64) string) []tick {
	var out []tick
	for _, v := range marks(p.x0, p.x1, decimalStep((p.x1-p.x0)/5)) {
		px, _ := p.at(v, p.y0)
		share := float64(px) / planeX
		anchor := "middle"
		if share < 0.04 {
			anchor = "start"
		} else if share > 0.96 {
			anchor = "end"
		}
		out = append(out, tick{At: percent(share), Line: px, Label: label(v), Anchor: anchor})
	}
	return out
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

// binaryStep is the power of two at or above v: bytes are read in those.
func binaryStep(v float64) float64 { return math.Pow(2, math.Ceil(math.Log2(max(1, v)))) }

// decimalStep is 1, 2 or 5 times a power of ten, at or above v.
func decimalStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(v, 1e-3))))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v {
			return m * power
		}
	}
	return 10 * power
}

// seriesChart is a URI's own series with the growth as judged: a line of that
// slope through the middle of the last half, which growth that goes on
// follows, and the interval as a fan about it.
func seriesChart(u *harness.URIResult, limit int) *chart {
	if len(u.Series) < 2 || !Measured(u) {
		return nil
	}
	x := func(p harness.Point) float64 { return float64(p.Requests) }
	all := joined(u.Series)
	points := Thin(all, limit)
	p := around(points, x)
	p.air(max(64<<10, u.Detectable*float64(u.Requests)))
	c := &chart{
		ID:    fmt.Sprintf("u%d", u.Rank),
		Title: "Memory of " + cut(clean(label(u)), 80) + " over its judged requests",
		Desc: fmt.Sprintf("Its own growth is %s over %s requests; the slope is %s, between %s.",
			units.Bytes(float64(all[len(all)-1].RSS)), units.Count(u.Requests), units.Rate(u.Growth), interval(u)),
		Lines: []chartLine{{"series", seriesColor, p.path(points, x)}},
		Dots:  p.dots(Thin(all, limit/3), x),
		X:     p.xTicks(func(v float64) string { return units.Count(int(v)) }),
		Y:     p.yTicks(),
	}
	c.Slope, c.Band = p.fit(u, all)
	var b strings.Builder
	for i := 1; i < len(all) && all[len(all)-1].Round <= 40; i++ {
		if all[i].Round != all[i-1].Round {
			px, _ := p.at(x(all[i]), 0)
			fmt.Fprintf(&b, "M%d 0V%d", px, planeY)
		}
	}
	c.Rounds = b.String()
	return c
}

// fit draws the judged slope and its interval over the last half.
func (p plane) fit(u *harness.URIResult, all []harness.Point) (slope, band string) {
	half := all[len(all)/2:]
	var mx, my float64
	for _, q := range half {
		mx += float64(q.Requests) / float64(len(half))
		my += float64(q.RSS) / float64(len(half))
	}
	from, to := float64(half[0].Requests), float64(half[len(half)-1].Requests)
	at := func(rate, x float64) string {
		px, py := p.at(x, my+rate*(x-mx))
		return fmt.Sprintf("%d %d", px, py)
	}
	slope = "M" + at(u.Growth, from) + "L" + at(u.Growth, to)
	band = "M" + at(u.GrowthLow, from) + "L" + at(u.GrowthLow, to) + "L" + at(u.GrowthHigh, to) + "L" + at(u.GrowthHigh, from) + "Z"
	return slope, band
}

// clock writes seconds of a run for an axis.
func clock(s float64) string {
	d := time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond)
	if d >= 2*time.Minute {
		text := d.Round(time.Second).String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		return text
	}
	return units.Number(d.Seconds()) + " s"
}
