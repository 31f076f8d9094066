package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
)

const (
	// timelinePoints is how many readings the time line shows in all.
	timelinePoints = 4000
	// timelineColors is how many URIs have a colour of their own.
	timelineColors = 7
	// maxAreas is how many rounds, and how many restarts, are told apart on the
	// time line.
	maxAreas = 400
	// labelShare is the room that the number of a round takes on a phone.
	labelShare = 0.06
	// axisShare is the room that the axis's own labels take there.
	axisShare = 0.12
)

// timeline is the memory of the whole run, coloured by the URI that ran.
type timeline struct {
	*chart
	Legend []legend
}

type legend struct {
	Class, Color, ID, Name, Growth string
}

// color is the colour of the i-th URI of the ranking, as the style sheet has
// it for a light page, and its class.
func color(i int) (class, rgb string) {
	palette := [...]string{"#c0362c", "#0b6fb8", "#0f766e", "#8a3ba8", "#96670a", "#be185d", "#4d7c0f", "#6b7480"}
	i = min(i, timelineColors)
	return fmt.Sprintf("c%d", i), palette[i]
}

// timed is a reading and the URI it belongs to.
type timed struct {
	result.Point
	uri int
}

func newTimeline(r *result.Result) *timeline {
	var all []timed
	var points []result.Point
	for i := range r.URIs {
		for _, p := range Thin(r.URIs[i].Series, max(8, timelinePoints/len(r.URIs))) {
			all = append(all, timed{p, i})
			points = append(points, p)
		}
	}
	if len(points) < 2 {
		return nil
	}
	// A round ends with the reading with which the next one begins.
	order := func(a, b result.Point) int { return cmp.Or(cmp.Compare(a.T, b.T), cmp.Compare(stage(a), stage(b))) }
	slices.SortStableFunc(all, func(a, b timed) int { return order(a.Point, b.Point) })
	slices.SortStableFunc(points, order)
	curve := over(points, func(p result.Point) float64 { return p.T })
	p := around(curve)
	for _, t := range r.Target.RestartedAt {
		p.x0, p.x1 = min(p.x0, t), max(p.x1, t)
	}
	p.air(1 << 20)
	first, last := points[0], points[len(points)-1]
	t := &timeline{chart: &chart{
		ID: "run", Title: "Memory of the process over the whole run",
		Desc: fmt.Sprintf("%s from %s at %s to %s at %s.", metricName(r), units.Bytes(float64(first.RSS)), clock(first.T),
			units.Bytes(float64(last.RSS)), clock(last.T)),
		Lines: []chartLine{{"between", "#cccccc", p.path(curve)}},
		Dots:  p.dots(over(Thin(points, 400), func(p result.Point) float64 { return p.T })),
		X:     p.xTicks(clock), XTitle: "Time since the run began",
		Y: p.yTicks(), YTitle: metricName(r) + " of the process, in bytes",
		Areas: p.rounds(points),
		Marks: p.restarts(r.Target.RestartedAt),
	}}
	paths := make([]string, timelineColors+1)
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].uri == all[from].uri && all[to].Round == all[from].Round && !all[to].Fresh {
			to++
		}
		piece := make([]result.Point, 0, to-from)
		for _, q := range all[from:to] {
			piece = append(piece, q.Point)
		}
		paths[min(all[from].uri, timelineColors)] += p.path(over(piece, func(p result.Point) float64 { return p.T }))
		from = to
	}
	for i := len(paths) - 1; i >= 0; i-- {
		if paths[i] != "" {
			class, rgb := color(i)
			t.Lines = append(t.Lines, chartLine{class, rgb, paths[i]})
		}
	}
	t.Legend = legends(r)
	return t
}

// legends name the coloured URIs, with what memory did while each ran.
func legends(r *result.Result) []legend {
	var out []legend
	var rest int64
	others := 0
	for i := range r.URIs {
		u := &r.URIs[i]
		if len(u.Series) == 0 {
			continue
		}
		own := joined(u.Series)
		grew := own[len(own)-1].RSS
		if i >= timelineColors {
			rest += grew
			others++
			continue
		}
		class, rgb := color(i)
		out = append(out, legend{class, rgb, fmt.Sprintf("b%d", u.Rank), cut(clean(label(u)), 60), signed(float64(grew))})
	}
	if others > 0 {
		class, rgb := color(timelineColors)
		out = append(out, legend{class, rgb, "", count(others, "other URI", "other URIs"), signed(float64(rest))})
	}
	return out
}

// rounds are the stretches of time that belong to one round, or in which URIs
// were tried alone. Where a label would run into the axis's or into the one
// before, there is none.
func (p plane) rounds(points []result.Point) []area {
	var out []area
	free := axisShare
	for from := 0; from < len(points); {
		to := from + 1
		for to < len(points) && stretch(points[to]) == stretch(points[from]) {
			to++
		}
		end := points[to-1].T
		if to < len(points) {
			end = points[to].T
		}
		left, _ := p.at(points[from].T, 0)
		right, _ := p.at(end, 0)
		a := area{X: fmt.Sprint(left), W: fmt.Sprint(max(1, right-left)), Odd: len(out)%2 == 1}
		if share := float64(left) / planeX; share >= free && share <= 1-labelShare/3 {
			a.At, a.Label = percent(share), stretch(points[from])
			free = share + labelShare*float64(1+len(a.Label)/3)
		}
		out = append(out, a)
		from = to
	}
	if len(out) > maxAreas {
		return nil
	}
	return out
}

// stage orders what happened: URIs are tried alone after all rounds.
func stage(p result.Point) int {
	if p.Alone {
		return math.MaxInt
	}
	return p.Round
}

// stretch is what the time of a reading is called.
func stretch(p result.Point) string {
	if p.Alone {
		return "alone"
	}
	return fmt.Sprint(p.Round)
}

// restarts are where the process was started afresh, each with its name where
// that does not cover the one before.
func (p plane) restarts(at []float64) []tick {
	const wide = planeX / 8 // the name, on a narrow screen
	var out []tick
	end := -1
	for _, t := range at {
		if t < p.x0 || t > p.x1 || len(out) == maxAreas {
			continue
		}
		px, _ := p.at(t, 0)
		m := tick{At: percent(float64(px) / planeX), Line: px, Anchor: "start"}
		if px > planeX*4/5 {
			m.Anchor = "end"
		}
		from := px
		if m.Anchor == "end" {
			from -= wide
		}
		if from > end {
			m.Label, end = "restart", from+wide
		}
		out = append(out, m)
	}
	return out
}
