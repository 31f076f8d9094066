//go:build live

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/result"
)

// endServers are three servers with an application of one page, which touches the file "last"
// with each request.
var endServers = map[string]struct{ file, app, command string }{
	"puma":     {"config.ru", "LAST = File.open('last', 'w')\nrun ->(_) { LAST.pwrite('1', 0); [200, {}, ['ok']] }\n", `[puma, -q, -w, "1", -t, "1:1", -b, "tcp://127.0.0.1:${PORT}", config.ru]`},
	"gunicorn": {"app.py", "import os\nlast = os.open('last', os.O_CREAT | os.O_WRONLY)\ndef app(env, start):\n    os.pwrite(last, b'1', 0)\n    start('200 OK', [])\n    return [b'ok']\n", `[gunicorn, -w, "1", -b, "127.0.0.1:${PORT}", "app:app"]`},
	"node":     {"app.js", "const fs = require('fs'), last = fs.openSync('last', 'w')\nrequire('http').createServer((q, s) => { fs.writeSync(last, '1', 0); s.end('ok') }).listen(process.env.PORT, '127.0.0.1')\n", "[node, app.js]"},
}

// span is the time within which a run is ended: from its start, or once it measures.
const span = 5 * time.Second

// ending is one run that is ended at some moment.
type ending struct {
	server  string
	signals []syscall.Signal
	code    int
	after   time.Duration
	start   bool // after is since its start; else since a process was pinned
}

// TestEnds ends runs at random moments, a fifth of them from their start on: nothing is left
// behind, and what was measured until the last second is kept. There is one of each kind for
// each server; LEAKHUNT_ENDS=N has N kills in all, and half as many of the others.
func TestEnds(t *testing.T) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("LEAKHUNT_ENDS"), "0"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"gunicorn", "node", "puma"}
	var all []ending
	for kind, k := range []struct {
		signals []syscall.Signal
		code, n int
	}{
		{[]syscall.Signal{syscall.SIGKILL}, -1, n},
		{[]syscall.Signal{syscall.SIGHUP}, 129, n / 2},
		{[]syscall.Signal{syscall.SIGINT, syscall.SIGINT}, 130, n / 2},
	} {
		for i := range max(k.n, len(names)) {
			rng := rand.New(rand.NewPCG(uint64(kind), uint64(i)))
			all = append(all, ending{names[i%len(names)], k.signals, k.code, time.Duration(rng.Int64N(int64(span))), i%5 == 4})
		}
	}
	var mu sync.Mutex
	var lags []time.Duration
	empty := 0
	for _, e := range all {
		t.Run(fmt.Sprintf("%s %v %s", e.server, e.signals, e.after.Round(time.Millisecond)), func(t *testing.T) {
			if n > 0 {
				t.Parallel()
			}
			lag, measured := e.try(t)
			mu.Lock()
			defer mu.Unlock()
			if measured {
				lags = append(lags, lag)
			} else {
				empty++
			}
		})
	}
	t.Cleanup(func() {
		if len(lags) > 0 {
			slices.Sort(lags)
			t.Logf("%d ends; %d before anything was measured; what was kept ends before the last request by %s (median), %s (most)",
				len(all), empty, lags[len(lags)/2].Round(time.Millisecond), lags[len(lags)-1].Round(time.Millisecond))
		}
	})
}

// try returns by how much what is kept of the run ends before its last request.
func (e *ending) try(t *testing.T) (lag time.Duration, measured bool) {
	c := &trial{dir: t.TempDir(), mark: fmt.Sprintf("END=%d-%s", os.Getpid(), t.Name())}
	var err error
	if c.tmp, err = os.MkdirTemp("/tmp", "lhe"); err != nil { //nolint:usetesting // short: sockets are made in it
		t.Fatal(err)
	}
	defer os.RemoveAll(c.tmp) //nolint:errcheck // a folder for temporary files
	s := endServers[e.server]
	c.write(t, s.file, s.app)
	c.write(t, "s.yaml", "version: 1\nname: ended\ntarget: {command: "+s.command+", ready: {uri: /}}\nrequests: 1000000\nuris: [/, /a]\n")
	c.cmd = exec.Command("leakhunt", "run", "s.yaml", "-q", "--journal", "run.jsonl", "-o", "json=result.json")
	c.cmd.Dir = c.dir
	c.cmd.Env = append(os.Environ(), c.mark, "TMPDIR="+c.tmp, "PYTHONDONTWRITEBYTECODE=1")
	began := time.Now()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	opened := func() bool {
		text, err := os.ReadFile(filepath.Join(c.dir, "run.jsonl"))
		return err == nil && bytes.Contains(text, []byte(`"e":"opened"`))
	}
	for until := began.Add(time.Minute); !e.start && !opened() && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond) // between two looks
	}
	time.Sleep(e.after) // the moment, which no event stands for
	ended := time.Now()
	for _, s := range e.signals {
		_ = c.cmd.Process.Signal(s)
		time.Sleep(50 * time.Millisecond) // two that follow at once are one
	}
	limit := time.AfterFunc(10*time.Second, func() { _ = c.cmd.Process.Kill() })
	_ = c.cmd.Wait()
	if !limit.Stop() {
		t.Error("it did not end within 10 s")
	}
	if left := c.left(); left != "nothing" {
		t.Errorf("left behind: %s", left)
	}
	measured = opened()
	early := false // a signal before it is told of them ends it, too
	if ws, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		early = ws.Signal() == e.signals[0] && !measured
	}
	if code := c.cmd.ProcessState.ExitCode(); code != e.code && !early {
		t.Errorf("exit code %d, want %d", code, e.code)
	}
	if !measured {
		return 0, false
	}
	out, err := exec.Command("leakhunt", "report", filepath.Join(c.dir, "run.jsonl"), "-o", "json", "-q").Output()
	var r result.Result
	if err != nil || json.Unmarshal(out, &r) != nil {
		t.Fatalf("the journal: %v\n%s", err, out)
	}
	if e.code == 129 {
		if _, err := os.Stat(filepath.Join(c.dir, "result.json")); err != nil {
			t.Errorf("no report: %v", err)
		}
	}
	if last, err := os.Stat(filepath.Join(c.dir, "last")); err != nil {
		t.Error(err)
	} else if last.ModTime().Before(ended) { // it was waiting, as for a counter
		ended = last.ModTime()
	}
	lag = ended.Sub(r.StartedAt.Add(time.Duration(r.DurationS * float64(time.Second))))
	if r.StartedAt.Before(began.Add(-time.Second)) || lag > 1500*time.Millisecond {
		t.Errorf("what is kept ends %s before the last request", lag)
	}
	return lag, true
}
