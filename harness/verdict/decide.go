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
	return fixed(mem, p.withDefaults(), 0)
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
		if v := look(mem, p); v.lasts(alphaConfirm, s0, p) {
			return convicted(v, p)
		}
	}
	return fixed(mem, p, n0)
}

// Recorded judges a recorded series: a leak is told at the length at which Late
// would have told it, unless the rest of the data show that it ended; anything
// else is judged by all the data, for they cost nothing more.
func Recorded(mem []float64, p Params) Judgement {
	if why := unusable(mem); why != "" {
		return undecided(len(mem), why, 0)
	}
	l := NewLate(p)
	var early Judgement
	for done := false; !done && l.Next() <= len(mem); {
		early, done = l.Look(mem[:l.Next()])
	}
	all := fixed(mem, l.p, l.n0)
	ended := all.Label != Leak && all.Label != Inconclusive || all.High < 0.5*early.Growth
	if early.Label == Leak && !ended {
		return early
	}
	return all
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

// view is the two windows that a decision looks at.
type view struct {
	n        int
	late     growth  // (n/2, n]: whether growth is still there
	wide     growth  // (n/4, n]: how much, with less noise
	straight bool    // the two halves of (n/4, n] grew alike, as far as one can see that well
	turn     float64 // slope of (n/4, n/2] less that of (n/2, n], where that is more than noise
	fell     bool    // growth in (n/2, n] is clearly less than that in (n/4, n/2]
}

func look(mem []float64, p Params) view {
	n := len(mem)
	v := view{n: n, late: measure(mem[n/2:], p), wide: measure(mem[n/4:], p)}
	if n >= 8*blocks {
		before := measure(mem[n/4:n/2], p)
		drop, noise := before.slope-v.late.slope, math.Hypot(before.se, v.late.se)
		v.fell = drop > 0.5*before.slope || drop > 0.25*before.slope && drop > noise
		if math.Abs(drop) > noise {
			v.turn = drop
		}
		v.straight = math.Abs(drop) < 0.2*v.wide.slope && noise < 0.2*v.wide.slope
	}
	return v
}

// best is the window whose figures are reported: the wide one, unless growth
// changed within it by more than its interval allows.
func (v view) best() growth {
	if math.Abs(v.late.slope-v.wide.slope) > v.wide.half(t975) {
		return v.late
	}
	return v.wide
}

// lasts says that growth goes on: over both windows together it is significant
// and of interest, and the late one shows no less than half of what was there
// before, s0 (bytes/request) included.
func (v view) lasts(alpha, s0 float64, p Params) bool {
	least, n := p.least(v.n), float64(v.n)
	return v.n >= leastToTell && v.wide.significant(alpha, least) &&
		v.wide.slope > v.wide.half(t975) && v.wide.slope-t95*v.wide.se > least/2 &&
		v.wide.slope > p.creep(0.625*n) &&
		v.late.slope > least && v.late.slope >= 0.5*s0 && !v.fell
}

// fixed is the verdict at the end of the data. n0 is a suspicion's length, or 0.
func fixed(mem []float64, p Params, n0 int) Judgement {
	n := len(mem)
	if n < 2*blocks {
		return undecided(n, fmt.Sprintf("only %d requests: RSS alone needs at least %d", n, firstLook), firstLook-n)
	}
	v := look(mem, p)
	if n < firstLook {
		j := describe(v.late, n, p)
		j.Reason = fmt.Sprintf("only %d requests: RSS alone needs at least %d", n, firstLook)
		j.More = firstLook - n
		return j
	}
	if v.lasts(alphaConfirm, 0, p) {
		return convicted(v, p)
	}
	if v.excluded(p) {
		j, _ := harmless(mem, v.late, p)
		return j
	}
	return unsettled(v, p, n0)
}

// excluded says that the window holds no growth of MinSlope. A fall as steep
// excludes nothing: after a collection memory falls whether it leaks or not.
func (v view) excluded(p Params) bool {
	g := v.late
	return v.n >= leastForStable && g.bound() < p.MinSlope && g.slope > -p.MinSlope
}

// describe is an inconclusive Judgement with the figures of the window.
func describe(g growth, n int, p Params) Judgement {
	half := g.half(t975)
	return Judgement{
		Label: Inconclusive, Growth: g.slope, Low: g.slope - half, High: g.slope + half + g.step/g.window,
		Detectable: g.bound() + g.step/g.window + p.Slack/float64(n), Requests: n,
	}
}

func undecided(n int, reason string, more int) Judgement {
	return Judgement{Label: Inconclusive, Requests: n, Reason: reason, More: max(0, more)}
}

func convicted(v view, p Params) Judgement {
	j := describe(v.best(), v.n, p)
	j.Low -= math.Max(0, v.turn) // it may turn so again
	j.High += math.Max(0, -v.turn)
	j.Label = Leak
	j.Reason = fmt.Sprintf("grew %s per request through %s requests and had not slowed (or a cache of more than %s entries)",
		units.Bytes(j.Growth), units.Count(v.n), units.Count(v.n+p.BurnIn))
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
		j.Reason = fmt.Sprintf("RSS stands still, but %s that may be free inside the process could hide a leak of up to %s per request",
			units.Bytes(p.Slack), units.Bytes(j.Detectable))
		return j, false
	}
	s := shapeOf(mem)
	j.Label = s.label
	switch s.label {
	case Bloat:
		j.Reason = fmt.Sprintf("one step of %s at request %s, flat since", units.Bytes(s.step), units.Count(s.at))
	case Warmup:
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
		j.More = max(4*n0, leastToTell) - n
		j.Reason = fmt.Sprintf("grew %s per request through %s requests; whether that lasts takes longer to tell", units.Bytes(g.slope), units.Count(n))
	case g.slope <= -p.MinSlope:
		j.More = n
		j.Reason = fmt.Sprintf("memory fell by %s per request: what it rises to afterwards is not known yet", units.Bytes(-g.slope))
	case n < leastForStable && g.bound() < p.MinSlope:
		j.More = leastForStable - n
		j.Reason = fmt.Sprintf("no growth seen, but %s requests are too few to call that stable on RSS alone", units.Count(n))
	case p.Slack/float64(n) > p.MaxFloor:
		j.More = n
		j.Reason = fmt.Sprintf("%s that rose before the first judged request could hide a leak of up to %s per request",
			units.Bytes(p.Slack), units.Bytes(p.Slack/float64(n)))
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
