package targettest

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/proc/proctest"
)

// Serve serves the Go fixture application at an address ("tcp" or "unix"), for
// test binaries that are started as the server. It returns an error where it
// cannot listen, and otherwise never.
func Serve(network, address string) error {
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	s := http.Server{Handler: Handler(), ReadHeaderTimeout: time.Minute}
	return s.Serve(l)
}

// ServeTLS is Serve over TLS, with a certificate that nobody trusts.
func ServeTLS(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := httptest.NewUnstartedServer(Handler())
	if err := s.Listener.Close(); err != nil {
		return err
	}
	s.Listener = l
	s.StartTLS()
	select {}
}

// Server is a process that a test has started, in a group of its own.
type Server struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts a server in dir and ends it, with its process group, when the
// test ends. What it prints is logged where the test fails.
func Start(t testing.TB, dir string, env []string, argv ...string) *Server {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var said strings.Builder
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &Server{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said.WriteString(lines.Text() + "\n")
		}
	}()
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", argv[0], said.String())
		}
	})
	return s
}

// PID is the process that was started.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Kill ends the whole process group and waits for it.
func (s *Server) Kill() {
	_ = syscall.Kill(-s.PID(), syscall.SIGKILL)
	<-s.done
	_ = s.cmd.Wait()
}

// FreePort is proctest.FreePort, as an address has it.
func FreePort(t testing.TB) string {
	t.Helper()
	return strconv.Itoa(proctest.FreePort(t))
}

// Await waits until the fixture application answers at an address.
func Await(t testing.TB, network, address string) {
	t.Helper()
	AwaitWorkers(t, network, address, 1)
}

// AwaitWorkers waits until n processes of the fixture application have answered
// at an address.
func AwaitWorkers(t testing.TB, network, address string, n int) {
	t.Helper()
	seen := map[string]bool{}
	until := time.Now().Add(30 * time.Second)
	for {
		pid, err := ask(network, address)
		if err == nil {
			if seen[pid] = true; len(seen) >= n {
				return
			}
		}
		if time.Now().After(until) {
			t.Fatalf("%d of %d processes answer at %s: %v", len(seen), n, address, err)
		}
		time.Sleep(10 * time.Millisecond) // between two looks
	}
}

// ask sends a request and returns the pid of who answered it.
func ask(network, address string) (pid string, err error) {
	conn, err := net.DialTimeout(network, address, 5*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write([]byte("GET /clean HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n")); err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	return resp.Header.Get("X-App-Pid"), resp.Body.Close()
}
