package report

import (
	"math"
	"testing"

	"leakhunt/harness/result"
)

func TestSparkline(t *testing.T) {
	for _, tt := range []struct {
		values  []float64
		columns int
		want    string
	}{
		{nil, 8, ""},
		{[]float64{1, 2}, 0, ""},
		{[]float64{5, 5, 5}, 8, "▁▁▁"},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, "▁▂▃▄▅▆▇█"},
		{[]float64{0, 0, 7, 7}, 2, "▁█"},
		{[]float64{math.NaN(), 1, math.Inf(1), 2}, 8, "▁█"},
		{[]float64{3, 2, 1}, -1, ""},
	} {
		if got := sparkline(tt.values, tt.columns, 0); got != tt.want {
			t.Errorf("sparkline(%v, %d) = %q, want %q", tt.values, tt.columns, got, tt.want)
		}
	}
}

// Noise under the floor is drawn flat, and a leak is drawn as growth.
func TestTrend(t *testing.T) {
	r := sample()
	if got, want := Trend(&r.URIs[0], "rss", 8), "▁▂▃▄▅▆▇█"; got != want {
		t.Errorf("leak: %q, want %q", got, want)
	}
	u := r.URIs[6]
	u.Detectable = 1024
	if got, want := Trend(&u, "rss", 8), "▁▁▁▁▁▁▁▁"; got != want {
		t.Errorf("stable: %q, want %q", got, want)
	}
	// What was judged is drawn: here anonymous memory, which is flat.
	u = r.URIs[2]
	u.Series = append([]result.Point{}, u.Series...)
	for i := range u.Series {
		u.Series[i].Anon = 1 << 20
	}
	if got, want := Trend(&u, "anon", 8), "▁▁▁▁▁▁▁▁"; got != want {
		t.Errorf("anon: %q, want %q", got, want)
	}
}

func series(rss ...int64) []result.Point {
	var p []result.Point
	for i, v := range rss {
		p = append(p, result.Point{Requests: i, RSS: v, Round: 1})
	}
	return p
}

func TestThin(t *testing.T) {
	long := make([]int64, 1000)
	for i := range long {
		long[i] = int64(i % 17)
	}
	long[321], long[654] = 900, -900
	for _, limit := range []int{-1, 2, 3, 4, 5, 10, 99, 999, 1000, 2000} {
		in := series(long...)
		out := Thin(in, limit)
		if len(out) > max(2, limit) {
			t.Errorf("limit %d: %d points", limit, len(out))
		}
		if out[0] != in[0] || out[len(out)-1] != in[999] {
			t.Errorf("limit %d: first or last is lost", limit)
		}
		var low, high int64
		for i, p := range out {
			low, high = min(low, p.RSS), max(high, p.RSS)
			if i > 0 && out[i-1].Requests >= p.Requests {
				t.Fatalf("limit %d: out of order at %d", limit, i)
			}
		}
		if limit >= 4 && (low != -900 || high != 900) {
			t.Errorf("limit %d: extremes %d, %d are lost", limit, low, high)
		}
	}
	if got := Thin(nil, 10); got == nil || len(got) != 0 {
		t.Errorf("Thin(nil) = %v, want an empty slice", got)
	}
}

// What other URIs did between two rounds is not in a URI's own series.
func TestJoined(t *testing.T) {
	in := []result.Point{
		{Requests: 0, RSS: 100, Round: 1, Settled: true},
		{Requests: 50, RSS: 130, Round: 1},
		{Requests: 50, RSS: 110, Round: 1, Settled: true}, // garbage was collected
		{Requests: 50, RSS: 500, Round: 2, Settled: true}, // others ran: +390
		{Requests: 100, RSS: 510, Round: 2, Settled: true},
		{Requests: 100, RSS: 700, Round: 2, Settled: true}, // others ran between two blocks of a round
		{Requests: 150, RSS: 720, Round: 3},                // no reading before the round
		{Requests: 150, RSS: 900, Round: 4, Settled: true}, // others ran, and garbage was collected
		{Requests: 160, RSS: 910, Round: 4},
		{Requests: 160, RSS: 300, Round: 4, Settled: true, Fresh: true}, // another process
		{Requests: 170, RSS: 305, Round: 4},
	}
	want := []int64{0, 30, 10, 10, 20, 20, 40, 40, 50, 50, 55}
	for i, p := range joined(in) {
		if p.RSS != want[i] {
			t.Errorf("point %d: %d, want %d", i, p.RSS, want[i])
		}
	}
	if in[3].RSS != 500 {
		t.Error("the caller's points were changed")
	}
}
