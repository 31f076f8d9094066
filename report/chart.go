package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"leakhunt/harness/units"
)

// A chart is drawn in a plane of so many units, which its SVG stretches to
// whatever width there is. Text and strokes keep their size. Labels are placed
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
	Right           []tick // of a second axis on the right, for RSS beside a count
	// Titles of the axes, each with its unit.
	XTitle, YTitle, RightTitle string
	Key                        []key // what each line is, where there are several
}

// key is one line of a chart's legend: how it is drawn, and what it is.
type key struct{ Class, Color, Dash, Text string }

// xy is one point of a curve.
type xy struct {
	X, Y    float64
	Settled bool
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

// around is the plane that holds all points.
func around(points ...[]xy) plane {
	p := plane{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, curve := range points {
		for _, q := range curve {
			p.hold(q)
		}
	}
	if p.x1 <= p.x0 {
		p.x1 = p.x0 + 1
	}
	return p
}

func (p *plane) hold(q xy) {
	p.x0, p.x1 = min(p.x0, q.X), max(p.x1, q.X)
	p.y0, p.y1 = min(p.y0, q.Y), max(p.y1, q.Y)
}

// air is some room above and below; least is the least height.
func (p *plane) air(least float64) {
	if span := p.y1 - p.y0; span < least {
		p.y0, p.y1 = p.y0-(least-span)/2, p.y1+(least-span)/2
	}
	span := p.y1 - p.y0
	p.y0, p.y1 = p.y0-span*0.06, p.y1+span*0.10
}

// at is where a point is; what is outside is put on the edge.
func (p plane) at(x, y float64) (px, py int) {
	fx := (x - p.x0) / (p.x1 - p.x0) * planeX
	fy := (p.y1 - y) / (p.y1 - p.y0) * planeY
	return int(math.Round(fx)), int(math.Round(min(planeY, max(0, fy))))
}

// path joins points by straight lines.
func (p plane) path(points []xy) string {
	var b strings.Builder
	for i, q := range points {
		px, py := p.at(q.X, q.Y)
		fmt.Fprintf(&b, "%s%d %d", map[bool]string{true: "M", false: "L"}[i == 0], px, py)
	}
	return b.String()
}

// dots are lines of no length: with round ends they stay round, however the
// plane is stretched.
func (p plane) dots(points []xy) string {
	var b strings.Builder
	for _, q := range points {
		if q.Settled {
			px, py := p.at(q.X, q.Y)
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

// labelHeight is how high a label stands over its mark, in units of the plane.
const labelHeight = planeY / 11

// yTicks are the marks of an axis of bytes.
func (p plane) yTicks() []tick {
	return p.yMarks(binaryStep((p.y1-p.y0)/5), func(v float64) string { return strings.Replace(units.Bytes(v), ".0 ", " ", 1) })
}

func (p plane) yMarks(step float64, label func(float64) string) []tick {
	var out []tick
	for _, v := range marks(p.y0, p.y1, step) {
		_, py := p.at(p.x0, v)
		t := tick{At: percent(float64(py) / planeY), Line: py, Label: label(v), Anchor: "start"}
		if py < labelHeight*2/3 {
			t.Label = "" // it would hide the title
		}
		out = append(out, t)
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
