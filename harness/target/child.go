package target

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// grace is how long a command may take to end when it is asked to.
	grace = 5 * time.Second
	// killed is how long the guard may take beyond that.
	killed = 5 * time.Second
)

// child is a running command under its guard.
type child struct {
	pid  int
	out  tail
	done chan struct{} // closed when the command and all its descendants have ended

	guard    *exec.Cmd
	lifeline *os.File
	closing  sync.Once

	mu    sync.Mutex
	ended map[int]syscall.WaitStatus // by pid; the command, and descendants it orphaned
	news  chan struct{}              // closed and made anew with each end
}

// run describes a command to be started.
type run struct {
	argv           []string
	dir            string
	env            []string
	stop           syscall.Signal
	scratch        string // removed where this program cannot: see guard
	stdout, stderr io.Writer
}

// start starts the command. Its error says why the command cannot be run.
func (r run) start() (*child, error) {
	theirs, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	said, report, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirs.Close(), lifeline.Close())
	}
	c := &child{
		lifeline: lifeline, done: make(chan struct{}),
		ended: map[int]syscall.WaitStatus{}, news: make(chan struct{}),
	}
	c.guard = &exec.Cmd{
		Path: self, Args: append([]string{guardName, strconv.Itoa(int(r.stop)), grace.String(), r.scratch}, r.argv...),
		Dir: r.dir, Env: r.env, ExtraFiles: []*os.File{theirs, report},
		Stdout: c.out.to(r.stdout), Stderr: c.out.to(r.stderr),
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}, WaitDelay: time.Second,
	}
	err = c.guard.Start()
	_, _ = theirs.Close(), report.Close()
	if err != nil {
		_, _ = lifeline.Close(), said.Close()
		return nil, err
	}
	started := make(chan error, 1)
	go func() {
		defer said.Close()
		reports(said, func(pid int, failed string) {
			c.pid = pid
			if failed != "" {
				started <- errors.New(failed)
			} else {
				started <- nil
			}
		}, c.note)
		_ = c.guard.Wait()
		c.out.end()
		close(c.done)
	}()
	select {
	case err = <-started:
	case <-c.done:
		select {
		case err = <-started:
		default:
			err = errors.New("its guard ended" + c.out.said())
		}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *child) note(pid int, status syscall.WaitStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended[pid] = status
	close(c.news)
	c.news = make(chan struct{})
}

// how says how a process ended, where the guard was its parent: "with exit status
// 3", "by signal 15 (SIGTERM)"; "" where it is not known to have. It waits up to
// limit for the news.
func (c *child) how(pid int, limit time.Duration) string {
	timeout := time.After(limit)
	for {
		c.mu.Lock()
		status, ok := c.ended[pid]
		news := c.news
		c.mu.Unlock()
		if ok {
			return describeStatus(status)
		}
		select {
		case <-news:
		case <-timeout:
			return ""
		}
	}
}

// lastWords is out.said, with all that was said where every process of the command
// has ended. It waits up to limit for that.
func (c *child) lastWords(limit time.Duration) string {
	select {
	case <-c.done:
	case <-time.After(limit):
	}
	return c.out.said()
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
func (c *child) Close() {
	c.closing.Do(func() {
		_, _ = c.lifeline.WriteString("\n")
		select {
		case <-c.done:
		case <-time.After(grace + killed):
			_ = c.guard.Process.Kill()
			<-c.done
		}
		_ = c.lifeline.Close()
	})
}
