//go:build live

package runtimes

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A daemon closes what it has not opened, and its own files have the agent's
// numbers then: they are neither read nor closed, and the agent opens its own anew.
func TestLiveAgentOfADaemon(t *testing.T) {
	want := "worker: untouched, agent True\nparent: untouched, agent True\n"
	if said := odd(t, "python3", "testdata/python/daemon.py"); said != want {
		t.Errorf("%q, want %q", said, want)
	}
}

// Another thread of the application may be making files: with a umask that the
// agent sets for its socket they would have a wrong mode.
func TestLiveAgentLeavesTheUmask(t *testing.T) {
	if said := odd(t, "node", "testdata/node/umask.js"); said != "mode 600, others [lock], umask 0\n" {
		t.Errorf("%q", said)
	}
}

// What the agent holds while it answers must not be locked in a child for ever.
func TestLiveAgentAndForks(t *testing.T) {
	for range 6 {
		if said := odd(t, "python3", "testdata/python/forks.py"); said != "0 hung, answered True\n" {
			t.Fatalf("%q", said)
		}
	}
}

// An agent says nothing in the application's name.
func TestLiveAgentIsSilent(t *testing.T) {
	if said := odd(t, "ruby", "-w", "testdata/ruby/warns.rb"); said != "true\nconstant\n" {
		t.Errorf("%q", said)
	}
}

// What ended without a word has left its socket behind. A process of another
// container has a pid that is not known here, and listens.
func TestLiveAgentSweepsItsFolder(t *testing.T) {
	for language, argv := range map[string][]string{
		"ruby":   {"ruby", "-e", "sleep"},
		"node":   {"node", "-e", "setInterval(() => {}, 1000)"},
		"python": {"python3", "-c", "import time; time.sleep(600)"},
	} {
		t.Run(language, func(t *testing.T) {
			env, cleanup, err := Preload()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cleanup)
			dir := lookup(env, AgentVar)
			const unknown = 4194305 // above the largest pid (proc_sys_kernel(5), pid_max)
			socket := func(pid int) string { return fmt.Sprintf("%s/%d.sock", dir, pid) }
			for _, pid := range []int{unknown, unknown + 1, os.Getpid()} {
				l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: socket(pid)})
				if err != nil {
					t.Fatal(err)
				}
				if l.SetUnlinkOnClose(false); pid == unknown+1 {
					t.Cleanup(func() { _ = l.Close() })
				} else if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Env = append(os.Environ(), env...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			conn, err := connect(t.Context(), socketPath(dir, cmd.Process.Pid), cmd.Process.Pid)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			for until := time.Now().Add(10 * time.Second); exists(socket(unknown)) && time.Now().Before(until); {
				time.Sleep(5 * time.Millisecond)
			}
			for pid, want := range map[int]bool{unknown: false, unknown + 1: true, os.Getpid(): true} {
				if exists(socket(pid)) != want {
					t.Errorf("the socket of %d is there: %v, want %v", pid, !want, want)
				}
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// odd runs a program with the agent to its end, and returns all that it said.
func odd(t *testing.T, argv ...string) string {
	t.Helper()
	env, cleanup, err := Preload()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cleanup)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	said, err := cmd.CombinedOutput() // ends with whoever holds it open
	if err != nil {
		t.Errorf("%v", err)
	}
	return string(said)
}

// What asyncio keeps of timers that were cancelled is too little to be seen, also
// beside many that were not.
func TestLiveCancelledTimers(t *testing.T) {
	const script = `
import asyncio, gc, sys
sys.path.insert(0, "agent/python")
import agent
async def main():
    p = agent._Process.__new__(agent._Process)
    p.gc = gc
    p.collect()
    loop = asyncio.get_running_loop()
    for i in range(1000):
        loop.call_later(600, print)
    for i in range(200):
        loop.call_later(900, print).cancel() # behind those that live
        await asyncio.sleep(0)
    print(len(loop._scheduled) - 1000)
asyncio.run(main())
`
	cmd := exec.Command("python3", "-B", "-c", script)
	out, err := cmd.CombinedOutput()
	if left, bad := strconv.Atoi(strings.TrimSpace(string(out))); err != nil || bad != nil || left > 11 {
		t.Errorf("%d of 200 are left, %v: %s", left, err, out)
	}
}
