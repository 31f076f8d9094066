package simulate

import (
	"math"
	"slices"
	"testing"
)

// The same seed gives the same process; another seed another one.
func TestDeterministic(t *testing.T) {
	l := Leak{Bytes: 1024, Every: 10}
	for _, w := range Worlds() {
		for _, k := range Kinds() {
			a, b, c := New(7, w, k, l, 500), New(7, w, k, l, 500), New(8, w, k, l, 500)
			if !slices.Equal(a.RSS, b.RSS) || slices.Equal(a.RSS, c.RSS) {
				t.Errorf("%s %s: not a function of its seed alone", w, k)
			}
			if len(a.RSS) != 501 || slices.Min(a.RSS) <= 0 {
				t.Errorf("%s %s: %d readings, least %v", w, k, len(a.RSS), slices.Min(a.RSS))
			}
		}
	}
	for _, m := range Meters() {
		a, b := Counter(7, m, Flat, l, 100, 5, 50), Counter(7, m, Flat, l, 100, 5, 50)
		if !slices.Equal(a.Values, b.Values) || len(a.Values) != 6 {
			t.Errorf("%s: %v and %v", m, a.Values, b.Values)
		}
	}
}

// What is said to leak is what the series grow by in the long run, and what
// does not leak ends.
func TestTruth(t *testing.T) {
	const n = 1 << 15
	tolerance := map[Kind]float64{Step: 4000} // its one step may come in the second half
	for _, w := range Worlds() {
		for _, k := range Kinds() {
			for _, leak := range []float64{0, 8192} {
				p := New(3, w, k, Leak{Bytes: leak, Every: 10}, n)
				grown := (p.RSS[n] - p.RSS[n/2]) / (n / 2)
				if math.Abs(grown-p.Resident) > 0.1*p.Resident+1200+tolerance[k] {
					t.Errorf("%s %s: grew %.0f B/request, said to grow %.0f", w, k, grown, p.Resident)
				}
			}
		}
	}
	e := Counter(3, RubyObjects, Flat, Leak{Bytes: 1, Every: 4}, 0, 200, 50)
	if got := (e.Values[200] - e.Values[1]) / (199 * 50); math.Abs(got-e.Rate) > 0.06 || e.Rate != 0.25 {
		t.Errorf("objects: %v/request, said to be %v", got, e.Rate)
	}
}
