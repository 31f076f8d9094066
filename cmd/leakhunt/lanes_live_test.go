//go:build live

package main

import (
	"os"
	"path/filepath"
	"testing"

	"leakhunt/harness"
)

// sleepy serves an application that waits 5 ms before it answers.
const sleepy = `
import http.server, os, time
class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(0.005)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_HEAD = do_GET
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
`

// Two lanes get through an application that waits 5 ms in nearly half the time.
func TestLanesSendMore(t *testing.T) {
	bin := build(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app.py":      sleepy,
		"sleepy.yaml": "version: 1\ntarget: {command: [python3, app.py]}\nuris: [/a, /b]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sending, whole := map[string]float64{}, map[string]float64{}
	for _, lanes := range []string{"1", "2"} {
		r := hunt(t, bin, "run", filepath.Join(dir, "sleepy.yaml"), "--lanes", lanes, "-n", "500", "--warmup", "20", "-o", "json", "-q")
		if !r.Complete || r.RequestsTotal < 1000 {
			t.Fatalf("%s lanes: complete %v (%s), %d requests", lanes, r.Complete, r.Incomplete, r.RequestsTotal)
		}
		sending[lanes], whole[lanes] = rateOf(r), float64(r.RequestsTotal)/r.DurationS
	}
	ratio := sending["2"] / sending["1"]
	t.Logf("one lane %.0f requests a second, two %.0f: %.2f times as many; %.2f times with what comes before and after them",
		sending["1"], sending["2"], ratio, whole["2"]/whole["1"])
	if ratio < 1.7 {
		t.Errorf("two lanes send %.2f times as many requests a second as one", ratio)
	}
}

// rateOf is how many judged requests a second were sent, from the first reading to the last.
func rateOf(r *harness.Result) float64 {
	n, first, last := 0, r.DurationS, 0.0
	for _, u := range r.URIs {
		n += u.Requests
		for _, p := range u.Series {
			first, last = min(first, p.T), max(last, p.T)
		}
	}
	return float64(n) / (last - first)
}
