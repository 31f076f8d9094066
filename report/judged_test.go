package report

import (
	"bytes"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// Recorded series: one that leaks, one process of several, one that tells nothing.
func TestJudgedGolden(t *testing.T) {
	list := []Judged{
		{File: "shop.csv", Judgement: verdict.Judgement{
			Label: verdict.Leak, Growth: 4096, Low: 4000, High: 4192, Detectable: 310, Requests: 6000, Reason: "grew 4.0 KiB per request through 6,000 requests and had not slowed",
		}},
		{File: "range.json", Name: `{instance="a:1"}`, Judgement: verdict.Judgement{
			Label: verdict.Stable, Growth: 3, Low: -6, High: 12, Detectable: 310, Requests: 6000, Reason: "no growth above 310 B per request",
		}},
		{File: "ps.log", Judgement: verdict.Judgement{
			Label: verdict.Inconclusive, Requests: 3, Reason: "there is no reading between request 2,048 and 9,000",
		}, Warnings: []result.Warning{{Code: "too-small", Message: "RSS is 8192 bytes at most"}}},
	}
	for _, f := range []string{"table", "json"} {
		var b bytes.Buffer
		if err := WriteJudged(&b, f, list, Options{Width: 100}); err != nil {
			t.Fatal(err)
		}
		golden(t, "judged."+f+".golden", b.Bytes())
	}
	if err := WriteJudged(&bytes.Buffer{}, "html", list, Options{}); fault.KindOf(err) != fault.Usage {
		t.Errorf("html: %v", err)
	}
}
