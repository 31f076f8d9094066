//go:build live

package runtimes

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/proc/proctest"
)

// app is a fixture server that runs until the test ends.
type app struct {
	cmd    *exec.Cmd
	pid    int // of the process that serves
	port   int
	dir    string // of the agents' sockets
	client *http.Client
}

// chained joins what loads the agents to what env has, the agent's folder first in
// a path, as a target does for its command.
func chained(env, agents []string) []string {
	for _, e := range agents {
		name, value, _ := strings.Cut(e, "=")
		if have := lookup(env, name); have != "" && name == "PYTHONPATH" {
			value += ":" + have
		} else if have != "" {
			value = have + " " + value
		}
		env = append(env, name+"="+value)
	}
	return env
}

// launch starts a fixture. A server that does not print its port gets PORT.
func launch(t testing.TB, dir string, agent bool, extra []string, prints bool, argv ...string) *app {
	t.Helper()
	a := &app{port: proctest.FreePort(t), client: &http.Client{
		// One connection: what a second one holds would be counted as growth.
		Timeout: time.Minute, Transport: &http.Transport{MaxConnsPerHost: 1},
	}}
	env := append(os.Environ(), extra...)
	env = append(env, "PORT="+strconv.Itoa(a.port), "PYTHONDONTWRITEBYTECODE=1")
	if agent {
		agents, cleanup, err := Preload()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(cleanup)
		env = chained(env, agents)
		a.dir = lookup(env, AgentVar)
	}
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "$PORT", strconv.Itoa(a.port))
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = filepath.Join("testdata", dir), env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.cmd, a.pid = cmd, cmd.Process.Pid
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	if prints {
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatalf("%v printed no port: %v", argv, err)
		}
		if a.port, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	a.wait(t)
	return a
}

func (a *app) wait(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err := a.fetch(context.Background(), "/"); err == nil {
			return
		}
	}
	t.Fatalf("%v does not answer", a.cmd.Args)
}

// serving makes the newest child the process that is measured.
func (a *app) serving(t testing.TB) *app {
	t.Helper()
	ids, err := proc.Descendants(a.pid)
	if err != nil || len(ids) == 0 {
		t.Fatalf("no worker under %d: %v, %v", a.pid, ids, err)
	}
	a.pid = ids[len(ids)-1]
	return a
}

func (a *app) fetch(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", a.port, path), nil)
	if err != nil {
		return nil, err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return body, err
}

func (a *app) send(t testing.TB, path string, n int) {
	t.Helper()
	for range n {
		if _, err := a.fetch(context.Background(), path); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

func (a *app) agent(t testing.TB) *Agent {
	t.Helper()
	agent, err := Dial(t.Context(), a.dir, a.pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Close() })
	return agent
}

func puma(t testing.TB, agent bool, args ...string) *app {
	argv := append([]string{"puma", "-w", "0", "-t", "1:1", "-q", "-b", "tcp://127.0.0.1:$PORT"}, args...)
	return launch(t, "ruby", agent, nil, false, append(argv, "config.ru")...)
}

func gunicorn(t testing.TB, agent bool) *app {
	a := launch(t, "python", agent, []string{"PYTHONPATH=."}, false, "gunicorn", "-w", "1", "-b", "127.0.0.1:$PORT", "app:application")
	return a.serving(t)
}

func node(t testing.TB, agent bool) *app {
	return launch(t, "node", agent, nil, true, "node", "app.js")
}

type counter interface {
	Columns() []Column
	Read(ctx context.Context) ([]float64, error)
}

// growth sends five blocks of 50 requests to each route, in random order,
// and returns the growth per request of each block by route and column.
func growth(t *testing.T, a *app, c counter, routes ...string) map[string]map[string][]float64 {
	t.Helper()
	const rounds, block = 5, 50
	read := func() []float64 {
		values, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	for range block {
		for _, r := range routes {
			a.send(t, r, 1)
		}
	}
	read()
	blocks := map[string]map[string][]float64{}
	random := rand.New(rand.NewPCG(1, 2))
	last := read()
	for range rounds {
		for _, i := range random.Perm(len(routes)) {
			a.send(t, routes[i], block)
			now := read()
			for k, col := range c.Columns() {
				if blocks[routes[i]] == nil {
					blocks[routes[i]] = map[string][]float64{}
				}
				blocks[routes[i]][col.Name] = append(blocks[routes[i]][col.Name], (now[k]-last[k])/block)
			}
			last = now
		}
	}
	for _, r := range routes {
		t.Logf("%-10s %.2v", r, blocks[r])
	}
	return blocks
}

// native reads the anonymous memory that an application has beyond what its runtime has
// for itself, in bytes.
func native(t *testing.T, a *app, c counter) func() float64 {
	t.Helper()
	columns := c.Columns()
	if columns[len(columns)-1].Beside != Held {
		t.Fatalf("columns %+v", columns)
	}
	id, err := proc.Find(a.pid)
	if err != nil {
		t.Fatal(err)
	}
	m, err := memory.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return func() float64 {
		t.Helper()
		v, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Read()
		if err != nil {
			t.Fatal(err)
		}
		return float64(r.Anon+r.Swap) - v[len(v)-1]
	}
}

// median of the blocks: what the verdict goes by, roughly.
func median(v []float64) float64 {
	s := append([]float64(nil), v...)
	for i := range s {
		for j := i; j > 0 && s[j] < s[j-1]; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
	return s[len(s)/2]
}

func within(t *testing.T, what string, v []float64, low, high float64) {
	t.Helper()
	if m := median(v); m < low || m > high {
		t.Errorf("%s grows by %.2f a request (%.2f), want %v to %v", what, m, v, low, high)
	}
}
