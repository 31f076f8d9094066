package main

import (
	"testing"

	"leakhunt/harness/recorded"
	"leakhunt/harness/verdict"
)

// Where readings are missing, what was not seen is no evidence: a process that
// leaks on is not called warm, nor stable. Readings that are evenly thin are.
func TestJudgeSeriesWithGaps(t *testing.T) {
	for _, c := range []struct {
		name string
		seen func(n int) bool
		want verdict.Label
	}{
		{"whole", func(int) bool { return true }, verdict.Leak},
		{"every hundredth", func(n int) bool { return n%100 == 0 }, verdict.Leak},
		{"every five hundredth", func(n int) bool { return n%500 == 0 }, verdict.Inconclusive},
		{"a gap to the end", func(n int) bool { return n < 3000 || n > 7990 }, verdict.Inconclusive},
		{"a gap in the burn-in", func(n int) bool { return n < 100 || n > 2000 }, verdict.Leak},
	} {
		var s recorded.Series
		for n := range 8000 {
			if c.seen(n) {
				s.Requests = append(s.Requests, n)
				s.RSS = append(s.RSS, 20e6+4096*float64(n))
			}
		}
		if j := judgeSeries(s, defaultBurnIn); j.Label != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, j.Label, j.Reason, c.want)
		}
	}
}
