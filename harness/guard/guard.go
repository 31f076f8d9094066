// Package guard runs commands that do not outlive this program, nor does anything that
// descends from them.
//
// A command runs under a guard: this program once more, as the command's parent. The
// guard holds one end of a pipe, the lifeline. When something is written to the other end,
// or that closes, it ends the command with everything that descends from it. The kernel
// closes it however this program dies, by SIGKILL too. PR_SET_PDEATHSIG
// alone would reach the command, and neither its workers nor what it daemonised. As a
// subreaper (prctl(2)) the guard inherits what its descendants orphan, so a double
// fork, a new group or session does not escape it. It learns the exit status of
// each. Where the other end has closed, the guard removes what this program would have
// removed at its own end.
//
// A guard may be killed itself. A command that stays has a second one, the keeper, as
// the guard's parent: it inherits what a killed guard leaves, and the guard learns of
// the keeper's end. Who kills both at once leaves behind what was daemonised.
package guard

import (
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

// name is argv[0] of a guard.
const name = "leakhunt-guard"

// self is this program, also where its file was replaced or removed.
const self = "/proc/self/exe"

const (
	lifelineFD = 3
	reportFD   = 4
)

// keeperEnded is what a guard gets from the kernel where its keeper has ended.
const keeperEnded = unix.SIGUSR2

// init and not a hook in main: every program that can start a command can
// guard it, a test binary too, and none can forget to.
func init() {
	switch {
	case len(os.Args) == 3 && os.Args[0] == name && os.Args[1] == asFolder:
		syscall.Exit(removeFolder(os.Args[2]))
	case len(os.Args) > 6 && os.Args[0] == name:
		// Not os.Exit, which under the race detector takes a second.
		syscall.Exit(enter(os.Args[1:]))
	}
}

// The roles, and whether the command gets a process group of its own.
const (
	asKeeper, asGuard = "keeper", "guard"
	ownGroup, noGroup = "group", "no-group"
)

// post is what a guard was told.
type post struct {
	args     []string // all of them, for the guard of a keeper
	stop     syscall.Signal
	grace    time.Duration
	scratch  []string // removed where the lifeline has closed
	group    bool
	argv     []string
	report   *os.File
	lifeline *os.File
}

func enter(args []string) int {
	sig, err1 := strconv.Atoi(args[1])
	grace, err2 := time.ParseDuration(args[2])
	p := &post{
		args: args, stop: syscall.Signal(sig), grace: grace, scratch: strings.Split(args[3], "\n"), group: args[4] == ownGroup, argv: args[5:],
		report: os.NewFile(reportFD, "report"), lifeline: os.NewFile(lifelineFD, "lifeline"),
	}
	if err1 != nil || err2 != nil || p.report == nil || p.lifeline == nil {
		return 2
	}
	unix.CloseOnExec(lifelineFD)
	unix.CloseOnExec(reportFD)
	// Caught, not ignored: what is ignored stays so in the command.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		p.say("failed %v", err)
		return 1
	}
	if args[0] == asKeeper {
		return p.keep()
	}
	return p.guard()
}

// say reports. Nobody may be left to hear it; that is no reason to stop guarding.
func (p *post) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.report, format+"\n", args...)
}

// guard runs the command until it and all its descendants have ended, and ends them
// when the lifeline says so: with stop, and after grace with SIGKILL. It reports
// "started PID" and its own, or "failed WHY", then "ended PID STATUS" for each process
// that it reaps, where STATUS is the raw wait status.
func (p *post) guard() int {
	orphaned := make(chan os.Signal, 1)
	signal.Notify(orphaned, keeperEnded)
	path, err := exec.LookPath(p.argv[0])
	if err != nil {
		p.say("failed %v", err)
		return 1
	}
	// An init function runs on the main thread, whose end is the process's: so
	// Pdeathsig fires when the guard itself is killed, and not before.
	pid, err := syscall.ForkExec(path, p.argv, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{Setpgid: p.group, Pdeathsig: unix.SIGKILL},
	})
	if err != nil {
		p.say("failed %v", err)
		return 1
	}
	p.say("started %d %d", pid, os.Getpid())
	group := 0
	if p.group {
		group = pid
	}
	var deserted atomic.Bool
	go func() {
		_, err := io.ReadFull(p.lifeline, make([]byte, 1))
		go p.endAll(group)
		if err == nil {
			_, _ = io.Copy(io.Discard, p.lifeline)
		}
		deserted.Store(true)
	}()
	go func() {
		<-orphaned
		p.endAll(group)
	}()
	p.reap(func(int, syscall.WaitStatus) {})
	if deserted.Load() {
		p.clean()
	}
	return 0
}

// keep runs a guard, and ends what that leaves where it is killed.
func (p *post) keep() int {
	args := append([]string{name, asGuard}, p.args[1:]...)
	guard, err := syscall.ForkExec(self, args, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2, lifelineFD, reportFD},
		Sys: &syscall.SysProcAttr{Setpgid: p.group, Pdeathsig: keeperEnded},
	})
	if err != nil {
		p.say("failed %v", err)
		return 1
	}
	killed := false
	p.reap(func(pid int, status syscall.WaitStatus) {
		if pid == guard && !status.Exited() {
			killed = true
			go p.endAll(0)
		}
	})
	if killed && p.deserted() {
		p.clean()
	}
	return 0
}

// reap waits for every child, and reports its end, until there is none.
func (p *post) reap(ended func(pid int, status syscall.WaitStatus)) {
	for {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(-1, &status, 0, nil); {
		case err == syscall.EINTR:
		case err != nil: // ECHILD: nobody is left
			return
		default:
			p.say("ended %d %d", pid, uint32(status))
			ended(pid, status)
		}
	}
}

// deserted says that the other end of the lifeline has closed. It reads nothing of what
// is meant for the guard.
func (p *post) deserted() bool {
	poll := []unix.PollFd{{Fd: lifelineFD}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&unix.POLLHUP != 0
}

func (p *post) clean() {
	for _, path := range p.scratch {
		if path != "" {
			_ = os.RemoveAll(path)
		}
	}
}

// endAll signals the process group, unless that is 0, and all descendants, until the
// guard ends because nobody is left.
func (p *post) endAll(group int) {
	signalAll(group, p.stop)
	time.Sleep(p.grace)
	for {
		signalAll(group, unix.SIGKILL) // again and again: they may fork meanwhile
		time.Sleep(10 * time.Millisecond)
	}
}

func signalAll(group int, sig syscall.Signal) {
	if group > 0 {
		_ = syscall.Kill(-group, sig)
	}
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
