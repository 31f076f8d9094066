package guard

import (
	"context"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Run runs a command to its end, or to that of ctx. What it leaves in the background is
// ended then, too. Its error is ctx's, that the command cannot be run, or "exit status
// 3", "signal: killed".
func (r Command) Run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.Stop, r.Grace = unix.SIGKILL, 0
	c, err := r.start(asGuard)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ctx.Done():
		case <-c.Done:
		}
	}()
	status, known := c.Status(c.PID, ended)
	c.Close()
	if !known { // the guard may have told of it in its last moment
		status, known = c.Status(c.PID, c.Done)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !known:
		return ErrEnded
	}
	return exitError(status)
}

func exitError(s syscall.WaitStatus) error {
	switch {
	case s.Exited() && s.ExitStatus() == 0:
		return nil
	case s.Exited():
		return fmt.Errorf("exit status %d", s.ExitStatus())
	}
	return fmt.Errorf("signal: %s", s.Signal())
}
