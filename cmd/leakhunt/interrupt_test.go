package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/report"
)

// slowScenario is a run that takes longer than any test waits.
func slowScenario(t *testing.T, command []string) string {
	t.Helper()
	file := shopScenario(t, command, []string{"/", "/cart"})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("requests: 250"), []byte("requests: 1000000000"), 1)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// untilMeasuring reads progress until judged requests are sent, and returns the
// pid that is measured.
func untilMeasuring(t *testing.T, r *lineReader) (pid string) {
	t.Helper()
	for {
		s, ok := r.next()
		if !ok {
			t.Fatalf("the run ended before it measured anything:\n%s", r.all())
		}
		if _, rest, ok := strings.Cut(s, "pinned pid "); ok {
			pid, _, _ = strings.Cut(rest, " ")
		}
		if strings.Contains(s, "round 1") {
			return pid
		}
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		sig   syscall.Signal
		times int // signals that follow at once are one
		code  int
		says  string
	}{
		{"interrupt", syscall.SIGINT, 1, 130, "interrupted by SIGINT"},
		{"interrupted by timeout(1)", syscall.SIGINT, 2, 130, "interrupted by SIGINT"},
		{"terminated", syscall.SIGTERM, 1, 143, "interrupted by SIGTERM"},
		{"hung up", syscall.SIGHUP, 1, 129, "interrupted by SIGHUP"},
		{"hung up twice", syscall.SIGHUP, 2, 129, "interrupted by SIGHUP"},
		{"by timeout(1)", syscall.SIGTERM, 500, 143, "interrupted by SIGTERM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result := filepath.Join(t.TempDir(), "result.json")
			cmd := exec.Command("leakhunt", "run", slowScenario(t, goShop(t)()), "-o", "json="+result, "-o", "table")
			progress := startLines(t, cmd)
			pid := untilMeasuring(t, progress)
			for range tt.times {
				if err := cmd.Process.Signal(tt.sig); err != nil {
					t.Fatal(err)
				}
			}
			text := progress.rest()
			err := cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(text, tt.says) {
				t.Errorf("exit code %d (%v), want %d:\n%s", code, err, tt.code, text)
			}
			f, err := os.Open(result)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r, err := report.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			if r.Complete || r.Incomplete != "interrupted" || r.RequestsTotal == 0 || len(r.URIs) != 2 {
				t.Errorf("complete %v (%s), %d requests, %d URIs", r.Complete, r.Incomplete, r.RequestsTotal, len(r.URIs))
			}
			if _, err := os.Stat("/proc/" + pid); pid == "" || !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the application (pid %q) is still there: %v", pid, err)
			}
		})
	}
}

// A second Ctrl-C does not wait for an application that will not end. That is
// ended all the same, and what was written for it removed.
func TestSecondInterruptExitsAtOnce(t *testing.T) {
	t.Parallel()
	shop := goShop(t)()
	// The shell ignores the polite signal and outlives the shop.
	stubborn := []string{"sh", "-c", "trap '' TERM INT; " + shop[0] + " & echo $! >&2; while :; do sleep 1; done"}
	cmd := exec.Command("leakhunt", "run", slowScenario(t, stubborn))
	tmp := t.TempDir()
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	progress := startLines(t, cmd)
	untilMeasuring(t, progress)
	if agents, _ := filepath.Glob(tmp + "/leakhunt-*/ruby"); len(agents) != 1 {
		t.Fatalf("agents %q", agents)
	}
	ended := make(chan struct{})
	go func() { progress.rest(); close(ended) }()
	for again := true; again; { // two that follow at once are one
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended:
			again = false
		case <-time.After(50 * time.Millisecond):
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(progress.all(), "--resume") {
		t.Errorf("exit code %d, want 130, and the journal:\n%s", code, progress.all())
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		left, _ := filepath.Glob(tmp + "/leakhunt-*")
		if len(left) == 0 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("left behind: %q", left)
		}
	}
}

// TestInterruptedWithAStubbornApplication: reports do not wait for an application that
// does not end.
func TestInterruptedWithAStubbornApplication(t *testing.T) {
	shop := goShop(t)()
	stubborn := []string{"sh", "-c", "trap '' TERM INT; " + shop[0] + " & while :; do sleep 1; done"}
	result := filepath.Join(t.TempDir(), "result.json")
	cmd := exec.Command("leakhunt", "run", slowScenario(t, stubborn), "-o", "json="+result)
	progress := startLines(t, cmd)
	untilMeasuring(t, progress)
	began := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	text := progress.rest()
	_ = cmd.Wait()
	if took := time.Since(began); cmd.ProcessState.ExitCode() != 143 || took > 5*time.Second {
		t.Errorf("exit code %d after %s:\n%s", cmd.ProcessState.ExitCode(), took, text)
	}
	if f, err := os.Open(result); err != nil {
		t.Error(err)
	} else if _, err := report.Read(f); err != nil {
		t.Error(err)
	}
	if !strings.Contains(text, "--resume") {
		t.Errorf("the journal is not named:\n%s", text)
	}
}

// TestInterruptedWhileBlocked: a command that waits for its input ends with the signal.
func TestInterruptedWhileBlocked(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		sig  syscall.Signal
		code int
	}{
		{[]string{"judge", "-"}, syscall.SIGINT, 130},
		{[]string{"judge", "/dev/stdin"}, syscall.SIGHUP, 129},
		{[]string{"report", "-"}, syscall.SIGTERM, 143},
		{[]string{"report", fifo}, syscall.SIGTERM, 143},
		{[]string{"compare", fifo, fifo}, syscall.SIGTERM, 143},
		{[]string{"validate", fifo}, syscall.SIGINT, 130},
	} {
		t.Run(strings.Join(tt.args[:1], " ")+" "+tt.sig.String(), func(t *testing.T) {
			cmd := exec.Command("leakhunt", tt.args...)
			var w io.Closer
			if tt.args[1] == fifo {
				r := startLines(t, cmd)
				defer r.rest()
				var err error
				if w, err = os.OpenFile(fifo, os.O_WRONLY, 0); err != nil { // it waits for the reader
					t.Fatal(err)
				}
			} else {
				in, err := cmd.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				r := startLines(t, cmd)
				defer r.rest()
				w = in
				if _, err := in.Write(bytes.Repeat([]byte("\n"), 200<<10)); err != nil { // more than a pipe holds
					t.Fatal(err)
				}
			}
			began := time.Now()
			if err := cmd.Process.Signal(tt.sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if took := time.Since(began); cmd.ProcessState.ExitCode() != tt.code || took > 5*time.Second {
				t.Errorf("exit code %d after %s, want %d", cmd.ProcessState.ExitCode(), took, tt.code)
			}
			_ = w.Close()
		})
	}
}

// TestNothingCommandsATerminal: what an application said is shown without its control
// characters.
func TestNothingCommandsATerminal(t *testing.T) {
	var out bytes.Buffer
	a := newApp(nil, &out, &out)
	a.tell(fault.Measuref("it said:\n  \x1b]0;gone\x07\x1b[2J\tx\r\u009b31m").WithHint("\x1b[31mred"))
	if text := out.String(); strings.ContainsAny(text, "\x1b\x07\r\u009b") || !strings.Contains(text, "it said:\n") || !strings.Contains(text, "    x") {
		t.Errorf("%q", text)
	}
}
