package main

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"leakhunt/harness/proc"
	"leakhunt/harness/proc/proctest"
)

func TestMain(m *testing.M) {
	testscript.Main(apart{m}, map[string]func(){
		"leakhunt": func() {
			plainDemo()
			os.Exit(measured(impatient))
		},
		"hostile": hostileMain,
	})
}

// stayVariable is how long scripts wait for what is only kept for a while. Nothing in the
// demo is, and users wait for 20 s.
const stayVariable = "TEST_STAY"

// impatient is Main, with the wait that the test asks for.
func impatient(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app := newApp(stdin, stdout, stderr)
	app.stay, _ = time.ParseDuration(os.Getenv(stayVariable)) // 0 without: the usual one
	return app.main(args)
}

// releasedVariable names leakhunt as it is released, demoVariable the demo alone.
const releasedVariable, demoVariable = "TEST_LEAKHUNT", "TEST_DEMO"

// Under the race detector a program goes on for a second after its end, so that what it has
// left running may still race. A leakhunt that a test starts ends at once, as without.
const raceVariable, atOnce = "GORACE", "atexit_sleep_ms=0"

// plainDemo becomes that program where the demo is asked for. It is one without the race
// detector, with which a heap profile takes ten times as long, and without the rest of
// leakhunt, whose beginnings stand in each: half of the time of a short run.
func plainDemo() {
	plain := os.Getenv(demoVariable)
	if plain == "" || len(os.Args) != 4 || os.Args[1] != "demo" || os.Args[2] != "--listen" {
		return
	}
	fmt.Fprintln(os.Stderr, syscall.Exec(plain, os.Args, os.Environ()))
	os.Exit(exitUnmeasured)
}

// apart runs the tests with a folder of their own for journals: those of whoever
// runs them are not to make room for ours.
type apart struct{ *testing.M }

func (m apart) Run() int {
	dir, err := os.MkdirTemp("", "leakhunt-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	bin, err := compile(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for name, value := range map[string]string{
		"XDG_STATE_HOME": dir, releasedVariable: bin + "/leakhunt", demoVariable: bin + "/demo", raceVariable: atOnce,
	} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if signal.Ignored(syscall.SIGHUP) { // under nohup(1), and by all that is started
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	return m.M.Run()
}

// TestScripts runs the commands as a user would; testdata/script holds what
// they must print and which exit code they must end with.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv(demoVariable, os.Getenv(demoVariable))
			env.Setenv(raceVariable, atOnce)
			env.Setenv("GITHUB_ACTIONS", "")
			env.Setenv(stayVariable, "5500ms")
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": exitStatus, "freeport": freePort, "waitport": waitPort, "listener": listener, "await": await, "newer": newer,
		},
	})
}

// exitStatus runs a command and checks its exit code: status 2 leakhunt run x.yaml.
// Where few requests on a busy machine may settle nothing, it may be another: status 0,4.
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
	if !slices.Contains(strings.Split(args[0], ","), code) {
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

// await waits until a file holds a text: await FILE TEXT.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE TEXT")
	}
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(text), args[1]) {
			return
		}
	}
	ts.Fatalf("%s does not hold %q", args[0], args[1])
}

// newer puts an event that leakhunt does not know into a journal, after its second
// line: newer JOURNAL COPY. The checksum of a line goes over all before it.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: newer JOURNAL COPY")
	}
	const tail = len(`,"crc":"00000000"}` + "\n")
	var out strings.Builder
	var sum uint32
	add := func(text string) {
		sum = crc32.Update(sum, crc32.IEEETable, []byte(text))
		fmt.Fprintf(&out, "%s,\"crc\":\"%08x\"}\n", text, sum)
	}
	n := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if add(line[:len(line)-tail]); n == 1 {
			add(`{"e":"dreamt","of":"sheep"`)
		}
		n++
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o600))
}
