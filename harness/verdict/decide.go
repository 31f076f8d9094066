package verdict

import (
	"fmt"
	"math"

	"leakhunt/harness/units"
)

// Fixed judges a series of fixed length: no more requests will be sent. It
// gives the best verdict that the series supports, never one without a floor.
// Where that is Inconclusive, More says how many further requests would do.
// mem[i] is the memory in bytes after i+1 requests.
func Fixed(mem []float64, p Params) Judgement {
	if why := unusable(mem); why != "" {
		return undecided(len(mem), why, 0)
	}
	return fixed(mem, p.withDefaults(), 0, 0)
}

// Confirm judges a series that was recorded alone and in a row to confirm a
// suspicion: growth of s0 bytes/request that was first significant after n0
// requests. What grows at less than half of s0 is not convicted, for part of s0
// was another's doing.
func Confirm(mem []float64, s0 float64, n0 int, p Params) Judgement {
	if why := unusable(mem); why != "" {
		return undecided(len(mem), why, 0)
	}
	return fixed(mem, p.withDefaults(), n0, atLeastZero(s0))
}

// Recorded judges a recorded series: a leak is told at the length at which Late
// would have told it, unless the rest of the data show that it ended. Anything
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
	all := fixed(mem, l.p, l.n0, 0)
	ended := all.Label != Leak && all.Label != Inconclusive || all.High < 0.5*early.Growth
	if early.Label == Leak && !ended {
		return early
	}
	return all
}

// Judge is Recorded for a whole recording, of which row 0 is the fresh process. The
// first burnIn requests are not judged. What memory rose in them bounds how fast the
// process may still creep, and is slack in which a leak could hide.
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

// fixed is the verdict at the end of the data. n0 and s0 are a suspicion's
// length and slope, or 0.
func fixed(mem []float64, p Params, n0 int, s0 float64) Judgement {
	n, least := len(mem), p.leastToSay()
	few := fmt.Sprintf("only %s requests: RSS alone needs at least %s", units.Count(n), units.Count(least))
	if n < 2*blocks {
		return undecided(n, few, least-n)
	}
	v := look(mem, p)
	if n < firstLook {
		j := describe(v.late, n, p)
		j.Reason, j.More = few, least-n
		return j
	}
	if v.lasts(alphaConfirm, s0, p) {
		return convicted(v, p)
	}
	if v.excluded(p) {
		j, _ := harmless(mem, v.late, p)
		return j
	}
	if v.bounded(p) {
		j, ok := harmless(mem, v.late, p)
		if j.Detectable = math.Max(j.Detectable, j.High); ok && j.Detectable <= p.MaxFloor {
			return j
		}
	}
	return unsettled(v, p, n0)
}
