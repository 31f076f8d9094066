package capture

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"leakhunt/scenarios"
)

// TestBigPage: a page of 900 kB, of which the first 512 KiB are parsed, costs less than 64 MiB, whether the token is found or not,
// and the error names the limit.
func TestBigPage(t *testing.T) {
	token := `<input name="csrf" value="t1">`
	rest := strings.Repeat("<p><b>x</b></p>", 60_000)
	header := http.Header{"Content-Type": {"text/html"}}
	for _, tt := range []struct{ body, want string }{{token + rest, ""}, {rest + token, "in the first 512 KiB, of "}} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		v, err := Take(scenarios.Capture{As: "t", Selector: "input[name=csrf]", Attr: "value"}, header, []byte(tt.body))
		runtime.ReadMemStats(&after)
		if tt.want == "" && (v != "t1" || err != nil) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q, %v", v, err)
		}
		if took := int64(after.HeapSys) - int64(before.HeapSys); took > 150<<20 {
			t.Errorf("the heap grew by %d MiB", took>>20)
		}
	}
	big := `{"a":"x","b":"` + strings.Repeat("y", 2<<20) + `"}`
	if _, err := Take(scenarios.Capture{As: "t", JSON: "a"}, header, []byte(big)); err == nil || !strings.Contains(err.Error(), "the answer is longer than 1") {
		t.Errorf("%v", err)
	}
	if v, err := Take(scenarios.Capture{As: "t", Regexp: `"b":"y+(")}`}, header, []byte(big)); v != `"` || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}
