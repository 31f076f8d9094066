package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
	"leakhunt/harness/secret"
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
	return newApp(stdin, stdout, stderr).main(args)
}

// main is Main, for an app whose settings may be those of a test.
func (a *app) main(args []string) int {
	if bisecting(args) {
		abortByCrash()
	}
	if f, ok := a.rawErr.(*os.File); ok {
		a.unread = &patient{w: f}
		a.stderr = a.secrets.Writer(a.unread)
	}
	in, stop := interruptible()
	defer stop()
	root := a.root()
	root.SetArgs(args)
	most := a.patience(root, args) // before it runs, which changes the commands
	ended := make(chan error, 1)
	go func() {
		ended <- sound(func() error {
			if err := oneDash(root, args); err != nil {
				return err
			}
			return root.ExecuteContext(in.ctx)
		})
	}()
	inOrder, err := in.await(ended, most)
	if err == nil {
		err = a.unhelped
	}
	code := exitCode(err, a.bisect || bisecting(args))
	if !inOrder {
		return a.abandon(err, code)
	}
	a.tell(err)
	a.flush()
	return code
}

// sound runs a command. Where that panics, what it has deferred is done, and it is an error
// like others: Go's own exit code, 2, would be one of usage, and to git bisect a bad commit.
func sound(command func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Measuref("leakhunt has a bug: %v\n%s", p, debug.Stack()).
				WithHint("Please report it. What was measured is kept, where leakhunt runs lists it.")
		}
	}()
	return command()
}

// abortByCrash has a crash that nothing recovers from end by SIGABRT, which ends a bisection, and
// not with Go's exit code 2, a bad commit. No core is dumped: it would hold secrets.
func abortByCrash() {
	debug.SetTraceback("crash")
	var core unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &core) == nil {
		core.Cur = 0
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &core) // it may go up again, in the application too
	}
}

// bisecting is whether git bisect waits for the exit code, as far as a command
// line tells that could not be read to its end: it takes any code below 125 for
// a bad commit.
func bisecting(args []string) bool {
	env, _ := strconv.ParseBool(os.Getenv("LEAKHUNT_GIT_BISECT"))
	return env && len(args) > 0 && args[0] == "run" || slices.Contains(args, "--git-bisect")
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
	fmt.Fprintln(a.stderr, "leakhunt: "+lines(strings.TrimRight(err.Error(), "\n")))
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(a.stderr, "  → "+lines(hint))
	}
}

// lines is a text of several lines as it may go to a terminal: what an application or
// a page has said commands none, and tells no credentials.
func lines(text string) string {
	all := strings.Split(secret.Headers(text), "\n")
	for i := range all {
		all[i] = printable(strings.ReplaceAll(all[i], "\t", "    "))
	}
	return strings.Join(all, "\n")
}
