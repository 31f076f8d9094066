package report

import (
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// A scan ends with the growth above which no other leak is left, in each format that
// gives advice.
func TestScanEndsWithABound(t *testing.T) {
	r := &result.Result{
		Complete: true, Scan: &result.Scan{URIs: 1021, Detectable: 6 << 10},
		URIs: []result.URI{{Name: "/a", Verdict: verdict.Leak, Growth: 16 << 10, GrowthLow: 15 << 10, GrowthHigh: 17 << 10, Requests: 250}},
	}
	const want = "1,021 URIs were sent in groups alone: no other leak above 6.0 KiB/request."
	for _, format := range []string{"table", "markdown", "html"} {
		var b strings.Builder
		if err := Write(&b, format, r, Options{Width: 500}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
			t.Errorf("%s: %q is missing in %s", format, want, b.String())
		}
	}
	r.Scan = nil
	if text := advice(r, Options{}); strings.Contains(text, "groups") {
		t.Error(text)
	}
}
