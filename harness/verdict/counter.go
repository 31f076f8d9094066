package verdict

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
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
	// bytes for an exact counter of bytes, 512 for bytes otherwise, and 0.05 for
	// anything else: a leak that every twentieth request makes.
	MinSlope float64
	// Noise is by how much one reading may be off, in units. Default: 300 KiB
	// for bytes that are not exact (settled RSS), 1 for what is counted.
	Noise float64
	// Horizon is for how many requests growth must go on before a bounded cache
	// is no longer thought of. Default 2048.
	Horizon int
	// FixedN says that no more requests may be sent than were: what grows is
	// convicted with what is known, and Reason says what cache would look alike.
	FixedN bool
}

// The fewest blocks that a counter is judged by.
const leastBlocks = 4

func (p CounterParams) withDefaults() CounterParams {
	bytes := p.Unit == "bytes"
	pick := func(v *float64, exact, scattered, counted float64) {
		switch {
		case *v > 0 && !math.IsInf(*v, 0):
		case bytes && p.Exact:
			*v = exact
		case bytes:
			*v = scattered
		default:
			*v = counted
		}
	}
	pick(&p.MinSlope, 16, 512, 0.05)
	pick(&p.Noise, 64, 300<<10, 1)
	if p.Horizon <= 0 {
		p.Horizon = 2048
	}
	return p
}

// Counter judges a counter, or settled RSS, by its block edges, the first one
// before the first request. Blocks need not be equally long.
func Counter(edges []Edge, p CounterParams) Judgement {
	p = p.withDefaults()
	n := 0
	if len(edges) > 0 {
		n = edges[len(edges)-1].Requests - edges[0].Requests
	}
	if why := brokenCounter(edges); why != "" {
		return undecided(max(0, n), why, 0)
	}
	if len(edges) < leastBlocks+1 {
		more := 0
		if n > 0 {
			more = n / (len(edges) - 1) * (leastBlocks + 1 - len(edges))
		}
		return undecided(n, fmt.Sprintf("only %d blocks: a counter needs at least %d", max(0, len(edges)-1), leastBlocks), more)
	}
	s := steadiness(edges, p)
	j := Judgement{
		Label: Inconclusive, Growth: s.rate, Low: s.rate - s.half, High: s.rate + s.half,
		Detectable: math.Max(0, s.rate) + s.half, Requests: n,
	}
	rate := p.amount(s.rate)
	switch {
	case s.grows && (n >= p.Horizon || p.FixedN):
		j.Label = Leak
		j.Reason = fmt.Sprintf("grew %s per request in %d of %d blocks of %s requests (or a cache of more than %s entries)",
			rate, s.up, s.blocks, units.Count(n/(len(edges)-1)), units.Count(n))
	case s.grows:
		j.More = p.Horizon - n
		j.Reason = fmt.Sprintf("grew %s per request in %d of %d blocks; a bounded cache would look the same for %s requests more",
			rate, s.up, s.blocks, units.Count(j.More))
	case s.faded:
		j.Label = Warmup
		j.Reason = fmt.Sprintf("growth fell from %s to %s per request: it dies away", p.amount(s.early), p.amount(math.Max(0, s.late)))
	case j.Detectable < p.MinSlope:
		j.Label = Stable
		j.Reason = fmt.Sprintf("no growth above %s per request", p.amount(j.Detectable))
	default:
		j.More = n
		j.Reason = fmt.Sprintf("growth of %s to %s per request is possible: readings scatter too much", p.amount(j.Low), p.amount(j.High))
	}
	return j
}

func (p CounterParams) amount(v float64) string {
	if p.Unit == "bytes" {
		return units.Bytes(v)
	}
	if p.Unit == "" {
		return units.Number(v)
	}
	return units.Number(v) + " " + p.Unit
}

// steady is how evenly a counter grew.
type steady struct {
	rate, half  float64 // units/request, with half its 95 % interval
	early, late float64 // rate over the first and the last half of the blocks
	blocks, up  int     // blocks judged, and those of them that grew
	grows       bool
	faded       bool
}

func steadiness(edges []Edge, p CounterParams) steady {
	rates := make([]float64, 0, len(edges)-1)
	for i := 1; i < len(edges); i++ {
		rates = append(rates, (edges[i].Value-edges[i-1].Value)/float64(edges[i].Requests-edges[i-1].Requests))
	}
	// The first block still holds warm-up steps: leave it out where enough remain.
	from := 0
	if len(rates) > leastBlocks {
		from = 1
	}
	first, last := edges[from], edges[len(edges)-1]
	span := float64(last.Requests - first.Requests)
	used := rates[from:]
	s := steady{rate: (last.Value - first.Value) / span, blocks: len(used)}
	k := float64(len(used))
	var ss float64
	for i, r := range used {
		w := float64(edges[from+i+1].Requests-edges[from+i].Requests) / span * k
		ss += w * square(r-s.rate)
		if r > p.MinSlope/2 {
			s.up++
		}
	}
	se := math.Max(math.Sqrt(ss/(k-1)/k), p.Noise*math.Sqrt2/span/2)
	s.half = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: k - 1}.Quantile(0.975) * se
	half := len(used) / 2
	s.early, s.late = mean(rates[:len(rates)-half]), mean(used[len(used)-half:])
	sorted := slices.Sorted(slices.Values(used))
	median := sorted[len(sorted)/2]
	s.grows = s.rate-s.half > p.MinSlope && s.up >= s.blocks-s.blocks/8 && s.late >= 0.5*median
	s.faded = !s.grows && s.early > p.MinSlope && s.late < 0.5*s.early && s.late < p.MinSlope
	return s
}

func mean(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
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
