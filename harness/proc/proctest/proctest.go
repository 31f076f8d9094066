// Package proctest gives tests what they need to start processes of their own
// without races: a port that nobody else is given, and a process that has begun.
package proctest

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/proc"
)

// FreePort is a port of Reserve, held until the test ends.
func FreePort(t testing.TB) int {
	t.Helper()
	port, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return port
}

// The ports that Reserve chooses from. They are none of those that the kernel gives to
// a program that asks for any (net.ipv4.ip_local_port_range): such a port may have been
// given to a server that does not listen yet, as leakhunt gives one to each command.
const (
	firstPort = 20_000
	lastPort  = 32_767
)

// Reserve returns a TCP port of 127.0.0.1 that nobody listens on, and that no
// other test is given until release is called: it is bound, and does not listen,
// so connections are refused. A server that sets SO_REUSEADDR, as all do that can
// be restarted at once, can listen on it. It is set here too, once the port is
// ours alone (socket(7)).
func Reserve() (port int, release func(), err error) {
	for range lastPort - firstPort {
		port = firstPort + rand.IntN(lastPort-firstPort+1)
		if release, err = reserve(port); !errors.Is(err, unix.EADDRINUSE) {
			return port, release, err
		}
	}
	return 0, nil, err
}

func reserve(port int) (release func(), err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err = unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	release = func() { _ = unix.Close(fd) }
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// Start starts a process and returns when its arguments and its environment can
// be read; it is killed when the test ends. exec.Cmd.Start returns in the midst of
// execve(2), which closes the descriptors before it sets them: for some
// microseconds there are none.
func Start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		argv, err := proc.Cmdline(cmd.Process.Pid)
		env, err2 := proc.Environ(cmd.Process.Pid)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if len(argv) > 0 && len(env) > 0 {
			return
		}
	}
	t.Fatalf("%v has not begun", cmd.Args)
}
