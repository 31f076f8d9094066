package verdict

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
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
// One step is never a leak: where one rise makes up more than half of all growth,
// it is taken out (the median rise put in its place) and the rest is judged. What is left of a leak still grows.
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

// levelStep takes the largest rise out of m, over one or two differences
// (a step may straddle a block), where it is more than half of all growth and
// stands out of the other differences; it returns what it took, or 0.
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

// fit is the growth test over equally long block minima m (method: least
// squares for the slope, its error by the colour of the noise).
//
//   - slope b by ordinary least squares over m_i, with standard error seO
//     (Draper & Smith, Applied Regression Analysis, 3rd ed., section 1.4)
//   - d_i = m_i − m_{i−1}; seR = sd(d)/√(B−1), which holds under random-walk
//     noise, where the mean of d is the best estimate of drift
//   - the variance ratio VR = mean((e_i−e_{i−4})²)/(4·mean((e_i−e_{i−1})²)) of
//     the residuals e is 1 for a random walk and ¼ for white noise (Lo &
//     MacKinlay 1988, Review of Financial Studies 1:41–66);
//     ω = clip(1.5·(VR−¼)/¾, 0, 1) mixes the two variances
//   - se is never below what rounding to pages alone gives: two readings, each
//     uniform over a page (variance page²/12), B−1 blocks apart
//   - p is the smaller of P(T_{B−2} > b/se) and of the sign test
//     P(Bin(k, ½) ≥ rises), k the non-zero differences; the caller compares it
//     with α/2 (Bonferroni, for two tests)
func fit(m []float64, ell, page float64) growth {
	n := float64(len(m))
	mid := (n - 1) / 2
	var mean, sxy, sxx float64
	for _, v := range m {
		mean += v / n
	}
	for i, v := range m {
		x := float64(i) - mid
		sxy += x * (v - mean)
		sxx += x * x
	}
	b := sxy / sxx

	var rss, step1, step4, dd float64
	up, moved := 0, 0
	drift := (m[len(m)-1] - m[0]) / (n - 1)
	residual := func(i int) float64 { return m[i] - mean - b*(float64(i)-mid) }
	for i := range m {
		e := residual(i)
		rss += e * e
		if i >= 4 {
			step4 += square(e - residual(i-4))
		}
		if i == 0 {
			continue
		}
		step1 += square(e - residual(i-1))
		d := m[i] - m[i-1]
		dd += square(d - drift)
		if d != 0 {
			moved++
		}
		if d > 0 {
			up++
		}
	}
	seO := math.Sqrt(rss / (n - 2) / sxx)
	seR := math.Sqrt(dd/(n-2)) / math.Sqrt(n-1)
	omega := 0.0
	if step1 > 0 {
		vr := (step4 / (n - 4)) / (4 * step1 / (n - 1))
		omega = math.Min(1, math.Max(0, 1.5*(vr-0.25)/0.75))
	}
	rounding := math.Sqrt(2*page*page/12) / (n - 1)
	se := math.Max(math.Sqrt((1-omega)*seO*seO+omega*seR*seR), rounding)

	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 2}
	return growth{
		window: n * ell,
		slope:  b / ell, se: se / ell, seWide: math.Max(se, seR) / ell,
		p:     math.Min(t.Survival(b/se), signTest(up, moved)),
		rises: up, lasting: lasting(m),
	}
}

// signTest is P(Bin(moved, ½) ≥ up): how probable so many rises are where a
// rise and a fall are as likely (Conover, Practical Nonparametric Statistics,
// 3rd ed., section 3.4).
func signTest(up, moved int) float64 {
	if moved == 0 || up == 0 {
		return 1
	}
	return distuv.Binomial{N: float64(moved), P: 0.5}.Survival(float64(up) - 1)
}

// lasting says that growth did not die away within the window: the last third
// of the minima brought at least 0.15 of all growth and the middle third at
// least 0.10.
func lasting(m []float64) bool {
	third := (len(m) - 1) / 3
	end := len(m) - 1
	all := m[end] - m[0]
	return all > 0 && m[end]-m[end-third] >= 0.15*all && m[end-third]-m[end-2*third] >= 0.10*all
}

// significant says whether growth is there at level α, past the gates that keep
// single steps and growth of no interest out. least is in bytes/request.
func (g growth) significant(alpha, least float64) bool {
	return g.p < alpha/2 && g.rises >= 3 && g.slope > least && g.lasting
}

// half is half the width of the two-sided interval at the given t quantile:
// besides the noise, the two ends of the window are each only known to a
// quantum of the allocator, uniformly, so their difference has the variance
// quantum²/6.
func (g growth) half(tq float64) float64 {
	return tq * math.Hypot(g.seWide, g.quantum/math.Sqrt(6)/g.window)
}

// bound is what the window excludes: growth above it would have been seen, with
// one whole quantum held back at the end.
func (g growth) bound() float64 {
	return math.Max(0, g.slope) + t95*g.se + g.quantum/g.window
}

// Quantiles of Student's t with B−2 = 14 degrees of freedom.
var (
	t95  = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: blocks - 2}.Quantile(0.95)
	t975 = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: blocks - 2}.Quantile(0.975)
)

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

func square(v float64) float64 { return v * v }
