package verdict

import (
	"math"
	"slices"
)

// blocks is into how many equal blocks a window is cut. The minimum of a block
// is the trough of the garbage collector's saw-tooth, which is what grows when
// something stays alive.
const blocks = 16

// growth is what one window of a series says about growth. Rates are in bytes
// per request.
type growth struct {
	window  float64 // requests in the window
	slope   float64 // least squares over the block minima
	se      float64 // its standard error for the noise colour found
	seWide  float64 // the larger of se and the random-walk standard error
	p       float64 // the smaller of the two one-sided p-values
	rises   int     // positive differences between neighbouring minima
	lasting bool    // the later thirds of the window grew as well as the first
	quantum float64 // size in bytes of the smallest step seen, at least the allocator's
	step    float64 // size in bytes of the one step that was taken out, or 0
}

// measure looks at the last 16·⌊len(w)/16⌋ readings of w, which must be at
// least 16.
//
// One step is never a leak: where one rise makes up more than half of all growth, it is
// taken out and the rest is judged. The median rise takes its place. What is left of a
// leak still grows.
func measure(w []float64, p Params) growth {
	var m [blocks]float64
	ell := len(w) / blocks
	w = w[len(w)-blocks*ell:]
	for i := range m {
		m[i] = lowest(w[i*ell : (i+1)*ell])
	}
	step := levelStep(m[:])
	g := fit(m[:], float64(ell), p.Page)
	g.quantum = math.Max(p.Quantum, resolution(w))
	g.step = step
	return g
}

// levelStep takes the largest rise out of m, over two differences, for a step may
// straddle a block. It does so where the rise is more than half of all growth and
// stands out of the other differences. It returns what it took, or 0.
func levelStep(m []float64) float64 {
	const span = 2
	var d, size [blocks - 1]float64
	at, total := 0, 0.0
	for i := range d {
		d[i] = m[i+1] - m[i]
		size[i] = math.Abs(d[i])
		total += size[i]
	}
	for i := 0; i+span <= len(d); i++ {
		if d[i]+d[i+1] > d[at]+d[at+1] {
			at = i
		}
	}
	rise := d[at] + d[at+1]
	others := (total - size[at] - size[at+1]) / float64(len(d)-span)
	if rise <= 0.5*(m[len(m)-1]-m[0]) || rise <= 6*others {
		return 0
	}
	slices.Sort(d[:])
	usual := d[len(d)/2]
	excess := rise - span*usual
	for i := at + 1; i < len(m); i++ {
		if i == at+1 {
			m[i] = m[at] + usual
		} else {
			m[i] -= excess
		}
	}
	return excess
}

// significant says whether growth is there at level α, past the gates that keep
// single steps and growth of no interest out. least is in bytes/request.
func (g growth) significant(alpha, least float64) bool {
	return g.p < alpha/2 && g.rises >= 3 && g.slope > least && g.lasting
}

// half is half the width of the two-sided interval at the given t quantile. Besides the
// noise, each end of the window is known only to a quantum of the allocator, uniformly.
// So their difference has the variance quantum²/6.
func (g growth) half(tq float64) float64 {
	return tq * math.Hypot(g.seWide, g.quantum/math.Sqrt(6)/g.window)
}

// bound is what the window excludes: growth above it would have been seen, with
// one whole quantum held back at the end.
func (g growth) bound() float64 {
	return math.Max(0, g.slope) + t95*g.se + g.quantum/g.window
}

// lowest is slices.Min without its care for NaN, of which there is none here: it
// takes half the time, and a verdict does little else.
func lowest(w []float64) float64 {
	low := w[0]
	for _, v := range w[1:] {
		if v < low {
			low = v
		}
	}
	return low
}

// resolution is the smallest change between neighbouring readings, 0 for a
// constant series: memory that moves by 2 MiB at a time (huge pages), or by
// 64 MiB (glibc's arenas), is only known to that.
func resolution(w []float64) float64 {
	least := math.Inf(1)
	for i := 1; i < len(w); i++ {
		if d := math.Abs(w[i] - w[i-1]); d > 0 && d < least {
			least = d
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}
