package proc

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRest(t *testing.T) {
	start := func(argv ...string) int {
		cmd := exec.Command(argv[0], argv[1:]...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd.Process.Pid
	}
	if !Rest(t.Context(), start("sleep", "60"), time.Minute) {
		t.Error("a process that sleeps does not rest")
	}
	runs := start("sh", "-c", "while :; do :; done")
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
