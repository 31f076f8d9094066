package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
)

// The exit codes, as users' scripts know them. They are given out here alone.
const (
	exitOK           = 0
	exitFound        = 1 // a leak, a budget broken, or a regression
	exitUsage        = 2
	exitUnmeasured   = 3
	exitInconclusive = 4
)

// With --git-bisect: a commit that cannot be judged is skipped, a wrong command
// line ends the bisection.
const (
	bisectSkip  = 125
	bisectAbort = 255
)

// finding is the outcome of a command that worked and found something, which its
// reports tell.
type finding struct{ code int }

func (f *finding) Error() string { return fmt.Sprintf("exit code %d", f.code) }

// interruption is the signal that ended a run.
type interruption struct{ sig syscall.Signal }

func (i *interruption) Error() string { return "interrupted by " + unix.SignalName(i.sig) }

// Main is the whole program: it runs the command line args and returns the
// exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app := newApp(stdin, stdout, stderr)
	ctx, stop := interruptible(app.abandon)
	defer stop()
	root := app.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = app.unhelped
	}
	var i *interruption
	if errors.As(context.Cause(ctx), &i) && err != nil {
		err = i
	}
	app.tell(err)
	return exitCode(err, app.bisect || bisecting(args))
}

// bisecting is whether git bisect waits for the exit code, as far as a command
// line tells that could not be read to its end: it takes any code below 125 for
// a bad commit.
func bisecting(args []string) bool {
	env, _ := strconv.ParseBool(os.Getenv("LEAKHUNT_GIT_BISECT"))
	return env && len(args) > 0 && args[0] == "run" || slices.Contains(args, "--git-bisect")
}

// interruptible is a context that the first SIGINT or SIGTERM cancels, with an
// *interruption as its cause. The second exits at once, after abandon.
func interruptible(abandon func()) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
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
				case sig == syscall.SIGTERM && time.Since(first) < time.Second:
					// timeout(1) signals its child, and then its whole group: one
					// wish, which must not cost the result.
				default:
					abandon()
					os.Exit(128 + int(sig))
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel(nil) }
}

// abandon gives the terminal back, if that does not hang.
func (a *app) abandon() {
	l := a.live.Load()
	if l == nil {
		return
	}
	done := make(chan struct{})
	go func() { l.Close(); close(done) }()
	select {
	case <-done:
	case <-time.After(200 * time.Millisecond):
	}
}

func exitCode(err error, bisect bool) int {
	code := plainCode(err)
	if !bisect {
		return code
	}
	switch code {
	case exitOK, exitFound:
		return code
	case exitUnmeasured, exitInconclusive:
		return bisectSkip
	default:
		return bisectAbort
	}
}

func plainCode(err error) int {
	var f *finding
	var i *interruption
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &i):
		return 128 + int(i.sig)
	case errors.As(err, &f):
		return f.code
	case fault.KindOf(err) == fault.Usage:
		return exitUsage
	default:
		return exitUnmeasured
	}
}

// tell prints an error for a person: what happened, then what to do.
func (a *app) tell(err error) {
	var f *finding
	if err == nil || errors.As(err, &f) {
		return
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			a.tell(e)
		}
		return
	}
	fmt.Fprintln(a.stderr, "leakhunt: "+strings.TrimRight(err.Error(), "\n"))
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(a.stderr, "  → "+hint)
	}
}
