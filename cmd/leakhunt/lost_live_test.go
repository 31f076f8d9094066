//go:build live

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"leakhunt/harness/proc"
	"leakhunt/harness/result"
	"leakhunt/harness/target/passenger"
	"leakhunt/harness/target/targettest"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/report"
)

const (
	losses = 15 // of each kind
	// latest is when the process is lost at the latest, after it was pinned:
	// while it is warmed up, measured, or settled at the edge of a block.
	latest = 600 * time.Millisecond
	// unnoticed is how long a run goes on that has missed the loss.
	unnoticed = 60 * time.Second
)

// way is one way to lose the pinned process of one server.
type way struct {
	target string // of the scenario
	env    []string
	// lose makes the process end, or another one answer in its place. It runs
	// beside the measurement.
	lose func(i, pid int)
	// again makes the server ready for the next run.
	again func()
}

// TestLosses loses the pinned process at random moments: killed, recycled by
// its server, replaced. Each time the run ends with exit code 3, a valid result
// that holds what was measured, and a word on what was sent last; nothing that
// leakhunt started is left.
func TestLosses(t *testing.T) {
	t.Parallel()
	bin, schema := build(t), resultSchema(t)
	for name, open := range map[string]func(*testing.T) way{
		"gunicorn killed": gunicornKilled, "gunicorn recycled": gunicornRecycled, "gunicorn replaced": gunicornReplaced,
		"passenger killed": passengerKilled, "passenger recycled": passengerRecycled, "passenger replaced": passengerReplaced,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			seed := rand.New(rand.NewPCG(4, uint64(len(name))))
			var phases [3]int
			for i := range losses {
				phases[lose(t, bin, schema, w, i, time.Duration(seed.Int64N(int64(latest))))]++
				if t.Failed() {
					return
				}
			}
			t.Logf("%d losses noticed: %d before anything was sent, %d while warming up, %d while measuring", losses, phases[0], phases[1], phases[2])
		})
	}
}

const losing = `version: 1
name: losing
target: %s
requests: 100000
rounds: 2000
warmup: 30
uris:
  - /clean?long=1
  - /leak?bytes=64
  - {name: a form, method: POST, uri: /echo, form: {a: "1"}}
`

// lose is one run whose process is lost after a while. It returns how far the
// run had got: 0 before anything was sent, 1 while warming up, 2 measuring.
func lose(t *testing.T, bin string, schema *jsonschema.Schema, w way, i int, after time.Duration) int {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "losing.yaml")
	targettest.WriteFile(t, file, fmt.Sprintf(losing, w.target))
	mark := fmt.Sprintf("LEAKHUNT_TEST_RUN=%s/%d", dir, i)
	cmd := exec.Command(bin, "run", file, "--max-time", unnoticed.String(), "--progress", "plain", "-o", "json="+dir+"/result.json")
	cmd.Env = append(append(os.Environ(), mark), w.env...)
	lines := startLines(t, cmd)
	pid, lost := 0, make(chan struct{})
	for pid == 0 {
		line, ok := lines.next()
		if !ok {
			t.Fatalf("run %d: nothing was pinned:\n%s", i, lines.all())
		}
		if _, rest, ok := strings.Cut(line, "pinned pid "); ok {
			_, _ = fmt.Sscan(rest, &pid)
			go func() {
				defer close(lost)
				time.Sleep(after) // the random moment
				w.lose(i, pid)
			}()
		}
	}
	said := lines.rest()
	_ = cmd.Wait()
	<-lost
	r := lostResult(t, dir+"/result.json", schema)
	if r == nil {
		t.Fatalf("run %d, lost after %s: exit code %d, no result\n%s", i, after, cmd.ProcessState.ExitCode(), said)
	}
	switch code := cmd.ProcessState.ExitCode(); {
	case code != exitUnmeasured, r.Complete:
		t.Errorf("run %d, lost after %s: exit code %d, complete %t (%s)\n%s", i, after, code, r.Complete, r.Incomplete, said)
	case !strings.Contains(said, "leakhunt: the process was lost") || !strings.Contains(said, fmt.Sprintf("pid %d", pid)) || !strings.Contains(said, "  → "):
		t.Errorf("run %d: not told well:\n%s", i, said)
	}
	last := lastSent.FindStringSubmatch(r.Incomplete)
	if last == nil || (last[1] == "") != (r.RequestsTotal == 0) {
		t.Errorf("run %d: what was sent last is not told after %d requests: %q", i, r.RequestsTotal, r.Incomplete)
	}
	judged := 0
	for _, u := range r.URIs {
		judged += u.Requests
		if (u.Requests > 0) != (len(u.Series) > 0) {
			t.Errorf("run %d: %d requests to %s, and a series of %d", i, u.Requests, u.Name, len(u.Series))
		}
	}
	if left := marked(mark); len(left) > 0 {
		t.Errorf("run %d: pids %v are left behind", i, left)
	}
	w.again()
	switch {
	case r.RequestsTotal == 0:
		return 0
	case judged == 0:
		return 1
	}
	return 2
}

