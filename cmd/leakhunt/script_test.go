package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"leakhunt/harness/proc"
	"leakhunt/harness/proc/proctest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"leakhunt": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the commands as a user would; testdata/script holds what
// they must print and which exit code they must end with.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": exitStatus, "freeport": freePort, "waitport": waitPort, "listener": listener,
		},
	})
}

// exitStatus runs a command and checks its exit code: status 2 leakhunt run x.yaml.
func exitStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = strconv.Itoa(exit.ExitCode())
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// freePort sets a variable to a port that nobody listens on: freeport PORT.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	port, release, err := proctest.Reserve()
	ts.Check(err)
	ts.Defer(release)
	ts.Setenv(args[0], strconv.Itoa(port))
}

// waitPort waits until somebody accepts connections: waitport $PORT.
func waitPort(ts *testscript.TestScript, _ bool, args []string) {
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", "127.0.0.1:"+args[0]); err == nil {
			ts.Check(c.Close())
			return
		}
	}
	ts.Fatalf("nobody listens on port %s", args[0])
}

// listener sets a variable to the pid that listens on a port: listener $PORT PID.
func listener(ts *testscript.TestScript, _ bool, args []string) {
	all, _, err := proc.Listeners()
	ts.Check(err)
	for _, l := range all {
		if l.Network == "tcp" && strconv.Itoa(int(l.Addr.Port())) == args[0] && len(l.PIDs) == 1 {
			ts.Setenv(args[1], strconv.Itoa(l.PIDs[0]))
			return
		}
	}
	ts.Fatalf("nobody listens on port %s", args[0])
}
