package verdict

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// steady is how evenly a counter grew. Rates are in units/request.
type steady struct {
	rate, half     float64 // over the blocks judged, with half its 95 % interval
	early          float64 // over the first half of all blocks
	late, lateHalf float64 // over the last quarter of the blocks judged, two at least
	even           bool    // it grew in nearly all of them, and to the end
	faded          bool    // late is clearly less than it was at first
	fell           bool    // late, it fell in a block by so much that it may go on growing beneath
	slows          bool    // its last block grew clearly less than all together
	step           float64 // in units: one block that stands out, left out; or 0
	stepAt         float64 // how many requests there had been by its end
	blocks, up     int     // blocks judged, and those of them that grew
	usual          float64 // the median of their rates
	ended          bool    // its last block, a long one, hardly grew, and those before did
	end            block   // that block
	hides          float64 // what it grew by before, where that block alone shows the end: others may have freed as much in it; or 0
	burst          float64 // by bursts: the largest one, in units for each request by its end; or 0
}

// block is one step of a counter.
type block struct {
	requests float64
	rate     float64 // units/request
}

// From so many blocks on a line is fitted: its halves have a line each.
const leastForLine = 16

// The weight, in blocks, of what is known of a counter's scatter beforehand.
const priorBlocks = 4

// steadiness sums up the blocks. The first one still holds warm-up steps, and
// one other may hold a step of its own: both are left out where enough remain.
func steadiness(edges []Edge, p CounterParams) steady {
	all := make([]block, len(edges)-1)
	for i := range all {
		n := float64(edges[i+1].Requests - edges[i].Requests)
		all[i] = block{n, (edges[i+1].Value - edges[i].Value) / n}
	}
	var s steady
	s.early, _ = rate(all[:(len(all)+1)/2], p.Noise)
	used := all
	if len(used) > leastBlocks {
		used = used[1:]
	}
	skipped := len(all) - len(used)
	used, at, step := withoutStep(used, p.Sure)
	if s.step = step; step > 0 {
		s.stepAt = float64(edges[skipped+at+1].Requests - edges[0].Requests)
	}
	s.blocks = len(used)
	s.rate, s.half = rate(used, p.Noise)
	s.usual = median(used)
	few := max(2, len(used)/4)
	first, _ := rate(used[:few], p.Noise)
	s.late, _ = rate(used[len(used)-few:], p.Noise)
	// A few blocks tell little of their own scatter: take that of all.
	s.lateHalf = s.half * math.Sqrt(float64(len(used))/float64(few))
	drop := first - s.late
	// The difference of two means of few blocks is off by the scatter of the
	// blocks, and by the noise of four readings at least.
	span := float64(few) * used[0].requests
	off := math.Max(2*scatter(used)*math.Sqrt(2/float64(few)), 3*p.Noise*math.Sqrt(4.0/3)/span)
	s.faded = drop > 0.3*first && drop > off
	// What dies away comes to a stop. Where the counter falls, be it in one block, something
	// else is freed: V8 frees code that has not run for some collections.
	s.fell = slices.ContainsFunc(used[len(used)-few:], func(b block) bool {
		return b.rate < -0.25*first && b.rate*b.requests < -3*p.Noise
	})
	for _, b := range used {
		if b.rate > 0 {
			s.up++
		}
	}
	last, before := used[len(used)-1], used[:len(used)-1]
	s.slows = last.rate < 0.75*s.rate && s.rate-last.rate > max(3*scatter(before), 2*p.Noise/last.requests)
	n := float64(edges[len(edges)-1].Requests - edges[0].Requests)
	s.end, s.ended = last, p.ended(used, 1, n)
	if k := len(before) - 1; s.ended && !p.ended(used, 2, n) {
		s.hides, _ = rate(before[:max(k, 1)], p.Noise)
	}
	s.burst = burst(all, p.Noise)
	s.even = 4*s.up >= 3*s.blocks && !s.faded && s.late >= 0.4*s.rate
	if !p.Exact && len(used) >= leastForLine && equallyLong(used) {
		s.byLine(used, p)
	}
	return s
}

// ended says that growth has ended: in the last k blocks, which have a quarter of n requests, a
// counter hardly grew, and in those before it did.
func (p CounterParams) ended(b []block, k int, n float64) bool {
	before, last := b[:len(b)-k], b[len(b)-k:]
	if len(before) == 0 {
		return false
	}
	was, _ := rate(before, p.Noise)
	requests := 0.0
	for _, b := range last {
		requests += b.requests
		if math.Abs(b.rate) >= 0.25*was || (was-b.rate)*b.requests <= 8*p.Noise {
			return false
		}
	}
	return was >= p.Sure && requests >= 0.25*n
}

