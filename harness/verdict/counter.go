package verdict

import (
	"fmt"
	"math"

	"leakhunt/harness/units"
)

// Edge is a reading at the edge of a block, after garbage was collected.
type Edge struct {
	Requests int     // requests to this URI so far
	Value    float64 // the counter's value, in its unit; bytes for settled RSS
}

// CounterParams says what a counter's readings mean. Zero values stand for the
// defaults.
type CounterParams struct {
	Unit  string // "bytes", "objects", …; only for Reason
	Exact bool   // counts what is alive, object by object: no scatter of its own
	// MinSlope is the smallest growth looked for, in units/request. Default: 16
	// for bytes that are exact, 512 for bytes otherwise, and 0.05 for anything
	// else: a leak that every twentieth request makes.
	MinSlope float64
	// Sure is the growth from which a few even blocks suffice, in units/request.
	// Default: 256 for bytes that are exact, 512 otherwise, and 0.5 for anything
	// else. Clean routes were seen to keep up to 0.3 objects, or a few hundred
	// bytes, a request for some blocks: what grows less than Sure must go on
	// through the whole Horizon.
	Sure float64
	// Noise is by how much one reading may be off, up or down, in units.
	// Default: 8 KiB for bytes that are exact, 300 KiB otherwise (settled RSS),
	// and 1 for anything else.
	Noise float64
	// Ambient is what clean routes keep by accident in their first hundreds of
	// requests, in units/request. It widens the interval downwards, and fades
	// with 500/requests. Default: 100 for bytes that are exact, 1 otherwise,
	// and 0.25 for anything else.
	Ambient float64
	// Horizon is for how many requests growth must go on before a bounded cache is
	// ruled out. Where the last block grew clearly less than all together, it takes
	// twice as many: a cache that has just become full. Default 2048.
	Horizon int
	// FixedN says that no more requests may be sent than were: what grows is
	// convicted with what is known, and Reason says what cache would look alike.
	FixedN bool
	// Outlived is for how long half of what grew was seen to stay: what is kept for
	// less is no leak, and what is kept for more looks like one; in seconds, 0: unknown.
	Outlived float64
}

const (
	// leastBlocks is the fewest blocks that a counter is judged by.
	leastBlocks = 4
	// leastFixed is the fewest requests that convict, where their number is fixed: small
	// caches, and batches that are written together, grow as evenly until they are full.
	leastFixed = 50
)

func (p CounterParams) withDefaults() CounterParams {
	fill := func(v *float64, exact, scattered, counted float64) {
		switch {
		case *v > 0 && !math.IsInf(*v, 0):
		case p.Unit == unitBytes && p.Exact:
			*v = exact
		case p.Unit == unitBytes:
			*v = scattered
		default:
			*v = counted
		}
	}
	fill(&p.MinSlope, 16, 512, 0.05)
	fill(&p.Sure, sureBytes, 512, sureCount)
	fill(&p.Noise, noiseBytes, 300<<10, noiseCount)
	fill(&p.Ambient, 100, 1, 0.25)
	if p.Horizon <= 0 {
		p.Horizon = leastToTell
	}
	return p
}

const unitBytes = "bytes"

// CounterParams.Sure of exact counters: of bytes, and of anything else.
const (
	sureBytes = 256
	sureCount = 0.5
)

// CounterParams.Noise of exact counters: of bytes, and of anything else.
const (
	noiseBytes = 8 << 10
	noiseCount = 1
)

// Noise is CounterParams.Noise of an exact counter of that unit, in units.
func Noise(unit string) float64 {
	if unit == unitBytes {
		return noiseBytes
	}
	return noiseCount
}

// Sure is CounterParams.Sure of an exact counter of that unit, in units/request.
func Sure(unit string) float64 {
	if unit == unitBytes {
		return sureBytes
	}
	return sureCount
}

