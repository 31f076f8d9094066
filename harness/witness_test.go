package harness

import (
	"strings"
	"testing"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// The touched set looks into the slack, and so lowers the floor of what RSS
// acquits: as far as the interval of RSS, and no further.
func TestTouchedSetLowersTheFloor(t *testing.T) {
	h := &hunt{session: session{pinned: &fake{runtime: "php", server: serverOf(t)}}}
	h.plan = &Plan{Scenario: scenario(scenarios.Count{Auto: true})}
	tr := &track{}
	for i := range 65 { // 2,048 requests that use the same memory again
		tr.touched = append(tr.touched, verdict.Edge{Requests: 32 * i, Value: 20 << 20})
	}
	w, ok := h.touched(tr)
	if !ok || w.Label != verdict.Stable {
		t.Fatalf("the touched set says %s: %s", w.Label, w.Reason)
	}
	for _, c := range []struct {
		name              string
		high, floor, want float64
	}{
		{"RSS stands still", 10, w.Detectable + 4000, w.Detectable},
		{"RSS may grow by more", w.Detectable + 100, w.Detectable + 4000, w.Detectable + 100},
		{"RSS tells more by itself", 10, w.Detectable - 1, w.Detectable - 1},
	} {
		rss := verdict.Judgement{Label: verdict.Stable, Low: -10, High: c.high, Detectable: c.floor}
		rss.Reason = "no growth above " + units.Bytes(rss.Detectable) + " per request"
		j, _ := h.testimony(tr, rss)
		if j.Label != verdict.Stable || j.Detectable != c.want || !strings.Contains(j.Reason, units.Bytes(c.want)) {
			t.Errorf("%s: %s with a floor of %v, want %v: %s", c.name, j.Label, j.Detectable, c.want, j.Reason)
		}
	}
}
