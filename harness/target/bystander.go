package target

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// Bystander is a Pinned that knows who else may have answered in its place.
type Bystander interface {
	// Bystanders are the processes that hold the load's connection, too.
	Bystanders(ctx context.Context, conn net.Conn) []int
	// Replaced is the error where one of them has answered.
	Replaced(pid int) error
}

// shareLimit bounds the look at everybody's connections.
const shareLimit = 300 * time.Millisecond

// Bystanders implements Bystander.
func (p *pinned) Bystanders(ctx context.Context, conn net.Conn) []int {
	if conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shareLimit)
	defer cancel()
	var shared proc.SharedError
	if _, err := proc.Serving(ctx, conn); !errors.As(err, &shared) || !slices.Contains(shared, p.id.PID) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(shared), func(pid int) bool { return pid == p.id.PID })
}

// Replaced implements Bystander.
func (p *pinned) Replaced(pid int) error {
	return fault.Measuref("%s, which the connection was passed on to, answers in the place of the pinned process (pid %d)", describe(pid), p.id.PID).
		WithHint("Let the pinned process answer by itself: no process for each connection.")
}
