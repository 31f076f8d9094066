package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

const killedScenario = `version: 1
name: killed
target: {demo: {}}
requests: 6000
sites: off
uris: [/, /pool]
`

// A run that is killed at any moment leaves a journal that is read, and that it goes
// on from: the end is as if it had not been.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, kept := filepath.Join(dir, "killed.yaml"), filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(file, []byte(killedScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("leakhunt", "run", file, "-q", "--journal", kept)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(kept); err == nil && bytes.Contains(text, []byte(`"e":"opened"`)) {
			break
		}
		if time.Now().After(until) {
			t.Fatal("no process was pinned")
		}
	}
	at := time.Duration(rand.Int64N(int64(time.Second)))
	time.Sleep(at) // the moment, which no event stands for
	_ = run.Process.Kill()
	_ = run.Wait()
	t.Logf("killed %s after the process was pinned", at)

	half := read(t, "report", kept, "-q", "-o", "json")
	if half.Target.PID == 0 || len(half.URIs) != 2 {
		t.Errorf("%+v", half)
	}
	whole := read(t, "run", "--resume", kept, "-q", "-o", "json")
	if !whole.Complete || whole.RequestsTotal < half.RequestsTotal || whole.DurationS < half.DurationS {
		t.Errorf("complete %t, %d requests in %.1f s after %d in %.1f", whole.Complete, whole.RequestsTotal, whole.DurationS, half.RequestsTotal, half.DurationS)
	}
	if !half.Complete && whole.Target.Restarts != 1 {
		t.Errorf("%d restarts", whole.Target.Restarts)
	}
	for _, u := range whole.URIs {
		if u.Verdict == verdict.Leak || u.Verdict == verdict.Inconclusive || u.Requests != 6000 {
			t.Errorf("%s is %s after %d requests: %s", u.URI, u.Verdict, u.Requests, u.Why)
		}
	}
	again := read(t, "judge", kept, "-o", "json")
	if a, b := text(t, again), text(t, whole); !bytes.Equal(a, b) {
		t.Errorf("judged again it is another result:\n%s\n%s", a, b)
	}
}

// read is the result that leakhunt prints.
func read(t *testing.T, args ...string) *result.Result {
	t.Helper()
	out, err := exec.Command("leakhunt", args...).Output()
	if err != nil {
		t.Fatalf("leakhunt %v: %v\n%s", args, err, out)
	}
	var r result.Result
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func text(t *testing.T, r *result.Result) []byte {
	t.Helper()
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
