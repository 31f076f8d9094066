package verdict_test

import (
	"math"
	"testing"

	"leakhunt/harness/verdict"
)

// What is reported as possible agrees with the verdict: that of a server that
// merely creeps holds 0, and that behind whose slack a leak may hide holds its
// floor. Of a leak it is the confidence interval.
func TestInterval(t *testing.T) {
	creeps := series(8192, func(i float64) float64 { return 40*mib + 0.5*mib*math.Log(i) })
	j := verdict.Judge(creeps, 2048, verdict.Params{Slack: 8 * mib})
	low, high := j.Interval()
	if j.Label == verdict.Leak || j.Low <= 0 || j.Detectable <= j.High {
		t.Fatalf("the series shows nothing: %+v", j)
	}
	if low > 0 || high < j.Detectable {
		t.Errorf("%s: %.0f to %.0f, with a floor of %.0f", j.Label, low, high, j.Detectable)
	}
	leak := series(8192, func(i float64) float64 { return 40*mib + 4096*i })
	j = verdict.Judge(leak, 2048, verdict.Params{Slack: 8 * mib})
	if low, high = j.Interval(); j.Label != verdict.Leak || low != j.Low || high != j.High || low < 3500 || high > 4700 {
		t.Errorf("%s: %.0f to %.0f", j.Label, low, high)
	}
}
