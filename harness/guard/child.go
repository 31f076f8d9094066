package guard

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// killed is how long a guard may take beyond the time that it gives its command.
const killed = 5 * time.Second

// Command describes a command to be started.
type Command struct {
	Argv []string
	Dir  string
	Env  []string // nil: this program's
	// Stop asks the command to end. Grace is how long it may take before it is killed.
	Stop  syscall.Signal
	Grace time.Duration
	// Scratch are folders that are removed with the command's end where this program
	// has died before it could.
	Scratch        []string
	Stdout, Stderr io.Writer
	Ended          func() // called once all was written to them; may be nil
	// Terminal lets the command stay in this program's process group, so that it can
	// ask for a password.
	Terminal bool
}

// Child is a running command under its guard.
type Child struct {
	PID   int           // of the command
	Guard int           // the pid of the command's parent, which inherits what it orphans
	Done  chan struct{} // closed when the command and all its descendants have ended

	top      *exec.Cmd // the guard, or its keeper
	limit    time.Duration
	lifeline *os.File
	closing  sync.Once

	mu    sync.Mutex
	ended map[int]syscall.WaitStatus // by pid; the command, and descendants it orphaned
	news  chan struct{}              // closed and made anew with each end
}

// ErrEnded is the error of Start where the guard has ended without a word.
var ErrEnded = errors.New("its guard ended")

// Start starts a command that stays, under a guard and its keeper. Its error says why
// the command cannot be run.
func (r Command) Start() (*Child, error) { return r.start(asKeeper) }

func (r Command) start(role string) (*Child, error) {
	theirs, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	told, report, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirs.Close(), lifeline.Close())
	}
	c := &Child{
		lifeline: lifeline, Done: make(chan struct{}), limit: r.Grace + killed,
		ended: map[int]syscall.WaitStatus{}, news: make(chan struct{}),
	}
	group := ownGroup
	if r.Terminal {
		group = noGroup
	}
	c.top = &exec.Cmd{
		Path: self, Args: append([]string{name, role, strconv.Itoa(int(r.Stop)), r.Grace.String(), strings.Join(r.Scratch, "\n"), group}, r.Argv...),
		Dir: r.Dir, Env: r.Env, ExtraFiles: []*os.File{theirs, report},
		Stdout: r.Stdout, Stderr: r.Stderr,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: !r.Terminal}, WaitDelay: time.Second,
	}
	if r.Terminal {
		c.top.Stdin = os.Stdin
	}
	standIn(c.top, os.DevNull)
	err = c.top.Start()
	_, _ = theirs.Close(), report.Close()
	if err != nil {
		_, _ = lifeline.Close(), told.Close()
		return nil, err
	}
	if err := c.await(told, r.Ended); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// await waits until the command is started, and takes note of each end from then on.
func (c *Child) await(told *os.File, ended func()) error {
	started := make(chan error, 1)
	go func() {
		defer told.Close()
		reports(told, func(pid, guard int, failed string) {
			c.PID, c.Guard = pid, guard
			if failed != "" {
				started <- errors.New(failed)
			} else {
				started <- nil
			}
		}, c.note)
		_ = c.top.Wait()
		if ended != nil {
			ended()
		}
		close(c.Done)
	}()
	select {
	case err := <-started:
		return err
	case <-c.Done:
		select {
		case err := <-started:
			return err
		default:
			return ErrEnded
		}
	}
}

func (c *Child) note(pid int, status syscall.WaitStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended[pid] = status
	close(c.news)
	c.news = make(chan struct{})
}

// Status is how a process ended, where the guard was its parent. It waits for the news
// until that is closed.
func (c *Child) Status(pid int, until <-chan struct{}) (status syscall.WaitStatus, known bool) {
	for {
		c.mu.Lock()
		status, ok := c.ended[pid]
		news := c.news
		c.mu.Unlock()
		if ok {
			return status, true
		}
		select {
		case <-news:
		case <-until:
			return 0, false
		}
	}
}

// How says how a process ended, where the guard was its parent: "with exit status
// 3", "by signal 15 (SIGTERM)"; "" where it is not known to have. It waits up to
// limit for the news.
func (c *Child) How(pid int, limit time.Duration) string {
	until := make(chan struct{})
	timer := time.AfterFunc(limit, func() { close(until) })
	defer timer.Stop()
	status, known := c.Status(pid, until)
	if !known {
		return ""
	}
	return describeStatus(status)
}

func describeStatus(s syscall.WaitStatus) string {
	switch {
	case s.Exited():
		return fmt.Sprintf("with exit status %d", s.ExitStatus())
	case s.Signaled() && s.Signal() == unix.SIGKILL:
		return "by signal 9 (SIGKILL: somebody killed it, or the kernel for want of memory)"
	case s.Signaled():
		return fmt.Sprintf("by signal %d (%s)", s.Signal(), unix.SignalName(s.Signal()))
	}
	return ""
}

// Close ends the command with all its descendants and waits until they are
// gone. A second call does nothing.
func (c *Child) Close() {
	c.closing.Do(func() {
		_, _ = c.lifeline.WriteString("\n")
		select {
		case <-c.Done:
		case <-time.After(c.limit):
			_ = c.top.Process.Kill()
			<-c.Done
		}
		_ = c.lifeline.Close()
	})
}
