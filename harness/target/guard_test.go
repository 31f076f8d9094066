package target_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/proc"
	"leakhunt/harness/proc/proctest"
	"leakhunt/harness/target"
	"leakhunt/scenarios"
)

// family is a command that leaves a process of every kind behind: a child, one
// that is deaf to SIGTERM, one whose parent has ended, one in a session of its
// own, one that is both, and the server. Each writes its pid into a file.
const family = `
trap '' HUP
note() { echo $1 >> "$PIDS"; }
note $$
sleep 300 & note $!
sh -c 'echo $$ >> "$PIDS"; trap "" TERM; while :; do sleep 300; done' &
(sh -c 'echo $$ >> "$PIDS"; exec sleep 300' &)
setsid sh -c 'echo $$ >> "$PIDS"; exec sleep 300' &
(setsid sh -c 'echo $$ >> "$PIDS"; exec sleep 300' &)
"$SERVER" & note $!
wait
`

const familySize = 7

// role runs a command and waits; the test kills it.
func guardRole() {
	sc := &scenarios.Scenario{Target: familyTarget(os.Getenv("PIDS"))}
	tgt, err := target.Open(sc, target.Options{Scratch: []string{os.Getenv("SCRATCH")}})
	if err != nil {
		panic(err)
	}
	if _, err := tgt.Pin(context.Background()); err != nil {
		panic(err)
	}
	fmt.Println("pinned")
	select {}
}

func familyTarget(pids string) scenarios.Target {
	return scenarios.Target{
		Kind: "command", Command: []string{"sh", "-c", family},
		Env: []string{"PIDS=" + pids, "SERVER=" + testBinary, "TARGET_TEST_SERVE=127.0.0.1:${PORT}", "TARGET_TEST_ROLE="},
	}
}

func members(t *testing.T, file string) []proc.ID {
	t.Helper()
	until := time.Now().Add(20 * time.Second)
	for {
		text, _ := os.ReadFile(file)
		fields := strings.Fields(string(text))
		if len(fields) == familySize {
			var ids []proc.ID
			for _, f := range fields {
				pid, err := strconv.Atoi(f)
				if err != nil {
					t.Fatal(err)
				}
				id, err := proc.Find(pid)
				if err != nil {
					t.Fatalf("pid %d: %v", pid, err)
				}
				ids = append(ids, id)
			}
			return ids
		}
		if time.Now().After(until) {
			t.Fatalf("processes %q, want %d", fields, familySize)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// guarded is a program that has pinned a process, with those variables, and the
// processes that it has started then, as file names them.
func guarded(t *testing.T, file string, env ...string) (*exec.Cmd, []proc.ID) {
	t.Helper()
	cmd := exec.Command(testBinary)
	cmd.Env = append(append(os.Environ(), "TARGET_TEST_ROLE=guard", "PIDS="+file), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "pinned\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd, members(t, file)
}

// However leakhunt ends, nothing that it started outlives it: not after
// SIGKILL, which it cannot handle, and not what has left its process group.
func TestNothingOutlivesLeakhunt(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			file, scratch := filepath.Join(t.TempDir(), "pids"), filepath.Join(t.TempDir(), "agents")
			if err := os.MkdirAll(filepath.Join(scratch, "ruby"), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd, ids := guarded(t, file, "SCRATCH="+scratch)
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			proctest.AwaitGone(t, 30*time.Second, ids)
			// The guard has it from the kernel that nobody is left, and ends.
			for until := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				if _, err := os.Stat(scratch); os.IsNotExist(err) {
					return
				}
				if time.Now().After(until) {
					t.Fatalf("%s is left behind", scratch)
				}
			}
		})
	}
}

// Nor does it outlive its guard, nor the guard's keeper, whichever of them is killed
// while leakhunt goes on.
func TestNothingOutlivesItsGuard(t *testing.T) {
	for _, killed := range []string{"guard", "keeper"} {
		t.Run(killed, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "pids")
			cmd, ids := guarded(t, file)
			pid, err := proc.Parent(ids[0].PID)
			if err == nil && killed == "keeper" {
				pid, err = proc.Parent(pid)
			}
			if err != nil || pid == cmd.Process.Pid {
				t.Fatalf("the %s is %d, %v", killed, pid, err)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			proctest.AwaitGone(t, 30*time.Second, ids)
		})
	}
}

func TestCloseEndsTheWholeFamily(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pids")
	scratch := t.TempDir()
	p, err := open(t, familyTarget(file), target.Options{Scratch: []string{scratch}}).Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := members(t, file)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(scratch); err != nil { // the next process needs it
		t.Errorf("Close removed %s: %v", scratch, err)
	}
	for _, id := range ids {
		if err := id.Check(); err == nil {
			t.Errorf("pid %d still runs after Close", id.PID)
			_ = syscall.Kill(id.PID, syscall.SIGKILL)
		}
	}
}
