package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRest(t *testing.T) {
	// It has said a line before it is looked at: one that is still being loaded may
	// wait for its pages.
	start := func(then string) int {
		cmd := exec.Command("sh", "-c", "echo; "+then)
		out, err := cmd.StdoutPipe()
		if err = errors.Join(err, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		return cmd.Process.Pid
	}
	if !Rest(t.Context(), start("exec sleep 60"), time.Minute) {
		t.Error("a process that sleeps does not rest")
	}
	runs := start("while :; do :; done")
	if Rest(t.Context(), runs, 20*time.Millisecond) {
		t.Error("a process that runs rests")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if Rest(ended, runs, time.Hour) || Rest(t.Context(), os.Getpid(), time.Hour) {
		t.Error("a process that runs rests")
	}
}

// Any thread counts, not the first alone.
func TestRuns(t *testing.T) {
	for states, want := range map[string]bool{"SS": false, "SR": true, "RS": true, "DT": false, "": false} {
		dir := t.TempDir()
		for i, state := range states {
			thread := filepath.Join(dir, "7", "task", fmt.Sprint(7+i))
			if err := os.MkdirAll(thread, 0o755); err != nil {
				t.Fatal(err)
			}
			line := fmt.Sprintf("%d (a) R) %c%s", 7+i, state, strings.Repeat(" 1", 49))
			if err := os.WriteFile(filepath.Join(thread, "stat"), []byte(line), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := root(dir).runs(7); got != want {
			t.Errorf("%q: %v", states, got)
		}
	}
}
