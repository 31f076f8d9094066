//go:build live

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/target"
	"leakhunt/harness/target/passenger"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/harness/verdict"
	"leakhunt/report"
)

const passengerScenario = `version: 1
name: shop
target: {passenger: {app: shop}}
seed: 7
uris:
  - /clean
  - /leak?bytes=8192
  - {name: form, method: POST, uri: /echo, form: {text: "` + "@@3000@@" + `"}, expect: {contains: '"body_bytes":'}}
  - /big?bytes=200000
  - /chunked
`

// TestPassenger hunts a leak of 8 KiB a request in one of two processes of a
// Rack application under the real Passenger and Apache, by RSS alone.
func TestPassenger(t *testing.T) {
	t.Parallel()
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack", Processes: 2})
	in := s.Warm(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "shop.yaml")
	text := strings.ReplaceAll(passengerScenario, "@@3000@@", strings.Repeat("x", 3000))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	before := counts(t, s)
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(build(t), "run", file, "-v", "-o", "table", "-o", "json="+dir+"/result.json",
		"-o", "html="+dir+"/report.html", "-o", "junit="+dir+"/junit.xml", "-o", "markdown="+dir+"/summary.md")
	cmd.Env = append(os.Environ(), "PASSENGER_INSTANCE_REGISTRY_DIR="+s.Registry)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	t.Logf("%s\n%s", stdout.String(), stderr.String())
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit code %d (%v), want 1", code, err)
	}
	f, err := os.Open(dir + "/result.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range r.URIs {
		if leaks := u.Verdict == verdict.Leak; leaks != (u.URI == "/leak?bytes=8192") || leaks != (i == 0) {
			t.Errorf("rank %d: %s is %s: %s", u.Rank, u.URI, u.Verdict, u.Why)
		}
		if u.Verdict == verdict.Failed || u.Errors > 0 {
			t.Errorf("%s: %d errors: %s", u.URI, u.Errors, u.FirstError)
		}
		if u.Name == "form" && u.LatencyMS.P99 > 1000 {
			t.Errorf("a form of 3 kB took %.0f ms", u.LatencyMS.P99)
		}
	}
	// The result is counted by the application itself, which numbers its
	// requests; reading the count is a request too.
	for pid, n := range counts(t, s) {
		got, want := n-before[pid]-1, 0
		if pid == r.Target.PID {
			want = r.RequestsTotal
		}
		if got != want {
			t.Errorf("pid %d got %d requests, want %d", pid, got, want)
		}
	}
	noSecret(t, in, dir, stdout.Bytes(), stderr.Bytes())
}

// counts asks every process of the application how many requests it has had.
func counts(t *testing.T, s *passengertest.Server) map[int]int {
	t.Helper()
	entries, err := target.List(t.Context(), target.ListOptions{Registry: []string{s.Registry}})
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := load.Compile(load.Spec{Method: "GET", URI: "/count", KeepBody: true, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]int{}
	for _, e := range entries {
		if e.Server != "passenger" {
			continue // another program of this machine
		}
		c := load.New(e.Endpoint(), false)
		res := c.Do(t.Context(), tmpl, load.Values{})
		c.Close()
		n, err := strconv.Atoi(string(res.Body))
		if err != nil {
			t.Fatalf("pid %d: %v %v", e.PID, res.Err, err)
		}
		got[e.PID] = n
	}
	if len(got) != 2 {
		t.Fatalf("%d processes answer: %v", len(got), got)
	}
	return got
}

// noSecret greps every stream and file for the connect password.
func noSecret(t *testing.T, in passenger.Instance, dir string, streams ...[]byte) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, text)
	}
	for _, app := range in.Apps {
		password := string(app.Processes[0].Password)
		if password == "" {
			t.Fatal("there is no password to look for")
		}
		for _, text := range streams {
			if bytes.Contains(text, []byte(password)) {
				t.Error("the connect password is in an output")
			}
		}
	}
}
