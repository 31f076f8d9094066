package verdict

import (
	"fmt"
	"math"

	"leakhunt/harness/units"
)

// Fixed judges a series of fixed length: no more requests will be sent. It
// gives the best verdict that the series supports, never one without a floor;
// where that is Inconclusive, More says how many further requests would do.
// mem[i] is the memory in bytes after i+1 requests.
func Fixed(mem []float64, p Params) Judgement {
	if why := unusable(mem); why != "" {
		return undecided(len(mem), why, 0)
	}
	return fixed(mem, p.withDefaults(), 0, 0)
}

// Confirm judges a series that was recorded alone and in a row to confirm a
// suspicion: growth of s0 bytes/request that was first significant after n0
// requests.
func Confirm(mem []float64, s0 float64, n0 int, p Params) Judgement {
	if why := unusable(mem); why != "" {
		return undecided(len(mem), why, 0)
	}
	p = p.withDefaults()
	if len(mem) >= leastToTell {
		if j, cleared := confirm(mem, measure(mem[len(mem)/2:], p), s0, n0, p); !cleared {
			return j
		}
	}
	return fixed(mem, p, n0, s0)
}

// Recorded is what Late would have said of a recorded series, at the length at
// which it would have stopped; where the data end first, the best that they
// support.
func Recorded(mem []float64, p Params) Judgement {
	l := NewLate(p)
	for l.Next() <= len(mem) {
		if j, done := l.Look(mem[:l.Next()]); done && j.Label != Inconclusive {
			return j
		}
	}
	if why := unusable(mem); why != "" {
		return undecided(len(mem), why, 0)
	}
	return fixed(mem, l.p, l.n0, l.s0)
}

// Judge is Recorded for a whole recording, row 0 being the fresh process: the
// first burnIn requests are not judged, but what memory rose in them bounds how
// fast the process may still creep, and is slack in which a leak could hide.
func Judge(mem []float64, burnIn int, p Params) Judgement {
	if why := unusable(mem); why != "" {
		return undecided(max(0, len(mem)-1-burnIn), why, 0)
	}
	burnIn = max(0, burnIn)
	if len(mem) <= burnIn+1 {
		return undecided(0, fmt.Sprintf("only %s requests: the first %s are not judged",
			units.Count(max(0, len(mem)-1)), units.Count(burnIn)), burnIn+leastToTell-len(mem)+1)
	}
	p.BurnIn = burnIn
	p.Rise = math.Max(0, mem[burnIn]-mem[0])
	p.Slack = math.Max(p.Slack, p.Rise)
	return Recorded(mem[burnIn+1:], p)
}

// least is the slope that growth around the last half of n requests must
// exceed to be of interest.
func (p Params) least(n int) float64 {
	return math.Max(p.MinSlope, p.creep(0.75*float64(n)))
}

// fixed is the verdict at the end of the data. s0 and n0 are a suspicion's, or 0.
func fixed(mem []float64, p Params, n0 int, s0 float64) Judgement {
	n := len(mem)
	if n < 2*blocks {
		return undecided(n, fmt.Sprintf("only %d requests: RSS alone needs at least %d", n, firstLook), firstLook-n)
	}
	g := measure(mem[n/2:], p)
	if n < firstLook {
		j := describe(g, n, p)
		j.Reason = fmt.Sprintf("only %d requests: RSS alone needs at least %d", n, firstLook)
		j.More = firstLook - n
		return j
	}
	if n >= leastToTell && g.significant(alphaConfirm, p.least(n)) {
		before := measure(mem[n/4:n/2], p)
		if g.slope >= 0.5*math.Max(before.slope, 0) && (n0 == 0 || n >= 2*n0) && g.slope >= 0.5*s0 {
			return convicted(mem, g, p)
		}
	}
	if excluded(g, p) {
		if j, ok := harmless(mem, g, p); ok {
			return j
		}
	}
	return unsettled(mem, g, p, n0)
}

