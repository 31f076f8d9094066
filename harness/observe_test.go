package harness

import (
	"testing"
	"time"

	"leakhunt/harness/verdict"
)

func TestLeft(t *testing.T) {
	for _, tt := range []struct {
		elapsed        time.Duration
		sent, expected int
		want           time.Duration
	}{
		{100 * time.Millisecond, 1, 18000, 0}, // the first request connects and compiles
		{time.Second, 500, 18000, 0},
		{time.Minute, 3, 100, 0},
		{10 * time.Second, 1000, 500, 5 * time.Second},
		{10 * time.Second, 1000, 0, 0},
	} {
		if got := left(tt.elapsed, tt.sent, tt.expected); got != tt.want {
			t.Errorf("%d requests in %v, %d to come: %v, want %v", tt.sent, tt.elapsed, tt.expected, got, tt.want)
		}
	}
}

// A leak's floor is what its scatter could hide; with the growth itself in it
// no comparison would ever call a new leak a regression.
func TestFloor(t *testing.T) {
	for _, tt := range []struct {
		label                    verdict.Label
		growth, high, detectable float64
		want                     float64
	}{
		{verdict.Leak, 4096, 4300, 4300, 204},
		{verdict.Leak, 64, 65, 65, leastFloor},
		{verdict.Stable, 10, 150, 150, 150},
		{verdict.Inconclusive, 4096, 4300, 4300, 4300},
	} {
		j := verdict.Judgement{Label: tt.label, Growth: tt.growth, High: tt.high, Detectable: tt.detectable}
		if got := floor(j); got != tt.want {
			t.Errorf("%+v: floor %v, want %v", j, got, tt.want)
		}
	}
}
