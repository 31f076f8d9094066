package target

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/proc"
)

// A command runs under a guard: this program once more, as the command's
// parent. The guard holds one end of a pipe, the lifeline, and ends the command
// with everything that descends from it when something is written to the other
// end, or that closes, which the kernel does however leakhunt dies, by SIGKILL
// too. PR_SET_PDEATHSIG alone would reach the command, and neither its workers
// nor what it daemonised. As a subreaper (prctl(2)) the guard inherits what its
// descendants orphan, so a double fork, a new group or session does not escape
// it; and it learns the exit status of each. Where the other end has closed, the
// guard removes what leakhunt would have removed at its own end.

// guardName is argv[0] of a guard.
const guardName = "leakhunt-guard"

// self is this program, also where its file was replaced or removed.
const self = "/proc/self/exe"

const (
	lifelineFD = 3
	reportFD   = 4
)

// init and not a hook in main: every program that can start a command can
// guard it, a test binary too, and none can forget to.
func init() {
	if len(os.Args) > 4 && os.Args[0] == guardName {
		// Not os.Exit, which under the race detector takes a second.
		syscall.Exit(guard(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]))
	}
}

// guard runs argv until it and all its descendants have ended, and ends them
// when the lifeline says so: with stop, and after grace with SIGKILL; where the
// lifeline has closed it removes the folder scratch then, if that is not "". It
// reports "started PID", or "failed WHY", then "ended PID STATUS" for each process
// that it reaps, where STATUS is the raw wait status.
func guard(stop, grace, scratch string, argv []string) int {
	sig, err1 := strconv.Atoi(stop)
	patience, err2 := time.ParseDuration(grace)
	report := os.NewFile(reportFD, "report")
	lifeline := os.NewFile(lifelineFD, "lifeline")
	if err1 != nil || err2 != nil || report == nil || lifeline == nil {
		return 2
	}
	unix.CloseOnExec(lifelineFD)
	unix.CloseOnExec(reportFD)
	// Caught, not ignored: what is ignored stays so in the command.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	// Nobody may be left to hear a report; that is no reason to stop guarding.
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(report, format+"\n", args...) }
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		say("failed %v", err)
		return 1
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		say("failed %v", err)
		return 1
	}
	// An init function runs on the main thread, whose end is the process's: so
	// Pdeathsig fires when the guard itself is killed, and not before.
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL},
	})
	if err != nil {
		say("failed %v", err)
		return 1
	}
	say("started %d", pid)
	var deserted atomic.Bool
	go func() {
		_, err := io.ReadFull(lifeline, make([]byte, 1))
		go endAll(pid, syscall.Signal(sig), patience)
		if err == nil {
			_, _ = io.Copy(io.Discard, lifeline)
		}
		deserted.Store(true)
	}()
	for {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(-1, &status, 0, nil); {
		case err == syscall.EINTR:
		case err != nil: // ECHILD: nobody is left
			if deserted.Load() && scratch != "" {
				_ = os.RemoveAll(scratch)
			}
			return 0
		default:
			say("ended %d %d", pid, uint32(status))
		}
	}
}

// endAll signals the process group of pid and all descendants, until the guard
// ends because nobody is left.
func endAll(pid int, stop syscall.Signal, grace time.Duration) {
	signalAll(pid, stop)
	time.Sleep(grace)
	for {
		signalAll(pid, unix.SIGKILL) // again and again: they may fork meanwhile
		time.Sleep(10 * time.Millisecond)
	}
}

func signalAll(group int, sig syscall.Signal) {
	_ = syscall.Kill(-group, sig)
	all, err := proc.Descendants(os.Getpid())
	if err != nil {
		return
	}
	for _, pid := range all {
		if g, err := proc.Group(pid); err == nil && (g != group || sig == unix.SIGKILL) {
			_ = syscall.Kill(pid, sig)
		}
		_ = syscall.Kill(pid, unix.SIGCONT) // a stopped process handles no signal
	}
}

// reports reads what a guard says, until it ends.
func reports(r io.Reader, started func(pid int, failed string), ended func(pid int, status syscall.WaitStatus)) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		verb, rest, _ := strings.Cut(lines.Text(), " ")
		switch verb {
		case "started":
			if pid, err := strconv.Atoi(rest); err == nil && pid > 0 {
				started(pid, "")
			} else {
				started(0, "its guard said: "+lines.Text())
			}
		case "failed":
			started(0, cmp.Or(rest, "for no reason that is known"))
		case "ended":
			var pid int
			var status uint32
			if n, _ := fmt.Sscan(rest, &pid, &status); n == 2 {
				ended(pid, syscall.WaitStatus(status))
			}
		}
	}
}