// withoutStep leaves out the block with the largest rate where it holds more than half
// of all growth. Its rate must be more than three times the next, and at least least.
// It returns its index, and its excess over the median in units. Three blocks must
// remain.
func withoutStep(b []block, least float64) (rest []block, at int, step float64) {
	if len(b) <= 3 {
		return b, 0, 0
	}
	top, next := b[0], block{rate: math.Inf(-1)}
	for _, x := range b[1:] {
		switch {
		case x.rate > top.rate:
			top, next = x, top
		case x.rate > next.rate:
			next = x
		}
	}
	var grown float64
	for _, x := range b {
		grown += x.rate * x.requests
	}
	if top.rate < least || top.rate <= 3*math.Abs(next.rate) || top.rate*top.requests <= 0.5*grown {
		return b, 0, 0
	}
	at = slices.Index(b, top)
	rest = append(slices.Clone(b[:at]), b[at+1:]...)
	return rest, at, (top.rate - rates(b)[len(b)/2]) * top.requests
}

// burst is the largest growth of a block, in units for each request by its end, where
// blocks stood still between those that grew: a buffer that doubles, or a leak that few
// requests make, may go on after a long pause. 0 of what grew evenly.
func burst(b []block, noise float64) (largest float64) {
	grows := func(x block) bool { return x.rate*x.requests > 4*noise }
	first, last, stood := -1, -1, 0
	for i, x := range b {
		if !grows(x) {
			continue
		}
		if first < 0 {
			first = i
		}
		stood += max(0, i-last-1)
		last = i
	}
	if stood -= first; first < 0 || stood <= 0 {
		return 0
	}
	by := 0.0
	for _, x := range b {
		by += x.requests
		if grows(x) {
			largest = max(largest, x.rate*x.requests/by)
		}
	}
	return largest
}

func median(b []block) float64 {
	r := rates(b)
	return (r[(len(r)-1)/2] + r[len(r)/2]) / 2
}

// rates are those of the blocks, the lowest first.
func rates(b []block) []float64 {
	out := make([]float64, len(b))
	for i, x := range b {
		out[i] = x.rate
	}
	slices.Sort(out)
	return out
}

// rate is the mean rate of blocks weighted by their requests, with half its 95 %
// interval. The blocks' variance is estimated from few of them, so it is moderated by
// what is known of the readings' noise. An edge is off by up to ±noise, uniformly, so a
// block's growth has variance 2·noise²/3. Then s² = (ν₀·s₀² + ν·s²)/(ν₀+ν), and t has
// ν₀+ν degrees of freedom (Smyth 2004, Statistical Applications in Genetics and
// Molecular Biology 3:3). Where the blocks scatter more than three times as widely,
// that knowledge is of no use.
func rate(b []block, noise float64) (mean, half float64) {
	var total, sum, ss float64
	for _, x := range b {
		total += x.requests
		sum += x.rate * x.requests
	}
	mean = sum / total
	k := float64(len(b))
	for _, x := range b {
		ss += x.requests / total * k * square(x.rate-mean)
	}
	known := 2 * square(noise*k/total) / 3
	nu, prior := k-1, float64(priorBlocks)
	if ss > 9*nu*known {
		prior = 0 // the blocks scatter for another reason, such as a rare leak
	}
	variance := (prior*known + ss) / (prior + nu)
	return mean, quantile975(prior+nu) * math.Sqrt(variance/k)
}

// byLine judges by least squares over the edges of equally long blocks, with
// the error that fits the colour of the noise (see fit): where readings scatter
// each by itself, it is far narrower than what the blocks' rates tell.
func (s *steady) byLine(b []block, p CounterParams) {
	m := make([]float64, len(b)+1)
	for i, x := range b {
		m[i+1] = m[i] + x.rate*x.requests
	}
	half := len(m) / 2
	all := fit(m, b[0].requests, p.Noise)
	late := fit(m[half:], b[0].requests, p.Noise)
	early := fit(m[:half], b[0].requests, p.Noise)
	s.rate, s.half = all.slope, all.se*quantile975(float64(len(m)-2))
	s.early, s.late = early.slope, late.slope
	s.lateHalf = late.se * quantile975(float64(len(m)-half-2))
	drop := early.slope - late.slope
	s.faded = drop > 0.5*early.slope && drop > math.Hypot(early.se, late.se)
	s.even = all.p < alphaConfirm/2 && all.lasting && !s.faded && late.slope >= 0.5*all.slope
}

// quantile975 is the quantile of Student's t for a 95 % interval.
func quantile975(nu float64) float64 {
	if i := int(nu); float64(i) == nu && i > 0 && i < len(quantiles975) {
		return quantiles975[i]
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: nu}.Quantile(0.975)
}

// quantiles975 are those of whole degrees of freedom: they are asked for again and
// again, and each takes 20 µs.
var quantiles975 = func() (q [64]float64) {
	for nu := 1; nu < len(q); nu++ {
		q[nu] = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(nu)}.Quantile(0.975)
	}
	return q
}()

func equallyLong(b []block) bool {
	return !slices.ContainsFunc(b, func(x block) bool { return x.requests != b[0].requests })
}

// scatter is the standard deviation of the blocks' rates. It comes from the differences
// of neighbours, so that a trend does not count (von Neumann 1941, Annals of
// Mathematical Statistics 12:367–395).
func scatter(b []block) float64 {
	var ss float64
	for i := 1; i < len(b); i++ {
		ss += square(b[i].rate - b[i-1].rate)
	}
	return math.Sqrt(ss / 2 / float64(max(1, len(b)-1)))
}
