package verdict

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// fit is the growth test over equally long block minima m (method: least
// squares for the slope, its error by the colour of the noise).
//
//   - slope b by ordinary least squares over m_i, with standard error seO
//     (Draper & Smith, Applied Regression Analysis, 3rd ed., section 1.4)
//   - d_i = m_i − m_{i−1}; seR = sd(d)/√(B−1), which holds under random-walk
//     noise, where the mean of d is the best estimate of drift
//   - VR = mean((e_i−e_{i−4})²)/(4·mean((e_i−e_{i−1})²)) is the variance ratio of the
//     residuals e. It is 1 for a random walk and ¼ for white noise (Lo & MacKinlay
//     1988, Review of Financial Studies 1:41–66). ω = clip(1.5·(VR−¼)/¾, 0, 1) mixes
//     the two variances
//   - se is never below what rounding to pages alone gives: two readings, each
//     uniform over a page (variance page²/12), B−1 blocks apart
//   - p is the smaller of P(T_{B−2} > b/se) and of the sign test P(Bin(k, ½) ≥ rises),
//     k the non-zero differences. The caller compares it with α/2 (Bonferroni, for two
//     tests)
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

// Quantiles of Student's t with B−2 = 14 degrees of freedom.
var (
	t95  = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: blocks - 2}.Quantile(0.95)
	t975 = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: blocks - 2}.Quantile(0.975)
)

func square(v float64) float64 { return v * v }
