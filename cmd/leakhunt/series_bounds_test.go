package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestJudgeBounds: requests of 10^12 and the longest burn-in are judged or refused, and
// cost neither memory nor a panic.
func TestJudgeBounds(t *testing.T) {
	judge := func(csv string, args ...string) (int, string) {
		var out bytes.Buffer
		code := Main(append([]string{"judge", "-"}, args...), strings.NewReader(csv), &out, &out)
		return code, out.String()
	}
	if code, text := judge("requests,rss_bytes\n1000000000000,8000000\n1000000000001,8000000\n"); code != exitOK {
		t.Errorf("code %d: %s", code, text)
	}
	for _, csv := range []string{"requests,rss_bytes\n0,8000000\n1,8000000\n", "requests,rss_bytes\n1000000000000,8000000\n"} {
		if code, text := judge(csv, "--burn-in", "9223372036854775807"); code != exitUsage || !strings.Contains(text, "0 to 1048576") {
			t.Errorf("code %d: %s", code, text)
		}
	}
	if code, text := judge("requests,rss_bytes\n0,8000000\n1000000000000,8000000\n"); code != exitUsage || !strings.Contains(text, "at most 1048576 requests") {
		t.Errorf("code %d: %s", code, text)
	}
}
