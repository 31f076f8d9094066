package verdict

import (
	"fmt"
	"math"

	"leakhunt/harness/units"
)

// A buffer that doubles whenever it is full takes one step between any n requests and 2n,
// and stands still in between: the longer it is watched in blocks of one length, the more
// it looks like a thing that took its last step. What it holds stays in proportion to the
// requests all the same, through every octave of them.

const (
	// leastOctaves is through how many octaves growth must keep in proportion.
	leastOctaves = 4
	// leastSteps is how many blocks must have grown in them, and leastPauses how many of all
	// steps must have come after a pause: a quarter, at least, of the requests until then.
	leastSteps  = 3
	leastPauses = 2
	pauseShare  = 0.25
	// octaveBand is how far the growth per request may be apart within them: just before a
	// step it is half of what it is just after, and more where an edge is late.
	octaveBand = 3
	// stepShare is the share of what it holds that a step adds at least: a buffer grows by a
	// quarter or more when it is full. restShare is the share of all growth within the octaves
	// that may come otherwise, and fallShare that of what it holds that may be freed.
	stepShare, restShare, fallShare = 1.0 / 6, 0.15, 1.0 / 8
)

// Octaves judges an exact counter that grew in steps that come ever later, by the edges of
// all requests since the process was fresh. ok is false where it did not grow so.
func Octaves(edges []Edge, p CounterParams) (j Judgement, ok bool) {
	p = p.withDefaults()
	if len(edges) <= leastSteps || brokenCounter(edges) != "" {
		return j, false
	}
	first, last := edges[0], edges[len(edges)-1]
	n := float64(last.Requests - first.Requests)
	from := 0 // where the octaves begin, at the latest edge that leaves room for them
	for i, e := range edges {
		if float64(e.Requests-first.Requests) <= n/math.Exp2(leastOctaves-1) {
			from = i
		}
	}
	least, most := math.Inf(1), 0.0 // of the growth per request within them
	steps, pauses, lately := 0, 0, false
	rest := 0.0  // what came otherwise than in steps, within them
	stood := 0.0 // for how many requests it has not grown
	for i := 1; i < len(edges); i++ {
		at, level := float64(edges[i].Requests-first.Requests), edges[i].Value-first.Value
		sent, grew := float64(edges[i].Requests-edges[i-1].Requests), edges[i].Value-edges[i-1].Value
		if i >= from {
			least, most = min(least, level/at), max(most, level/at)
		}
		switch {
		case grew < -max(4*p.Noise, fallShare*level) && i > from:
			return j, false
		case grew > max(4*p.Noise, stepShare*level):
			if stood >= pauseShare*(at-sent) {
				pauses++
			}
			if i > from {
				steps++
			}
			stood, lately = 0, at > n/2
		case math.Abs(grew) <= level/at*sent/8:
			stood += sent
		default:
			stood = 0
			if i > from {
				rest += max(0, grew)
			}
		}
	}
	if from == 0 || !lately || steps < leastSteps || pauses < leastPauses ||
		last.Value-first.Value <= 16*p.Noise || least <= p.MinSlope || most > octaveBand*least ||
		rest > restShare*(last.Value-edges[from].Value) {
		return j, false
	}
	// Before a step the buffer is full, and behind it half of it is.
	j = Judgement{Label: Inconclusive, Requests: int(n), Low: min(least, most/2), High: max(most, 2*least)}
	j.Growth = math.Sqrt(j.Low * j.High)
	j.Usual, j.Detectable, j.Every = j.Growth, j.High, n/rareWithout
	j.Reason = fmt.Sprintf("grew %s per request in %s, each as late as all before", p.amount(j.Growth), units.Quantity(float64(steps), "steps"))
	if j.More = 2*p.Horizon - int(n); j.More > 0 {
		j.Reason += "; whether that is a bounded cache takes longer to tell"
		return j, true
	}
	j.Label, j.More = Leak, 0
	j.Reason += fmt.Sprintf(" (or a cache of more than %s entries%s)", units.Count(int(n)), p.longer())
	return j, true
}