var lastSent = regexp.MustCompile(`^the process was lost (?:before anything was sent|after [0-9,]+ requests?, the last one to (/clean\?long=1|/leak\?bytes=64|a form)): `)

func lostResult(t *testing.T, path string, schema *jsonschema.Schema) *result.Result {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil {
		t.Errorf("the result is not valid: %v", err)
	}
	r, err := report.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// marked are the processes that were started with a variable in their
// environment, which all that descend from them inherit.
func marked(variable string) (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is right
	for _, dir := range dirs {
		var pid int
		if _, err := fmt.Sscan(filepath.Base(dir), &pid); err != nil {
			continue
		}
		if env, err := proc.Environ(pid); err == nil && slices.Contains(env, variable) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// The command is leakhunt's own, with its master and the agent; the worker is
// killed.
func gunicornKilled(t *testing.T) way {
	return way{
		target: fmt.Sprintf(`{command: [gunicorn, -w, "1", -b, "127.0.0.1:${PORT}", "passenger_wsgi:application"], dir: %q}`, targettest.AppDir(t)),
		lose:   func(_, pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) },
		again:  func() {},
	}
}

// gunicorn is one that runs already; restart starts it anew at its address.
func gunicorn(t *testing.T, more ...string) (at string, master func() int, restart func()) {
	at = "127.0.0.1:" + targettest.FreePort(t)
	dir := targettest.AppDir(t)
	var s *targettest.Server
	restart = func() {
		if s != nil {
			s.Kill()
		}
		s = targettest.Start(t, dir, nil, append([]string{"gunicorn", "-w", "1", "-b", at, "passenger_wsgi:application"}, more...)...)
	}
	restart()
	targettest.Await(t, "tcp", at)
	return at, func() int { return s.PID() }, restart
}

// The worker ends by itself after so many requests.
func gunicornRecycled(t *testing.T) way {
	at, _, _ := gunicorn(t, "--max-requests", "50", "--max-requests-jitter", "500")
	return way{target: "{url: http://" + at + "}", lose: func(int, int) {}, again: func() { targettest.Await(t, "tcp", at) }}
}

// A rolling restart, and a restart at the same address, in turn.
func gunicornReplaced(t *testing.T) way {
	at, master, restart := gunicorn(t)
	return way{
		target: "{url: http://" + at + "}",
		lose: func(i, _ int) {
			if i%2 == 0 {
				_ = syscall.Kill(master(), syscall.SIGHUP)
			} else {
				restart()
			}
		},
		again: func() { targettest.Await(t, "tcp", at) },
	}
}

// rack is one process of a Rack application under Passenger and Apache.
func rack(t *testing.T, directives string) (*passengertest.Server, passenger.Instance, way) {
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack", Directives: directives})
	in := s.Warm(t)
	return s, in, way{
		target: "{passenger: {app: shop}}", env: []string{"PASSENGER_INSTANCE_REGISTRY_DIR=" + s.Registry},
		again: func() {
			s.Touch("shop", "/clean") // to a process that is gone this one may go
			s.Warm(t)
		},
	}
}

func passengerKilled(t *testing.T) way {
	_, _, w := rack(t, "")
	w.lose = func(_, pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }
	return w
}

// Passenger counts the web server's requests only.
func passengerRecycled(t *testing.T) way {
	s, _, w := rack(t, "PassengerMaxRequests 10")
	w.lose = func(_, pid int) {
		givenUp(s, pid, func() { s.Touch("shop", "/clean") })
	}
	return w
}

// restart.txt, as a deployment has it, and a process taken out of the pool, in
// turn.
func passengerReplaced(t *testing.T) way {
	s, in, w := rack(t, "PassengerStatThrottleRate 0") // else restart.txt may be seen 10 s later
	changed := time.Now()
	w.lose = func(i, pid int) {
		if i%2 == 1 {
			givenUp(s, pid, func() { _ = in.Detach(context.Background(), pid) })
			return
		}
		givenUp(s, pid, func() {
			changed = changed.Add(time.Second) // Passenger compares whole seconds
			dir := s.Apps[0].Root + "/tmp"
			_ = os.Mkdir(dir, 0o755)
			_ = os.WriteFile(dir+"/restart.txt", nil, 0o644)
			_ = os.Chtimes(dir+"/restart.txt", changed, changed)
			s.Touch("shop", "/clean")
		})
	}
	return w
}

// givenUp does what makes the pool give a process up until it has: while the
// process before still ends, the pool has two, and what is done may reach the
// other one.
func givenUp(s *passengertest.Server, pid int, do func()) {
	for end := time.Now().Add(unnoticed); time.Now().Before(end) && s.Serves(pid); {
		do()
	}
}