// Counter judges a counter, or settled RSS, by its block edges, the first one
// before the first request. Blocks need not be equally long.
//
// Exact counters need no four-fold horizon to tell that they grow: blocks that
// agree do. Whether growth goes on is another question, for a bounded cache
// grows just as evenly until it is full.
func Counter(edges []Edge, p CounterParams) Judgement {
	p = p.withDefaults()
	n := 0
	if len(edges) > 0 {
		n = max(0, edges[len(edges)-1].Requests-edges[0].Requests)
	}
	if why := brokenCounter(edges); why != "" {
		return undecided(n, why, 0)
	}
	if k := len(edges) - 1; k < leastBlocks {
		more := 0
		if k > 0 {
			more = n / k * (leastBlocks - k)
		}
		were := "were measured to their end"
		if k == 1 {
			were = "was measured to its end"
		}
		return undecided(n, fmt.Sprintf("only %s of requests %s: a counter tells from %d on", units.Quantity(float64(max(0, k)), "blocks"), were, leastBlocks), more)
	}
	s := steadiness(edges, p)
	j := p.judge(s, n)
	if j.Label == Inconclusive && s.faded && s.late >= p.Sure {
		if rest, ok := p.since(edges); ok {
			return rest
		}
	}
	return j
}

// since convicts what has grown less since some block, and evenly from then on through the
// horizon: what comes before may have filled something. ok is false where it did not.
func (p CounterParams) since(edges []Edge) (j Judgement, ok bool) {
	last := edges[len(edges)-1].Requests
	for k := 1; k+leastBlocks < len(edges) && last-edges[k].Requests >= p.Horizon; k++ {
		if j = p.judge(steadiness(edges[k:], p), last-edges[k].Requests); j.Label == Leak {
			j.Requests = last - edges[0].Requests
			return j, true
		}
	}
	return j, false
}

// floorMargin widens half an interval of 95 % to a bound that a leak passes once in
// 200 times: the quantile 0.995 of Student's t beside 0.975, at eight degrees of
// freedom. A floor is a promise for every URI of a run, and runs have many.
const floorMargin = 1.5

// rareWithout is how many leaks are expected in the requests sent where none is seen in
// one of 20 cases. rareWith is how many are where at most one is seen, which looks like
// a step. They are the upper 95 % bounds of a Poisson mean after 0 and 1 events.
const (
	rareWithout = 3
	rareWith    = 4.74
)

// floor is what the blocks exclude, in units/request: what scatters may hide it, and
// a step may be the first of many. every is how often a leak must come for that.
func (p CounterParams) floor(s steady, rate, half float64, n int) (floor, every float64) {
	floor, every = math.Max(0, rate)+floorMargin*half, float64(n)/rareWithout
	if s.step > 0 {
		floor, every = math.Max(floor, math.Max(0, rate)+s.step/s.stepAt), float64(n)/rareWith
	}
	return floor, every
}

