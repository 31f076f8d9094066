package guard

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/proc"
	"leakhunt/harness/proc/proctest"
)

// TestMain lets the test binary be a program that runs a command and is killed.
func TestMain(m *testing.M) {
	if script := os.Getenv("GUARD_TEST_SCRIPT"); script != "" {
		fmt.Println(Command{Argv: []string{"sh", "-c", script}, Stdout: os.Stdout}.Run(context.Background()))
		os.Exit(0)
	}
	if folder := os.Getenv("GUARD_TEST_FOLDER"); folder != "" {
		killedWith(folder)
	}
	os.Exit(m.Run())
}

// astray is a script that says the pids of itself, of a child in a session of its own,
// and of an orphan there; then it waits, or ends.
const astray = `echo $$; setsid sleep 300 & echo $!; (setsid sleep 300 & echo $!); echo all; `

func read(t *testing.T, lines *bufio.Scanner) (ids []proc.ID) {
	t.Helper()
	for lines.Scan() && lines.Text() != "all" {
		var pid int
		if _, err := fmt.Sscan(lines.Text(), &pid); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if id, err := proc.Find(pid); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func gone(t *testing.T, ids []proc.ID, want int) {
	t.Helper()
	if len(ids) != want {
		t.Errorf("%d processes, want %d", len(ids), want)
	}
	proctest.AwaitGone(t, 20*time.Second, ids)
}

func TestRun(t *testing.T) {
	for script, want := range map[string]string{
		"echo one; echo two >&2": "<nil>", "exit 3": "exit status 3", "kill -9 $$": "signal: killed", "kill -15 $$": "signal: terminated",
		"exec 1>&- 2>&-; exit 0": "<nil>",
	} {
		var out bytes.Buffer
		err := Command{Argv: []string{"sh", "-c", script}, Stdout: &out, Stderr: &out}.Run(t.Context())
		if fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
		if strings.HasPrefix(script, "echo") && out.String() != "one\ntwo\n" {
			t.Errorf("it said %q", out.String())
		}
	}
	err := Command{Argv: []string{"/nowhere/at-all"}}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
}

// What a command leaves in the background ends with it.
func TestRunLeavesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := (Command{Argv: []string{"sh", "-c", astray}, Stdout: f}).Run(t.Context()); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if pid := strings.TrimSpace(line); pid != "all" {
			if _, err := os.Stat("/proc/" + pid); err == nil {
				t.Errorf("pid %s still runs", pid)
			}
		}
	}
	if n := bytes.Count(text, []byte("\n")); n != 4 {
		t.Errorf("it said %q", text)
	}
}

// Nor does anything outlive the context, or this program.
func TestRunEnds(t *testing.T) {
	for _, how := range []string{"context", "killed"} {
		t.Run(how, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if how == "context" {
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() {
					ended <- Command{Argv: []string{"sh", "-c", astray + "trap '' TERM; sleep 300"}, Stdout: w}.Run(ctx)
				}()
				ids := read(t, bufio.NewScanner(r))
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
				gone(t, ids, 3)
				return
			}
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), "GUARD_TEST_SCRIPT="+astray+"sleep 300")
			cmd.Stdout = w
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ids := read(t, bufio.NewScanner(r))
			if err := cmd.Process.Signal(unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			gone(t, ids, 3)
		})
	}
}
