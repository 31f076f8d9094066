//go:build live

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/proc"
	"leakhunt/harness/result"
	"leakhunt/harness/target/targettest"
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

// sideBySide is how many times as many requests a second two lanes must send as one, at
// least, while other tests keep the processors busy. On a quiet machine it is 1.9.
const sideBySide = 1.25

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
	if ratio < sideBySide {
		t.Errorf("two lanes send %.2f times as many requests a second as one", ratio)
	}
}

// rateOf is how many judged requests a second were sent, from the first reading to the last.
func rateOf(r *result.Result) float64 {
	n, first, last := 0, r.DurationS, 0.0
	for _, u := range r.URIs {
		n += u.Requests
		for _, p := range u.Series {
			first, last = min(first, p.T), max(last, p.T)
		}
	}
	return float64(n) / (last - first)
}

// Two lanes on two workers of a pool. One worker is killed in its first block, and the other
// lane measures its URIs to the end; the journal gives the same result.
func TestALaneOfAPoolIsLost(t *testing.T) {
	t.Parallel()
	bin := build(t)
	dir := t.TempDir()
	at := "127.0.0.1:" + targettest.FreePort(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"app.py":    "def app(env, start):\n    start('200 OK', [('Content-Length', '2')])\n    return [b'ok']\n",
		"pool.yaml": "version: 1\ntarget: {url: http://" + at + "}\nlanes: 2\nuris: [/a, /b, /c, /d]\n",
	} {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := targettest.Start(t, dir, nil, "gunicorn", "-w", "2", "--threads", "2", "-b", at, "app:app")
	targettest.Await(t, "tcp", at)
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if workers, _ := proc.Descendants(server.PID()); len(workers) == 2 {
			break
		} else if time.Now().After(until) {
			t.Fatalf("the workers are %v", workers)
		}
	}
	cmd := exec.Command(bin, "run", in("pool.yaml"), "-n", "1000", "--warmup", "20", "-q", "--fail-on", "never",
		"--journal", in("run.jsonl"), "-o", "json="+in("run.json"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := regexp.MustCompile(`"e":"opened","lane":2.*"pid":([0-9]+)`)
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(in("run.jsonl"))
		if found := pid.FindSubmatch(text); found != nil && bytes.Contains(text, []byte(`"e":"readings","lane":2`)) {
			worker, _ := strconv.Atoi(string(found[1]))
			if err := syscall.Kill(worker, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			break
		}
		if time.Now().After(until) {
			t.Fatalf("lane 2 read nothing:\n%s", text)
		}
	}
	if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != exitInconclusive {
		t.Error(err)
	}
	r := hunt(t, bin, "judge", in("run.jsonl"), "-o", "json")
	if !r.Complete || len(r.Lanes) != 2 || r.Lanes[1].Lost == "" || r.Lanes[0].PID == r.Lanes[1].PID ||
		!slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.Code == "lane-lost" }) {
		t.Errorf("complete %v (%s), lanes %+v, warnings %+v", r.Complete, r.Incomplete, r.Lanes, r.Warnings)
	}
	for _, u := range r.URIs {
		if u.Scope == "" && (u.Requests < 1000 || u.Lane != 1) {
			t.Errorf("%s: %d requests, measured in lane %d", u.Name, u.Requests, u.Lane)
		}
	}
	written, _ := os.ReadFile(in("run.json"))
	judged, _ := exec.Command(bin, "judge", in("run.jsonl"), "-o", "json").Output() // its exit code is that of the verdicts
	if len(judged) == 0 || !bytes.Equal(written, judged) {
		t.Errorf("the journal gives another result:\n%s", judged)
	}
}
