package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"leakhunt/report"
)

// inOrder is how long a command may take to end in order after the first signal: to
// write what was measured, and to end what was started.
const inOrder = 5 * time.Second

// starters are the commands that start something, or write it in several steps. Before
// they have, and in all others, nothing is left behind wherever they are ended: they may
// be blocked on standard input or a FIFO, which nothing else ends.
var (
	starters = []string{"run", "minimize", "doctor"}
	writers  = []string{"merge", "import", "demo", "send", "processes"}
)

// patience is how long the command of these arguments may take to end.
func (a *app) patience(root *cobra.Command, args []string) func() time.Duration {
	name := ""
	if cmd, _, err := root.Find(args); err == nil {
		name = cmd.Name()
		if p := cmd.Parent(); p != nil && p.HasParent() {
			name = p.Name()
		}
	}
	return func() time.Duration {
		if slices.Contains(writers, name) || slices.Contains(starters, name) && a.begun.Load() {
			return inOrder
		}
		return 200 * time.Millisecond
	}
}

// interrupts are the signals that end this program.
type interrupts struct {
	ctx   context.Context // ends with the first, with an *interruption as its cause
	again chan struct{}   // closed by the second
}

// interruptible catches SIGINT, SIGTERM and SIGHUP, until stop.
func interruptible() (in *interrupts, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	in = &interrupts{ctx: ctx, again: make(chan struct{})}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case s := <-signals:
				sig, _ := s.(syscall.Signal)
				switch {
				case first.IsZero():
					first = time.Now()
					cancel(&interruption{sig})
				case time.Since(first) < repeats(sig):
				default:
					close(in.again)
					return
				}
			case <-done:
				return
			}
		}
	}()
	return in, func() { signal.Stop(signals); close(done); cancel(nil) }
}

// repeats is for how long a further signal is the same wish, which must not cost the
// result: timeout(1) signals its child, and then its whole group, and a terminal that goes
// away does it twice. Nobody types Ctrl-C twice as fast.
func repeats(s syscall.Signal) time.Duration {
	if s == syscall.SIGINT {
		return 30 * time.Millisecond
	}
	return time.Second
}

// await waits for the end of a command: after the first signal so long as most says, and
// not at all after the second. inOrder says that it has ended.
func (in *interrupts) await(ended <-chan error, most func() time.Duration) (inOrder bool, err error) {
	select {
	case err := <-ended:
		return true, in.why(err)
	case <-in.ctx.Done():
	}
	limit := time.NewTimer(most())
	defer limit.Stop()
	select {
	case err := <-ended:
		return true, in.why(err)
	case <-in.again:
	case <-limit.C:
	}
	return false, in.why(in.ctx.Err())
}

// why is the signal, where it is one that a command has failed for.
func (in *interrupts) why(err error) error {
	var i *interruption
	if err != nil && errors.As(context.Cause(in.ctx), &i) {
		return i
	}
	return err
}

// abandon ends without waiting for anything: it gives the terminal back and names the
// journal, if neither hangs.
func (a *app) abandon(err error, code int) int {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if l := a.live.Load(); l != nil {
			l.Close()
		}
		a.tell(err)
		if kept := a.journal.Load(); kept != nil {
			a.note("what was measured is kept; go on with: %s", report.ShellLine("leakhunt", "run", "--resume", *kept))
		}
		a.flush()
		if remove := a.scratch.Load(); remove != nil {
			(*remove)() // the guard does where it ends after this program, and not before
		}
	}()
	select {
	case <-done:
	case <-time.After(500 * time.Millisecond):
	}
	return code
}

// flush passes on what the streams hold back.
func (a *app) flush() {
	for _, w := range []any{a.stdout, a.stderr} {
		if f, ok := w.(interface{ Flush() error }); ok {
			_ = f.Flush() // nobody is left to be told
		}
	}
	if a.unread != nil {
		_ = a.unread.Flush()
	}
}
