package target

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"time"

	"leakhunt/harness/guard"
	"leakhunt/harness/proc"
)

// grace is how long a command may take to end when it is asked to.
const grace = 5 * time.Second

// child is a running command under its guard, with the end of what it has said.
type child struct {
	*guard.Child
	out      tail
	settings []string // with which it keeps little back
	module   *lent
}

// Close ends the command with all that descends from it, and waits for that.
func (c *child) Close() {
	c.Child.Close()
	c.module.giveBack()
}

// run describes a command to be started.
type run struct {
	argv           []string
	dir            string
	env            []string
	stop           syscall.Signal
	settings       []string // of env, with which it keeps little back
	scratch        []string // removed where this program cannot
	module         *lent    // given back when the command has ended; may be nil
	stdout, stderr io.Writer
}

// start starts the command. Its error says why the command cannot be run.
func (r run) start() (c *child, err error) {
	c = &child{settings: r.settings, module: r.module}
	c.Child, err = guard.Command{
		Argv: r.argv, Dir: r.dir, Env: r.env, Stop: r.stop, Grace: grace, Scratch: r.scratch,
		Stdout: c.out.to(r.stdout), Stderr: c.out.to(r.stderr), Ended: c.out.end,
	}.Start()
	if errors.Is(err, guard.ErrEnded) {
		err = fmt.Errorf("%w%s", err, c.out.said())
	}
	if err != nil {
		r.module.giveBack()
		return nil, err
	}
	return c, nil
}

// lastWords is out.said, with all that was said where every process of the command
// has ended. It waits up to limit for that.
func (c *child) lastWords(limit time.Duration) string {
	select {
	case <-c.Done:
	case <-time.After(limit):
	}
	return c.out.said()
}

// processes are the command and all that descends from it, also what it has
// orphaned.
func (c *child) processes() []int {
	all, _ := proc.Descendants(c.Guard)
	return slices.DeleteFunc(all, func(pid int) bool { return pid == c.Guard })
}
