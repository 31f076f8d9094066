package verdict

import (
	"fmt"
	"math"

	"leakhunt/harness/units"
)

// describe is an inconclusive Judgement with the figures of the window.
func describe(g growth, n int, p Params) Judgement {
	half := g.half(t975)
	return Judgement{
		Label: Inconclusive, Growth: g.slope, Low: g.slope - half, High: g.slope + half + g.step/g.window,
		Creep: p.creep(0.75 * float64(n)), Detectable: g.bound() + g.step/g.window + p.Slack/float64(n), Requests: n,
		Every: rarest(g.step, g.window),
	}
}

// rarest is how rare a leak may be to be seen in a window of so many requests: one in
// every requests. step is the size of the one step that was seen, 0 if none was.
func rarest(step, window float64) (every float64) {
	if step > 0 {
		return window / rareWith
	}
	return window / rareWithout
}

func undecided(n int, reason string, more int) Judgement {
	return Judgement{Label: Inconclusive, Requests: n, Reason: reason, More: max(0, more)}
}

func convicted(v view, p Params) Judgement {
	j := describe(v.best(), v.n, p)
	j.Low -= v.slows()
	j.High += math.Max(0, -v.turn)
	j.Label = Leak
	j.Reason = Lasted("grew "+units.Bytes(j.Growth), v.n)
	return j
}

// Lasted says what goes on after n requests, and what else may look like that.
func Lasted(grew string, n int) string {
	return fmt.Sprintf("%s per request through %s requests and had not slowed (or a cache of more than %[2]s entries)", grew, units.Count(n))
}

// harmless names what was seen where no growth goes on. ok is false where the
// floor, with the slack in it, is too high for any such verdict. The Judgement
// is then an inconclusive one that says so.
func harmless(mem []float64, g growth, p Params) (j Judgement, ok bool) {
	j = describe(g, len(mem), p)
	s := shapeOf(mem)
	if j.Detectable > p.MaxFloor {
		hides := p.Slack + g.step/g.window*float64(len(mem))
		j.More = max(0, int(math.Ceil(hides/math.Max(1, p.MaxFloor-g.bound())))-len(mem))
		what := units.Bytes(p.Slack) + " that may be free inside the process"
		switch {
		case g.step > p.Slack:
			what = "its step of " + units.Bytes(g.step)
		case g.step > 0:
			what = "its step of " + units.Bytes(g.step) + " and " + what
		}
		j.Reason = fmt.Sprintf("RSS stands still, but %s could hide a leak of up to %s per request", what, units.Bytes(j.Detectable))
		return j, false
	}
	j.Label = s.label
	switch {
	case j.Low > 0 && s.label != Bloat:
		j.Label = Stable
		j.Reason = fmt.Sprintf("growth of %s per request, which is less than the %s that RSS tells from a server's creep",
			units.Bytes(j.Growth), units.Bytes(p.MinSlope))
	case s.label == Bloat:
		j.Reason = fmt.Sprintf("one step of %s at request %s, flat since", units.Bytes(s.step), units.Count(s.at))
	case s.label == Warmup:
		j.Reason = fmt.Sprintf("grew %s in all, and no longer does", units.Bytes(s.grown))
		if s.early > 2*math.Max(0, g.slope) {
			j.Reason = fmt.Sprintf("growth fell from %s to %s per request: it dies away", units.Bytes(s.early), units.Bytes(math.Max(0, g.slope)))
		}
	default:
		j.Reason = fmt.Sprintf("no growth above %s per request", units.Bytes(j.Detectable))
	}
	return j, true
}

// unsettled is the inconclusive end: what was seen, and what would settle it.
func unsettled(v view, p Params, n0 int) Judgement {
	n, g := v.n, v.late
	j := describe(g, n, p)
	grows := g.significant(alphaFirst, p.least(n))
	switch {
	case grows:
		if n0 == 0 {
			n0 = n
		}
		if j.More = max(4*n0, leastToTell) - n; j.More <= 0 {
			j.More = n
		}
		j.Reason = fmt.Sprintf("grew %s per request through %s requests; whether that lasts takes longer to tell", units.Bytes(g.slope), units.Count(n))
	case g.slope <= -p.MinSlope:
		j.More = n
		j.Reason = fmt.Sprintf("memory fell by %s per request: what it rises to afterwards is not known yet", units.Bytes(-g.slope))
	case n < leastForStable && g.bound() < p.MinSlope:
		j.More = leastForStable - n
		j.Reason = fmt.Sprintf("no growth seen, but %s requests are too few to call that stable on RSS alone", units.Count(n))
	case p.Slack/float64(n) > p.MaxFloor:
		j.More = int(math.Ceil(p.Slack/p.MaxFloor)) - n
		j.Reason = fmt.Sprintf("%s that may be free inside the process could hide a leak of up to %s per request",
			units.Bytes(p.Slack), units.Bytes(p.Slack/float64(n)))
	default:
		j.More = n
		j.Reason = fmt.Sprintf("growth of %s to %s per request is possible: readings scatter too much", units.Bytes(j.Low), units.Bytes(j.High))
	}
	j.More = min(j.More, max(p.MaxRequests-n, n))
	return j
}

// unusable says why no verdict can be built on the readings, "" where it can.
func unusable(mem []float64) string {
	if len(mem) < 2 {
		return fmt.Sprintf("%d readings: a verdict needs a series", len(mem))
	}
	for i, v := range mem {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return fmt.Sprintf("reading %s is not a number", units.Count(i+1))
		case v <= 0:
			return fmt.Sprintf("reading %s is %s: the process was gone", units.Count(i+1), units.Bytes(v))
		case v > 1<<60:
			return fmt.Sprintf("reading %s is %s: no process is that large", units.Count(i+1), units.Bytes(v))
		}
	}
	return ""
}