func (p CounterParams) judge(s steady, n int) Judgement {
	low := s.rate - s.half
	j := Judgement{
		Label: Inconclusive, Growth: s.rate, High: s.rate + s.half, Requests: n, Usual: s.usual,
		Low: low - p.Ambient*math.Min(1, 500/float64(n)),
	}
	j.Detectable, j.Every = p.floor(s, s.rate, s.half, n)
	bound := math.Max(0, s.rate) + s.half
	horizon := p.Horizon
	if s.slows {
		horizon *= 2
	}
	told := n >= horizon
	even := low > p.MinSlope && s.even && (p.FixedN || j.Low > 0)
	follow := horizon - n
	if n < p.Horizon {
		follow = p.Horizon - n
	}
	switch {
	case j.High < -p.Sure:
		j.Reason = fmt.Sprintf("the counter fell by %s per request: it does not count what stays alive", p.amount(-s.rate))
	case s.ended:
		half := 2 * p.Noise / s.end.requests
		j.Label = Warmup
		j.Growth, j.Low, j.High = s.end.rate, s.end.rate-half, s.end.rate+half
		j.Detectable, j.Every = p.floor(s, s.end.rate, half, n)
		j.Detectable = max(j.Detectable, s.burst)
		j.Reason = fmt.Sprintf("growth ended: %s per request in the last %s requests", p.amount(math.Max(0, s.end.rate)), units.Count(int(s.end.requests)))
		if p.Exact && s.hides > j.Detectable {
			j.Detectable = s.hides
			j.Reason += fmt.Sprintf(", in which others may have freed as much as %s per request", p.amount(s.hides))
		}
	case even && p.FixedN && n < leastFixed:
		j.More = leastFixed - n
		j.Reason = fmt.Sprintf("grew %s per request in %d of %d blocks, but %s are too few to tell a leak from a small cache",
			p.amount(s.rate), s.up, s.blocks, units.Quantity(float64(n), "requests"))
	case even && (told || p.FixedN && min(s.rate, s.late) >= p.Sure):
		j.Label = Leak
		j.Low, j.High = p.lasting(s, j.Low, j.High)
		j.Reason = fmt.Sprintf("grew %s per request in %d of %d blocks (or a cache of more than %s entries%s)",
			p.amount(s.rate), s.up, s.blocks, units.Count(n), p.longer())
	case even:
		j.More = follow
		j.Reason = fmt.Sprintf("grew %s per request in %d of %d blocks; whether that is a bounded cache takes longer to tell",
			p.amount(s.rate), s.up, s.blocks)
	case s.early >= p.Sure && s.faded && !s.fell && s.late < p.Sure:
		j.Label = Warmup
		j.Growth, j.Low, j.High = s.late, s.late-s.lateHalf, s.late+s.lateHalf
		j.Detectable, j.Every = p.floor(s, s.late, s.lateHalf, n)
		j.Detectable = max(j.Detectable, s.burst)
		j.Reason = fmt.Sprintf("growth fell from %s to %s per request: it dies away", p.amount(s.early), p.amount(math.Max(0, s.late)))
	case low > p.MinSlope || low > 0 && s.rate > p.MinSlope && !told:
		if told {
			follow = n
		}
		j.More = follow
		j.Reason = fmt.Sprintf("grew %s per request, which takes longer to tell from what stays by accident", p.amount(s.rate))
	case bound < p.Sure && s.step > 4*p.Noise && !p.FixedN && float64(n) < 2*s.stepAt:
		j.More = int(2*s.stepAt) - n
		j.Reason = fmt.Sprintf("one step of %s: whether more of them follow takes longer to tell", p.amount(s.step))
	case bound < p.Sure && s.step > 4*p.Noise:
		j.Label = Bloat
		j.Reason = fmt.Sprintf("one step of %s, flat otherwise", p.amount(s.step))
	case bound < p.Sure:
		j.Label = Stable
		j.Reason = fmt.Sprintf("no growth above %s per request", p.amount(j.Detectable))
	default:
		j.More = n
		j.Reason = fmt.Sprintf("growth of %s to %s per request is possible: readings scatter too much", p.amount(j.Low), p.amount(j.High))
	}
	return j
}

// lasting widens the interval of a leak, by an exact counter, by that of its last quarter:
// what is asked is what it grows by from now on. In its first blocks caches fill, and
// neighbours' objects expire. It stays above what is looked for.
func (p CounterParams) lasting(s steady, low, high float64) (float64, float64) {
	if !p.Exact {
		return low, high
	}
	late := max(s.late-s.lateHalf, p.MinSlope)
	return min(low, late), max(high, s.late+s.lateHalf)
}

// longer is what time leaves open.
func (p CounterParams) longer() string {
	if p.Outlived < 1 {
		return ""
	}
	return fmt.Sprintf(", kept for more than %d s", int(p.Outlived))
}

func (p CounterParams) amount(v float64) string {
	if p.Unit == unitBytes {
		return units.Bytes(v)
	}
	if p.Unit == "" {
		return units.Number(v)
	}
	return units.Quantity(v, p.Unit)
}

func brokenCounter(edges []Edge) string {
	for i, e := range edges {
		switch {
		case math.IsNaN(e.Value) || math.IsInf(e.Value, 0):
			return fmt.Sprintf("the counter's reading %d is not a number", i+1)
		case math.Abs(e.Value) > 1<<62:
			return fmt.Sprintf("the counter's reading %d is beyond all bounds", i+1)
		case i > 0 && e.Requests <= edges[i-1].Requests:
			return fmt.Sprintf("the counter's reading %d came without a request in between", i+1)
		}
	}
	return ""
}
