package proctest

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"testing"

	"leakhunt/harness/proc"
)

// A server can listen on the port, and anew, and nobody is given it meanwhile.
func TestFreePort(t *testing.T) {
	at := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	for range 2 {
		if _, err := net.Dial("tcp", at); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("before: %v", err)
		}
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		l.Close()
	}
	// Asked for by name it can be bound; without SO_REUSEADDR it is taken.
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd) //nolint:errcheck // nothing was written
	addr, err := net.ResolveTCPAddr("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	err = syscall.Bind(fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte{127, 0, 0, 1}})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("it is not reserved: %v", err)
	}
}

// Nobody is given what another holds, until all are held.
func TestReserve(t *testing.T) {
	held := map[int]bool{}
	for range (lastPort - firstPort) / 20 {
		port := FreePort(t)
		if held[port] || port < firstPort || port > lastPort {
			t.Fatalf("given %d", port)
		}
		held[port] = true
	}
}

func TestStart(t *testing.T) {
	for range 20 {
		cmd := exec.Command("sleep", "60")
		Start(t, cmd)
		argv, err := proc.Cmdline(cmd.Process.Pid)
		if err != nil || len(argv) != 2 || argv[1] != "60" {
			t.Fatalf("%q, %v", argv, err)
		}
	}
}
