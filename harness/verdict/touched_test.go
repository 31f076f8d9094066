package verdict

import (
	"math"
	"testing"
)

// edgesOf joins increments in bytes/request over blocks of each requests.
func edgesOf(each int, rates ...float64) []Edge {
	out := []Edge{{}}
	for i, r := range rates {
		out = append(out, Edge{Requests: each * (i + 1), Value: out[i].Value + r*float64(each)})
	}
	return out
}

// Increments as measured on real servers, blocks of 160 requests.
func TestTouched(t *testing.T) {
	for name, c := range map[string]struct {
		rates []float64
		want  Label
		// the growth that the interval has to hold, in bytes/request
		truth float64
	}{
		"ruby, 1 KiB": {[]float64{
			64870, 19405, 30515, 2176, 1229, 1664, 1766, 1434, 1306, 973, 1024, 947, 973, 1306, 1254, 1203,
		}, Leak, 1024},
		"ruby, 1 KiB and a major collection": {[]float64{
			39987, 36250, 2150, 1638, 1587, 1075, 973, 870, 896, 973, 998, 34483, 870, 1459, 1126, 1408,
		}, Leak, 1024},
		"python, 4 KiB": {[]float64{
			29926, 4122, 4122, 4122, 4122, 4096, 4147, 4122, 4096, 4173, 4096, 4147, 4096, 4659, 4096, 4096,
		}, Leak, 4100},
		"python, clean, the cycle collector once": {[]float64{
			25933, 0, 0, 0, 0, 0, 0, 0, 0, 0, 486, 0, 6938, 0, 0, 0,
		}, Stable, 0},
		"ruby, clean": {[]float64{
			68352, 12109, 13696, 794, 230, 102, 128, 205, 77, 26, 0, 6989, 461, 26, 0, 51,
		}, Stable, 26},
		"a cache that is still being replaced": {[]float64{
			51072, 27802, 41062, 4147, 4966, 4992, 4275, 7245, 5632, 4429, 4634, 128, 1075, 1178, 3430, 589,
		}, Inconclusive, 1178},
	} {
		t.Run(name, func(t *testing.T) {
			j := Touched(edgesOf(160, c.rates...), Params{})
			if j.Label != c.want || j.Low > c.truth || j.High < c.truth || j.Requests != 160*len(c.rates) {
				t.Errorf("%+v, want %s around %.0f", j, c.want, c.truth)
			}
		})
	}
}

// Of 16 increments the fourth smallest and the fourth largest bound the median
// with 97.9 %: 2·P(Bin(16, ½) < 4) = 2.1 %.
func TestTouchedInterval(t *testing.T) {
	rates := make([]float64, 31)
	for i := range 16 {
		rates[15+i] = 1000 * float64((i*7)%16+1)
	}
	j := Touched(edgesOf(64, rates...), Params{})
	if j.Low != 4000 || j.High != 13000 || j.Growth != 8500 {
		t.Errorf("%.0f (%.0f to %.0f), want 8500 (4000 to 13000)", j.Growth, j.Low, j.High)
	}
}

func TestTouchedHoldsTheSlack(t *testing.T) {
	flat := edgesOf(64, make([]float64, 32)...)
	j := Touched(flat, Params{Slack: 2048 * 100})
	if j.Label != Stable || j.Detectable != 100 {
		t.Errorf("%+v, want a floor of 100 B", j)
	}
}

func TestTouchedIsNotBuiltOnNonsense(t *testing.T) {
	bad := edgesOf(64, make([]float64, 32)...)
	bad[20].Value = math.NaN()
	back := edgesOf(64, make([]float64, 32)...)
	back[20].Requests = 3
	for name, edges := range map[string][]Edge{"none": nil, "few": edgesOf(64, 1, 2, 3), "NaN": bad, "backwards": back} {
		if j := Touched(edges, Params{}); j.Label != Inconclusive || j.Reason == "" {
			t.Errorf("%s: %+v", name, j)
		}
	}
}
