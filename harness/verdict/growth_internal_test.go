package verdict

import (
	"math"
	"testing"
)

// The figures of fit by hand, for blocks of ten requests.
func TestFit(t *testing.T) {
	m := []float64{1, 3, 2, 5, 4, 6, 8, 7}
	g := fit(m, 10, 0)
	// Σ(x−x̄)(y−ȳ) = 39, Σ(x−x̄)² = Σ(y−ȳ)² = 42; residual sum 42 − 39²/42.
	if want := 39.0 / 42 / 10; math.Abs(g.slope-want) > 1e-12 {
		t.Errorf("slope %v, want %v", g.slope, want)
	}
	seO := math.Sqrt((42-39.0*39/42)/6/42) / 10
	if g.se < seO-1e-12 || g.seWide < g.se {
		t.Errorf("se %v, seWide %v, seO %v", g.se, g.seWide, seO)
	}
	if g.rises != 4 {
		t.Errorf("%d rises, want 4", g.rises)
	}
}

// Random-walk noise is told from white noise, and gets the wider error.
func TestFitColour(t *testing.T) {
	white, walk := make([]float64, blocks), make([]float64, blocks)
	noise := []float64{1, -2, 1.5, -1, 2, -1.5, 0.5, 1, -0.5, 2, -2, 1, -1, 0.5, -1.5, 1}
	steps := []float64{1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, 1, -1, -1, -1, -1}
	for i := range white {
		white[i] = noise[i]
		walk[i] = steps[i]
		if i > 0 {
			walk[i] += walk[i-1]
		}
	}
	w, r := fit(white, 1, 0), fit(walk, 1, 0)
	if w.se > 0.5*w.seWide {
		t.Errorf("white noise: se %v, random-walk error %v", w.se, w.seWide)
	}
	if r.se < 0.9*r.seWide {
		t.Errorf("random walk: se %v, random-walk error %v", r.se, r.seWide)
	}
}

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		up, moved int
		want      float64
	}{{0, 0, 1}, {0, 5, 1}, {5, 5, 1.0 / 32}, {4, 5, 6.0 / 32}, {15, 15, 1.0 / 32768}} {
		if got := signTest(c.up, c.moved); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d of %d up: %v, want %v", c.up, c.moved, got, c.want)
		}
	}
}

func ramp(f func(i int) float64) []float64 {
	m := make([]float64, blocks)
	for i := range m {
		m[i] = f(i)
	}
	return m
}

func TestLasting(t *testing.T) {
	for name, c := range map[string]struct {
		m    []float64
		want bool
	}{
		"even":         {ramp(func(i int) float64 { return float64(i) }), true},
		"flat":         {ramp(func(int) float64 { return 1 }), false},
		"falling":      {ramp(func(i int) float64 { return -float64(i) }), false},
		"early":        {ramp(func(i int) float64 { return math.Min(float64(i), 6) }), false},
		"late":         {ramp(func(i int) float64 { return math.Max(float64(i), 11) }), false},
		"nothing last": {ramp(func(i int) float64 { return math.Min(float64(i), 11) }), false},
	} {
		if got := lasting(c.m); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		g := growth{p: 0, rises: 9, slope: 1, lasting: c.want}
		if g.significant(0.01, 0.5) != c.want {
			t.Errorf("%s: significant is %v", name, !c.want)
		}
	}
}

func TestLevelStep(t *testing.T) {
	step := ramp(func(i int) float64 {
		if i >= 9 {
			return float64(i) + 100
		}
		return float64(i)
	})
	if got := levelStep(step); got != 100 {
		t.Errorf("took %v, want 100", got)
	}
	for i, v := range step {
		if v != float64(i) {
			t.Fatalf("left %v", step)
		}
	}
	for name, m := range map[string][]float64{
		"even":      ramp(func(i int) float64 { return float64(i) }),
		"staircase": ramp(func(i int) float64 { return 10 * math.Floor(float64(i)/4) }),
		"noise":     {3, 1, 2, 4, 1, 3, 2, 2, 4, 1, 3, 2, 1, 4, 2, 3},
		"flat":      ramp(func(int) float64 { return 1 }),
	} {
		if got := levelStep(m); got != 0 {
			t.Errorf("%s: took %v", name, got)
		}
	}
}
