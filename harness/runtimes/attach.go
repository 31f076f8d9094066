package runtimes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// HotSpot's attach protocol (src/hotspot/os/posix/attachListener_posix.cpp and
// src/hotspot/share/services/attachListener.cpp, JDK 25; the same since JDK 8).
// A JVM answers on the socket .java_pidN in /tmp of its own root, where N is the
// pid that it has for itself. A connection is one command: the version, the
// operation and three arguments, each ended by a NUL. The answer is a line with
// a number, 0 where it went well, and then text until the JVM closes.

// maxText bounds what one command answers, in bytes: a class histogram has some
// 100 for a class.
const maxText = 256 << 20

// diagnose runs one diagnostic command in the JVM of a process, as the program
// jcmd does, and returns what it says.
func diagnose(ctx context.Context, pid int, command string) ([]byte, error) {
	conn, err := dialJVM(ctx, pid)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_, err = io.WriteString(conn, "1\x00jcmd\x00"+command+"\x00\x00\x00")
	var answer []byte
	if err == nil {
		answer, err = io.ReadAll(io.LimitReader(conn, maxText+1))
	}
	switch {
	case ctx.Err() != nil:
		return nil, unanswered(pid, ctx.Err())
	case len(answer) == 0 && (err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)):
		return nil, hungUp(pid)
	case err != nil:
		return nil, fault.Measuref("the JVM of process %d went away in the middle", pid).Because(err)
	case len(answer) > maxText:
		return nil, fault.Measuref("the JVM of process %d answered more than %d MiB", pid, maxText>>20)
	}
	text, err := parseResult(answer)
	if err != nil {
		return nil, fault.Measuref("the JVM of process %d did not do as asked", pid).Because(err)
	}
	return text, nil
}

// parseResult takes an answer apart, and returns the text of one that went well.
func parseResult(answer []byte) ([]byte, error) {
	line, text, whole := bytes.Cut(answer, []byte("\n"))
	code, err := strconv.ParseInt(string(line), 10, 32)
	if err != nil || !whole {
		return nil, fault.Measuref("%q is no answer", short(string(line[:min(len(line), 1000)])))
	}
	if code != 0 {
		said, _, _ := bytes.Cut(text, []byte("\n")) // the rest is a stack
		return nil, fault.Measuref("error %d: %s", code, short(string(said[:min(len(said), 1000)])))
	}
	return text, nil
}

// dialJVM connects to the JVM of a process, which makes its socket where there
// is none yet.
func dialJVM(ctx context.Context, pid int) (net.Conn, error) {
	st, err := proc.ReadStatus(pid)
	if err != nil {
		return nil, fault.Measuref("process %d cannot be looked into", pid).Because(err)
	}
	tmp, err := os.OpenRoot(fmt.Sprintf("/proc/%d/root/tmp", pid))
	if err != nil {
		return nil, fault.Measuref("process %d cannot be looked into", pid).Because(err).
			WithHint("Run leakhunt as root, or as the process's user: sudo -u %s leakhunt …", proc.UserName(st.UID))
	}
	defer tmp.Close()
	name := fmt.Sprintf(".java_pid%d", cmp.Or(st.Inner(), pid))
	sock, err := tmp.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		sock, err = startListener(ctx, tmp, name, pid, st)
	}
	if err != nil {
		return nil, err
	}
	path := filepath.Join(tmp.Name(), name)
	if err := checkJVMSocket(path, sock, st.UID); err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fault.Measuref("cannot connect to the JVM of process %d", pid).Because(err).WithHint("%s", anewJVM)
	}
	if other := listener(conn); other != pid {
		_ = conn.Close()
		return nil, fault.Measuref("at %s process %d listens, not process %d", path, other, pid).
			WithHint("Containers have the same pids: give each a /tmp of its own.")
	}
	return conn, nil
}

// anewJVM is the next step where a socket is of no use.
const anewJVM = "Remove the socket, unless the process is stopped: the JVM makes it anew."

// checkJVMSocket refuses what another user has put in the JVM's way.
func checkJVMSocket(path string, sock fs.FileInfo, uid int) error {
	if sock.Mode()&fs.ModeSocket == 0 || owner(sock) != uid {
		return fault.Measuref("%s is no socket of the JVM's: it belongs to user %s, not %s, and its mode is %s",
			path, proc.UserName(owner(sock)), proc.UserName(uid), sock.Mode()).WithHint("%s", anewJVM)
	}
	return nil
}

func unanswered(pid int, why error) error {
	return fault.Measuref("got no answer from the JVM of process %d", pid).Because(why).
		WithHint("Is the process busy or stopped, or was it started with %s? A larger timeout: gives it more time.", noAttach)
}

// hungUp is for a JVM that ends the conversation without an answer. It does so where
// the user or group that asks is neither its own nor root.
func hungUp(pid int) error {
	user := "USER"
	if st, err := proc.ReadStatus(pid); err == nil {
		user = proc.UserName(st.UID)
	}
	return fault.Measuref("the JVM of process %d hung up without an answer", pid).
		WithHint("Has it ended? One before JDK 11, or in a user namespace of its own, answers its own user and group only, not even root: sudo -u %s leakhunt …", user)
}
