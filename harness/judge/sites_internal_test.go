package judge

import (
	"testing"

	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// A pass that sampled more than the run has measured explains all of it, and no more.
func TestDescribe(t *testing.T) {
	j := verdict.Judgement{Label: verdict.Leak, Growth: 2048}
	for explained, want := range map[float64]string{
		0:     "what survived the pass",
		0.081: "this line explains 8 % of 2.0 KiB/request",
		0.996: "this line explains 100 % of 2.0 KiB/request",
		1.31:  "this line explains all of 2.0 KiB/request",
	} {
		sites := []record.Site{{File: "app.rb", Line: 7}}
		if note, _ := describe(record.Traced{Sites: sites, Explained: explained}, j, ""); note != want {
			t.Errorf("explained %v: %q, want %q", explained, note, want)
		}
	}
}
