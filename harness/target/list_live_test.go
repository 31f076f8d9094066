//go:build live

package target_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/harness/target/passenger"
	"leakhunt/harness/target/targettest"
	"leakhunt/harness/target/targettest/passengertest"
)

// Everything that people run, at once on one machine: each process is listed,
// and each answers with the pid that it is listed with.
func TestList(t *testing.T) {
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack", Processes: 2},
		passengertest.App{Name: "chat", Type: "node"}, passengertest.App{Name: "mail", Type: "wsgi"})
	alone := passengertest.Standalone(t, passengertest.App{Name: "alone", Type: "rack"})
	want := map[string][]int{} // by server and application
	for _, server := range []*passengertest.Server{s, alone} {
		for _, app := range server.Warm(t).Apps {
			for _, p := range app.Processes {
				want["passenger "+app.Name] = append(want["passenger "+app.Name], p.PID)
			}
		}
	}
	socket := filepath.Join(t.TempDir(), "u")
	for name, c := range map[string]struct {
		argv    []string
		env     string
		address string // "" means the port
		workers int
		self    bool // it is its own worker
	}{
		"puma":     {argv: []string{"puma", "-q", "-w", "0", "-t", "1:1", "-b", "tcp://127.0.0.1:PORT"}, self: true, workers: 1},
		"gunicorn": {argv: []string{"gunicorn", "-w", "2", "-b", "127.0.0.1:PORT", "passenger_wsgi:application"}, workers: 2},
		"unicorn":  {argv: []string{"unicorn", "-l", "unix:" + socket}, address: socket, workers: 1},
		"uwsgi":    {argv: []string{"uwsgi", "--plugin", "python3", "--http-socket", "127.0.0.1:PORT", "--processes", "1", "--master", "--wsgi-file", "passenger_wsgi.py"}, workers: 1},
		"node":     {argv: []string{"node", "app.js"}, env: "PORT=PORT", self: true, workers: 1},
		"cluster":  {argv: []string{"node", "cluster.js"}, env: "PORT=PORT", workers: 2},
		"go":       {argv: []string{testBinary}, env: "TARGET_TEST_SERVE=127.0.0.1:PORT", self: true, workers: 1},
	} {
		app := fmt.Sprintf("%s-%d", name, os.Getpid()) // others may run a folder called node
		dir := filepath.Join(t.TempDir(), app)
		if err := os.CopyFS(dir, os.DirFS(targettest.AppDir(t))); err != nil {
			t.Fatal(err)
		}
		port := targettest.FreePort(t)
		for i := range c.argv {
			c.argv[i] = strings.ReplaceAll(c.argv[i], "PORT", port)
		}
		env := strings.Replace(c.env, "=PORT", "="+port, 1)
		server := targettest.Start(t, dir, []string{strings.ReplaceAll(env, ":PORT", ":"+port)}, c.argv...)
		if c.address == "" {
			targettest.AwaitWorkers(t, "tcp", "127.0.0.1:"+port, c.workers)
		} else {
			targettest.AwaitWorkers(t, "unix", c.address, c.workers)
		}
		want[kind(name)+" "+app] = []int{server.PID()}
		if !c.self {
			want[kind(name)+" "+app] = children(t, server.PID(), c.workers)
		}
	}
	address, _ := fpm(t, "unix", "pm = static", "pm.max_children = 2")
	awaitTitles(t, "php-fpm: pool shop", 2) // it listens before it starts them
	entries, err := target.List(t.Context(), target.ListOptions{Registry: []string{s.Registry, alone.Registry}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]int{}
	for _, e := range entries {
		name := e.Server + " " + e.App
		if e.Server == "php-fpm" && e.Address != address {
			continue // another pool of this machine
		}
		got[name] = append(got[name], e.PID)
		if e.Server == "php-fpm" {
			if e.App != "shop" || e.Protocol != "fastcgi" || !strings.Contains(e.Remedy, "pm.max_children = 1") {
				t.Errorf("%+v", e)
			}
			want["php-fpm shop"] = append(want["php-fpm shop"], e.PID)
		}
		if _, ours := want[name]; !ours || e.Server == "php-fpm" {
			continue // another program of this machine
		}
		if e.RSS < 1<<20 || e.Anon <= 0 || e.Uptime <= 0 || (e.Processed < 0) == (e.Server == "passenger") || e.Problem != "" {
			t.Errorf("%+v", e)
		}
		answers(t, e)
	}
	if len(want["php-fpm shop"]) != 2 {
		t.Errorf("%d workers of php-fpm, want 2", len(want["php-fpm shop"]))
	}
	for name, pids := range want {
		slices.Sort(pids)
		if !slices.Equal(got[name], pids) {
			t.Errorf("%s: listed %v, want %v", name, got[name], pids)
		}
	}
}

// answers asks a listed process for its pid.
func answers(t *testing.T, e target.Entry) {
	t.Helper()
	client := load.New(e.Endpoint(), false)
	defer client.Close()
	res := do(t, client, load.Spec{Method: "GET", URI: "/pid"})
	if e.Server == "gunicorn" { // which keeps no connection: its two workers cannot be told apart
		if res.Err == nil {
			t.Errorf("%s %s: a worker of two answered, by chance", e.Server, e.App)
		}
		return
	}
	if string(res.Body) != fmt.Sprint(e.PID) {
		t.Errorf("%s %s, pid %d at %s: %s answers, %v", e.Server, e.App, e.PID, e.Address, res.Body, res.Err)
	}
}

func kind(name string) string {
	if name == "cluster" {
		return "node"
	}
	return name
}

// awaitTitles waits until n processes that this test has started call themselves so.
func awaitTitles(t *testing.T, title string, n int) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		all, err := proc.Descendants(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		titled := slices.DeleteFunc(all, func(pid int) bool {
			argv, err := proc.Cmdline(pid)
			return err != nil || len(argv) == 0 || !strings.HasPrefix(argv[0], title)
		})
		if len(titled) == n {
			return
		}
	}
	t.Fatalf("there are not %d processes with the title %q", n, title)
}

// children waits until a master has its workers.
func children(t *testing.T, master, n int) []int {
	t.Helper()
	for {
		if found, err := proc.Descendants(master); err == nil && len(found) == n {
			return found
		}
		if _, err := proc.Find(master); err != nil {
			t.Fatal("the master has ended")
		}
	}
}

// A user without rights sees what there is, why it is closed, and what to do.
func TestListDenied(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("this test needs root, to be another user")
	}
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack"})
	in := s.Warm(t)
	// The test's own binary lies where only its builder may go.
	dir, err := os.MkdirTemp("", "lh") //nolint:usetesting // its parent must let others in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	binary, err := os.ReadFile(testBinary)
	if err == nil {
		err = os.WriteFile(dir+"/lister", binary, 0o755)
	}
	if err = errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	lister := exec.Command(dir + "/lister")
	lister.Env = append(os.Environ(), "TARGET_TEST_ROLE=list", "PASSENGER_INSTANCE_REGISTRY_DIR="+s.Registry)
	lister.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 2, Gid: 2}}
	out, err := lister.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{in.Name, passenger.ErrDenied.Error(), "sudo leakhunt"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if strings.Contains(string(out), string(in.Apps[0].Processes[0].Password)) {
		t.Error("the password is listed")
	}
}
