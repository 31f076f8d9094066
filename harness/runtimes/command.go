package runtimes

import (
	"context"
	"errors"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// command runs a command to its end and returns the beginning of what it said.
// Its whole process group is ended with ctx, a script's children too, and it ends
// however long what it leaves in the background keeps its output open.
func command(ctx context.Context, argv []string) (said string, err error) {
	var out head
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the scenario's own command
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 100 * time.Millisecond
	cmd.Stdout, cmd.Stderr = &out, &out
	if err = cmd.Run(); errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		err = nil
	}
	return short(out.text()), err
}

// head keeps the first bytes that are written to it, and takes the rest.
type head struct {
	mu   sync.Mutex // a command that was given up may still write
	kept []byte
}

const headSize = 4096

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, p[:min(len(p), headSize-len(h.kept))]...)
	return len(p), nil
}

func (h *head) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.kept)
}
