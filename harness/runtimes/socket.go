package runtimes

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// socket is the agent's Unix socket.
type socket struct {
	pid    int
	conn   net.Conn
	reader *bufio.Reader
}

func socketPath(dir string, pid int) string {
	st, _ := proc.ReadStatus(pid) // of one that has ended there is no socket
	return filepath.Join(dir, fmt.Sprintf("%d.sock", cmp.Or(st.Inner(), pid)))
}

// connect retries while there is no socket yet, or an old one that nobody
// listens on.
func connect(ctx context.Context, path string, pid int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		conn, err := connectOnce(ctx, path, pid)
		early := errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
		if !early {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, fault.Measuref("process %d has no agent at %s", pid, path).Because(err).
				WithHint("Start the process with the agent (leakhunt agent LANGUAGE prints the lines). The folder must belong to the process's user, and nobody else may write to it.")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func connectOnce(ctx context.Context, path string, pid int) (net.Conn, error) {
	if err := checkSocket(path, pid); err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fault.Measuref("cannot connect to the agent at %s", path).Because(err)
	}
	if other := listener(conn); other > 0 && other != pid {
		_ = conn.Close()
		return nil, fault.Measuref("at %s process %d listens, not process %d", path, other, pid).
			WithHint("Containers have the same pids: give each a folder of its own for its agent's socket.")
	}
	return conn, nil
}

// listener is the process that listens at the other end (unix(7), SO_PEERCRED),
// 0 where it cannot be told.
func listener(conn net.Conn) (pid int) {
	_ = descriptor(conn, func(fd int) {
		if peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(peer.Pid)
		}
	})
	return pid
}

// descriptor lends a connection's file descriptor.
func descriptor(conn net.Conn, use func(fd int)) error {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { use(int(fd)) })
}

// checkSocket refuses a socket that another user made: one who can put a socket in our
// way could make up the numbers.
func checkSocket(path string, pid int) error {
	sock, err := os.Lstat(path)
	if err != nil {
		return fault.Measuref("no agent's socket").Because(err)
	}
	if sock.Mode()&os.ModeSocket == 0 {
		return fault.Measuref("%s is not a socket", path).
			WithHint("Remove it, and restart the process: the agent makes it anew.")
	}
	process, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return fault.Measuref("process %d has ended", pid)
	}
	return sameUser(path, pid, owner(sock), owner(process))
}

func sameUser(path string, pid, sock, process int) error {
	if sock == process {
		return nil
	}
	return fault.Measuref("the socket %s belongs to user %d, process %d runs as user %d", path, sock, pid, process).
		WithHint("Remove it, and use a folder of mode 0700 that belongs to the process's user.")
}

func owner(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

func (s *socket) Close() error { return s.conn.Close() }

func (s *socket) exchange(ctx context.Context, command string) ([]byte, error) {
	if s.reader.Buffered() > 0 || unread(s.conn) {
		// The line that is read next would answer an earlier question.
		return nil, fault.Measuref("the agent of process %d answered more than it was asked", s.pid).WithHint("%s", anew)
	}
	deadline, _ := ctx.Deadline() // zero: none
	_ = s.conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Now()) })
	defer stop()
	line, err := s.talk(command)
	if err != nil {
		return nil, s.lost(err)
	}
	return line, nil
}

// unread says that something has arrived that nobody asked for.
func unread(conn net.Conn) bool {
	n := 0
	_ = descriptor(conn, func(fd int) {
		n, _, _ = unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return n > 0
}

func (s *socket) talk(command string) ([]byte, error) {
	if _, err := io.WriteString(s.conn, command+"\n"); err != nil {
		return nil, err
	}
	var line []byte
	for {
		part, err := s.reader.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxAnswer:
			return nil, fault.Measuref("an answer of more than %d MiB", maxAnswer>>20)
		}
	}
}

// lost says how the conversation ended.
func (s *socket) lost(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Measuref("the agent of process %d does not answer", s.pid).Because(err).
			WithHint("The process may be busy or stopped; uwsgi needs --enable-threads for the agent's thread to run.")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return fault.Measuref("the agent of process %d went away in the middle", s.pid).
			WithHint("The process ended or was replaced; see its log.")
	}
	return fault.Measuref("the agent of process %d could not be read", s.pid).Because(err)
}
