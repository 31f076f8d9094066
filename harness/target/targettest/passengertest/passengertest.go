// Package passengertest starts a real Phusion Passenger for a test, under a private
// Apache or as Standalone, and ends it with the test. It serves the fixture
// applications of targettest. Nothing outside of temporary folders and of 127.0.0.1 is
// used; the machine's own Apache need not run, and is not touched.
//
// It needs Debian's packages apache2, libapache2-mod-passenger, passenger and
// ruby, and nodejs and python3 for those applications.
package passengertest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/proc"
	"leakhunt/harness/proc/proctest"
	"leakhunt/harness/target/passenger"
	"leakhunt/harness/target/targettest"
)

// App is one application to serve.
type App struct {
	Name       string // its group's name; requests for the host NAME.test reach it
	Type       string // "rack", "node" or "wsgi"
	Processes  int    // that the pool keeps; 0 means 1
	Directives string // further lines of Apache's configuration, for this application
	Root       string // its folder; "" means a fresh copy of the fixtures
}

// Server is a running Passenger.
type Server struct {
	Registry string // the instance registry
	Port     int    // of the web server, on 127.0.0.1
	Apps     []App  // with Root filled in
	Log      string // path of the web server's log

	dir string
	cmd *exec.Cmd
	end chan struct{} // closed when the command has ended
}

// startWithin bounds the wait for servers: the machine may be busy.
const startWithin = 60 * time.Second

// newServer makes the folders. They are not in t.TempDir(), whose path is so
// long that Passenger cannot put its Unix sockets there (at most 107 bytes).
func newServer(t testing.TB, apps []App) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "lh") //nolint:usetesting // for its length
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{Registry: dir + "/r", Log: dir + "/log", Apps: slices.Clone(apps), dir: dir}
	for _, d := range []string{dir, s.Registry, dir + "/lock", dir + "/tmp"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil { // applications run as another user
			t.Fatal(err)
		}
	}
	for i := range s.Apps {
		if s.Apps[i].Root == "" {
			s.Apps[i].Root = targettest.AppDir(t)
			if err := os.Chmod(filepath.Dir(s.Apps[i].Root), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.MkdirAll(s.Apps[i].Root+"/public", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// starts bounds how often a server that crashes while it starts is started anew:
// Apache with Passenger 6.0.17 ends with a segmentation fault, or aborts, in about one
// start in 300, as soon as Passenger's core is online. Any other end fails the test.
const starts = 3

// run starts the server on a free port and waits until it answers.
func (s *Server) run(t testing.TB, command func() *exec.Cmd) {
	t.Helper()
	s.Port = proctest.FreePort(t)
	t.Cleanup(s.Stop)
	for range starts {
		s.start(t, command())
		for end := time.Now().Add(startWithin); time.Now().Before(end) && !endWithin(s.end, 20*time.Millisecond); {
			if s.answers() {
				return
			}
		}
		if !s.crashed() {
			break
		}
	}
	how := "it runs"
	if endWithin(s.end, 0) {
		how = s.cmd.ProcessState.String()
	}
	said, _ := os.ReadFile(s.Log)
	t.Fatalf("the server does not start (%s); its log:\n%s", how, said)
}

func (s *Server) start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	// A test that is killed runs no cleanup; the server ends itself then.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	s.cmd, s.end = cmd, end
	go func() {
		_ = cmd.Wait()
		close(end)
	}()
}

// crashed says whether the server has ended by a fault of its own. It waits
// for its watchdog then, which ends what the server has left.
func (s *Server) crashed() bool {
	if !endWithin(s.end, 0) {
		return false
	}
	status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGSEGV && status.Signal() != syscall.SIGABRT {
		return false
	}
	gone(s.processes())
	return true
}

// answers says whether the web server answers. To connect proves nothing: Apache
// reads its configuration twice, and closes the socket of the first time together
// with the connections that wait there. The request is a bad one, which starts no application.
func (s *Server) answers() bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port), time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	if _, err := io.WriteString(conn, "?\r\n\r\n"); err != nil {
		return false
	}
	n, _ := conn.Read(make([]byte, 1))
	return n == 1
}

// Stop ends the server and everything that it started. A second call does
// nothing.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	s.calm()
	ids := s.processes()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if !endWithin(s.end, startWithin) {
		_ = s.cmd.Process.Kill()
		<-s.end
	}
	s.cmd = nil
	gone(ids)
}

// calm waits until no process is being started: a core that is stopped at such
// a moment aborts (6.0.17, SmartSpawner::cleanup) and leaves a crash log behind.
func (s *Server) calm() {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		found, err := passenger.Discover(ctx, passenger.Options{Registry: []string{s.Registry}})
		if err != nil || !slices.ContainsFunc(found, func(in passenger.Instance) bool {
			return slices.ContainsFunc(in.Apps, func(app passenger.App) bool { return app.Spawning || app.Restarting })
		}) {
			return
		}
	}
}

// processes are the instance's own: some of them are no children of ours.
func (s *Server) processes() []proc.ID {
	ids := s.helpers()
	found, err := passenger.Discover(ctx, passenger.Options{Registry: []string{s.Registry}})
	if err != nil {
		return ids
	}
	for _, in := range found {
		for _, pid := range []int{in.Watchdog, in.Core} {
			if pid == 0 {
				continue
			}
			below, _ := proc.Descendants(pid)
			for _, p := range append(below, pid) {
				if id, err := proc.Find(p); err == nil {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}

// helpers keep Standalone's temporary folder from being cleaned up; where its
// engine crashes they are left behind.
func (s *Server) helpers() []proc.ID {
	var ids []proc.ID
	files, _ := filepath.Glob(s.dir + "/tmp/*/*.pid") // the pattern is right
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil {
			if id, err := proc.Find(pid); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
