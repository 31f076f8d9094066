//go:build live

package runtimes

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/proc"
)

// run runs a program with the agents loaded, and returns what it prints.
func run(t *testing.T, env []string, argv ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1"), env...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return b.String(), cmd.ProcessState.ExitCode()
}

// Programs print and return what they would without the agents, whether the
// sockets can be made or not.
func TestLiveAgentsAreHarmless(t *testing.T) {
	t.Parallel()
	env, cleanup, err := Preload()
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	dir := lookup(env, AgentVar)
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{"good": dir, "writable by all": open}
	refused := map[string]string{
		"good": dir, "missing": "/nowhere/at/all", "a file": "/etc/passwd", "relative": "x",
		"long": "/tmp/" + strings.Repeat("x", 120), "empty": "",
	}
	for _, argv := range [][]string{
		{"ruby", "-e", "puts 1; warn 2; exit 3"},
		{"ruby", "-e", "fork { exit! 4 }; Process.wait; p $?.exitstatus, Thread.list.size > 0"},
		{"ruby", "-e", "sleep 0.3; at_exit { exit 5 }; raise 'x' rescue puts 'rescued'"},
		{"ruby", "-e", "puts `echo hi`; system('true') && exec('echo', 'last')"},
		{"gem", "--version"},
		{"node", "-e", "console.log(1); console.error(2); process.exitCode = 3"},
		{"node", "-e", "setTimeout(() => console.log('late'), 300)"},
		{"node", "-e", "new (require('worker_threads').Worker)('console.log(7)', { eval: true })"},
		{"node", "--input-type=module", "-e", "import fs from 'fs'; console.log(typeof fs)"},
		{"python3", "-c", "import sys; print(1); sys.exit(3)"},
		{"python3", "-W", "error", "-c", "import os, time; time.sleep(0.3); p = os.fork(); p or os._exit(4); print(os.waitpid(p, 0)[1] >> 8)"},
		{"python3", "-c", "import time, threading; time.sleep(0.3); print(threading.active_count())"},
		{"python3", "-S", "-c", "print(1)"},
	} {
		want, code := run(t, nil, argv...)
		tried := folders
		if strings.Contains(argv[len(argv)-1], "0.3") || strings.Contains(argv[len(argv)-1], "300") {
			tried = refused // lives long enough to open a socket
		}
		for name, folder := range tried {
			got, c := run(t, append(append([]string(nil), env...), AgentVar+"="+folder), argv...)
			if got != want || c != code {
				t.Errorf("%v with a folder that is %s: status %d and %q, without the agent %d and %q", argv, name, c, got, code, want)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.sock")); len(left) != 0 {
		t.Errorf("sockets are left behind: %v", left)
	}
}

// Programs that wait for their agent's socket, 10 s at most, and print whether it came.
const (
	awaitedByNode = `const fs = require('fs'), at = process.env.LEAKHUNT_AGENT + '/' + process.pid + '.sock', until = Date.now() + 10000
const look = setInterval(() => {
  if (!fs.existsSync(at) && Date.now() < until) return
  clearInterval(look)
  console.log(fs.existsSync(at))
}, 10)`
	awaitedByPython = `import os, time, sitecustomize
at, until = os.environ['LEAKHUNT_AGENT'] + '/%d.sock' % os.getpid(), time.monotonic() + 10
while not os.path.exists(at) and time.monotonic() < until: time.sleep(0.01)
print(sitecustomize.VALUE, os.path.exists(at))`
)

// What the user loads by the same variables is loaded still.
func TestLiveAgentsChain(t *testing.T) {
	user := filepath.Join(t.TempDir(), "user")
	for name, text := range map[string]string{
		"user.rb": "puts 'user ruby'\n", "user.js": "console.log('user node')\n",
		"sitecustomize.py": "print('user python')\nVALUE = 7\n",
	} {
		if err := os.MkdirAll(user, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(user, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	existing := []string{"RUBYOPT=-r" + user + "/user.rb", "NODE_OPTIONS=--require " + user + "/user.js", "PYTHONPATH=" + user}
	agents, cleanup, err := Preload()
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	env := chained(existing, agents)
	for _, c := range []struct {
		argv []string
		want string
	}{
		{[]string{"ruby", "-e", "puts defined?(LeakhuntAgent)"}, "user ruby\nconstant\n"},
		{[]string{"node", "-e", awaitedByNode}, "user node\ntrue\n"},
		{[]string{"python3", "-c", awaitedByPython}, "user python\n7 True\n"},
	} {
		if got, code := run(t, env, c.argv...); got != c.want || code != 0 {
			t.Errorf("%v: status %d, %q, want %q", c.argv, code, got, c.want)
		}
	}
}

// Every process that a server forks answers for itself, under its own pid.
func TestLiveAgentsSurviveForks(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func() *app{
		"puma cluster, preloaded": func() *app {
			return launch(t, "ruby", true, nil, false, "puma", "-w", "2", "-t", "1:1", "-q", "--preload", "-b", "tcp://127.0.0.1:$PORT", "config.ru")
		},
		"gunicorn, preloaded": func() *app {
			return launch(t, "python", true, []string{"PYTHONPATH=."}, false, "gunicorn", "--preload", "-w", "2", "-b", "127.0.0.1:$PORT", "app:application")
		},
		"node cluster": func() *app {
			return launch(t, "node", true, nil, false, "node", "cluster.js")
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := start()
			workers := func() []int {
				var pids []int
				for end := time.Now().Add(30 * time.Second); len(pids) != 2 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
					pids, _ = proc.Descendants(a.pid)
				}
				if len(pids) != 2 {
					t.Fatalf("workers: %v", pids)
				}
				return pids
			}
			for _, pid := range append(workers(), a.pid) {
				agent, err := Dial(t.Context(), a.dir, pid)
				if err != nil {
					t.Fatalf("process %d: %v", pid, err)
				}
				ans, err := agent.ask(t.Context(), "settle")
				if err != nil || ans.PID != pid {
					t.Errorf("process %d answers as %+v, %v", pid, ans, err)
				}
				_ = agent.Close()
			}
		})
	}
}

// BenchmarkLiveCost compares requests per second with the agent and without:
// both servers run, and take turns of 100 requests, so that what else the
// machine does hits both. The median ratio of the turns is printed; 1 is free.
func BenchmarkLiveCost(b *testing.B) {
	for name, start := range agented {
		b.Run(name, func(b *testing.B) {
			servers := []*app{start(b, false), start(b, true)}
			turn := func(a *app) float64 {
				began := time.Now()
				a.send(b, "/", 100)
				return time.Since(began).Seconds()
			}
			for range 10 {
				turn(servers[0])
				turn(servers[1])
			}
			var ratios []float64
			for b.Loop() {
				without := turn(servers[0])
				with := turn(servers[1])
				ratios = append(ratios, without/with)
			}
			b.ReportMetric(median(ratios), "with/without")
		})
	}
}

// BenchmarkLiveSettle is the time of one settle (a collection, and the count of
// what is alive) by how many objects are alive besides the application's own.
func BenchmarkLiveSettle(b *testing.B) {
	for name, start := range agented {
		for _, alive := range []int{0, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", name, alive), func(b *testing.B) {
				b.Setenv("HEAP", strconv.Itoa(alive))
				agent := start(b, true).agent(b)
				for b.Loop() {
					if _, err := agent.Read(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
