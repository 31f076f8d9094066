package runtimes

import (
	"context"
	"sync"

	"leakhunt/harness/guard"
)

// command runs a command to its end and returns the beginning of what it said. It is
// ended with ctx, and with this program, as is what it leaves in the background.
func command(ctx context.Context, argv []string) (said string, err error) {
	var out head
	err = guard.Command{Argv: argv, Stdout: &out, Stderr: &out}.Run(ctx)
	return short(out.text()), err
}

// head keeps the first bytes that are written to it, and takes the rest.
type head struct {
	mu   sync.Mutex // two streams may be written at once
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