// confirm is the second pass over a suspicion. cleared says that growth has
// fallen below half of what it was, or is no longer there.
func confirm(mem []float64, g growth, s0 float64, n0 int, p Params) (j Judgement, cleared bool) {
	if g.significant(alphaConfirm, p.least(len(mem))) && g.slope >= 0.5*s0 && len(mem) >= 2*n0 {
		return convicted(mem, g, p), false
	}
	return Judgement{}, true
}

// excluded says that the window holds no growth of MinSlope. A fall as steep
// excludes nothing: after a collection memory falls whether it leaks or not.
func excluded(g growth, p Params) bool {
	return g.bound() < p.MinSlope && g.slope > -p.MinSlope
}

// describe is an inconclusive Judgement with the figures of the window.
func describe(g growth, n int, p Params) Judgement {
	half := g.half(t975)
	return Judgement{
		Label: Inconclusive, Growth: g.slope, Low: g.slope - half, High: g.slope + half,
		Detectable: g.bound() + p.Slack/float64(n), Requests: n,
	}
}

func undecided(n int, reason string, more int) Judgement {
	return Judgement{Label: Inconclusive, Requests: n, Reason: reason, More: max(0, more)}
}

func convicted(mem []float64, g growth, p Params) Judgement {
	n := len(mem)
	j := describe(g, n, p)
	j.Label = Leak
	j.Reason = fmt.Sprintf("grew %s per request through %s requests and had not slowed (or a cache of more than %s entries)",
		units.Bytes(g.slope), units.Count(n), units.Count(n+p.BurnIn))
	return j
}

// harmless names what was seen where no growth goes on. ok is false where the
// floor, with the slack in it, is too high for any such verdict; the Judgement
// is then an inconclusive one that says so.
func harmless(mem []float64, g growth, p Params) (j Judgement, ok bool) {
	j = describe(g, len(mem), p)
	if j.Detectable > p.MaxFloor {
		need := p.Slack / math.Max(1, p.MaxFloor-g.bound())
		j.More = max(0, int(math.Ceil(need))-len(mem))
		j.Reason = fmt.Sprintf("RSS stands still, but %s that were freed and stayed resident could hide a leak of up to %s per request",
			units.Bytes(p.Slack), units.Bytes(j.Detectable))
		return j, false
	}
	s := shapeOf(mem)
	j.Label = s.label
	switch s.label {
	case Bloat:
		j.Reason = fmt.Sprintf("one step of %s at request %s, flat since", units.Bytes(s.step), units.Count(s.at))
	case Warmup:
		j.Reason = fmt.Sprintf("growth fell from %s to %s per request: it dies away", units.Bytes(s.early), units.Bytes(math.Max(0, g.slope)))
	default:
		j.Reason = fmt.Sprintf("no growth above %s per request", units.Bytes(j.Detectable))
	}
	return j, true
}

// unsettled is the inconclusive end: what was seen, and what would settle it.
func unsettled(mem []float64, g growth, p Params, n0 int) Judgement {
	n := len(mem)
	j := describe(g, n, p)
	grows := g.significant(alphaFirst, p.least(n))
	switch {
	case grows && n0 > 0:
		j.More = max(4*n0, leastToTell) - n
		j.Reason = fmt.Sprintf("grew %s per request at %s requests; whether that lasts takes longer to tell", units.Bytes(g.slope), units.Count(n))
	case grows:
		j.More = max(4*n, leastToTell) - n
		j.Reason = fmt.Sprintf("grew %s per request through %s requests; whether that lasts takes longer to tell", units.Bytes(g.slope), units.Count(n))
	case g.slope <= -p.MinSlope:
		j.More = n
		j.Reason = fmt.Sprintf("memory fell by %s per request: what it rises to afterwards is not known yet", units.Bytes(-g.slope))
	default:
		j.More = n
		j.Reason = fmt.Sprintf("growth of %s to %s per request is possible: readings scatter too much", units.Bytes(j.Low), units.Bytes(j.High))
	}
	j.More = max(0, min(j.More, p.MaxRequests-n))
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
