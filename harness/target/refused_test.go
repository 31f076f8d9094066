package target_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
	"leakhunt/scenarios"
)

// What cannot be pinned is refused with words that a person can act on.
func TestRefused(t *testing.T) {
	at := "127.0.0.1:" + targettest.FreePort(t)
	running := serve(t, "tcp", at).PID()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	for name, c := range map[string]struct {
		target     scenarios.Target
		text, hint string
		kind       fault.Kind
	}{
		"nobody listens":    {url("http://127.0.0.1:" + targettest.FreePort(t)), "nobody listens at http://127.0.0.1:", "Start the application first", fault.Measure},
		"no socket":         {url("http+unix:///nowhere/s"), "there is no socket /nowhere/s", "Start the application first", fault.Measure},
		"another machine":   {url("http://192.0.2.1:80"), "http://192.0.2.1:80 is 192.0.2.1, which is no address of this machine", "run it beside that process", fault.Measure},
		"nobody accepts":    {url("http://" + silent.Addr().String()), "cannot tell which process answers", "busy or stopped", fault.Measure},
		"plain, not TLS":    {url("https://" + at), "does not speak TLS", "http://", fault.Measure},
		"not trusted":       {url("https://" + serveTLS(t)), "its certificate is not trusted", "insecure: true", fault.Measure},
		"wrong pid":         {withPID("http://"+at, os.Getpid()), fmt.Sprintf("pid %d does not answer at http://%s: pid %d (target.test, go) does", os.Getpid(), at, running), "Set target.pid to the process that answers", fault.Measure},
		"no such pid":       {withPID("http://"+at, 1<<22-1), fmt.Sprintf("there is no process %d", 1<<22-1), "Leave target.pid out", fault.Measure},
		"password in URL":   {url("http://admin:hunter2@127.0.0.1/"), "target.url holds a user or password", "Authorization", fault.Usage},
		"path in URL":       {url("http://127.0.0.1:3000/shop"), "a path has no place here", "in front of each of the uris", fault.Usage},
		"scheme":            {url("ftp://127.0.0.1"), `"ftp" is no scheme`, "http+unix:///", fault.Usage},
		"unix without path": {url("http+unix://run/app.sock"), "names no socket", "Three slashes", fault.Usage},
		"no program":        {command("leakhunt-no-such-program"), `the command "leakhunt-no-such-program" cannot be started`, "PATH", fault.Measure},
		"no folder":         {inDir("/nowhere/at/all", "true"), "there is no folder /nowhere/at/all", "target.dir is relative", fault.Measure},
		"ends at once":      {command("sh", "-c", "echo oh dear >&2; exit 7"), "the command ended with exit status 7 before it was ready; it said: oh dear", "by hand", fault.Measure},
		"ends for settings": {tightened("sh", "-c", "exit 7", "java"), "the command ended with exit status 7 before it was ready", "target.tighten: false", fault.Measure},
		"is killed":         {command("sh", "-c", "kill -9 $$"), "the command ended by signal 9", "by hand", fault.Measure},
		"ends well":         {command("true"), "the command ended with exit status 0 before it was ready", "by hand", fault.Measure},
		"never listens":     {notReady(300*time.Millisecond, "", "sleep", "60"), "the command was not ready within 300ms: nothing accepts connections", "target.ready.timeout", fault.Measure},
		"port taken":        {command("sh", "-c", "echo Address already in use; exit 1"), "Address already in use", "${PORT}", fault.Measure},
		"not ready":         {notReady(3*time.Second, "/status/503", testBinary), "the command was not ready within 3s: GET /status/503 answers 503", "It listens, and answers so", fault.Measure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := pinOnly(t, c.target)
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %q; want %q in it", err, c.text)
			}
			if !strings.Contains(fault.HintOf(err), c.hint) {
				t.Errorf("hint %q; want %q in it", fault.HintOf(err), c.hint)
			}
			if fault.KindOf(err) != c.kind {
				t.Errorf("kind %v, want %v", fault.KindOf(err), c.kind)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %s", err, err, fault.HintOf(err)), "hunter2") {
				t.Error("a password is printed")
			}
		})
	}
}

func url(u string) scenarios.Target { return scenarios.Target{Kind: "url", URL: u} }

func withPID(u string, pid int) scenarios.Target {
	return scenarios.Target{Kind: "url", URL: u, PID: pid}
}

func command(argv ...string) scenarios.Target {
	return scenarios.Target{Kind: "command", Command: argv, Ready: scenarios.Ready{Timeout: 20 * time.Second}}
}

func tightened(argv ...string) scenarios.Target {
	sc := command(argv...)
	sc.Tighten = true
	return sc
}

func inDir(dir string, argv ...string) scenarios.Target {
	sc := command(argv...)
	sc.Dir = dir
	return sc
}

func notReady(timeout time.Duration, uri string, argv ...string) scenarios.Target {
	sc := command(argv...)
	sc.Env = []string{"TARGET_TEST_SERVE=127.0.0.1:${PORT}"}
	sc.Ready = scenarios.Ready{URI: uri, Timeout: timeout}
	return sc
}

// pinOnly opens and pins a target that should be refused.
func pinOnly(t *testing.T, sc scenarios.Target) error {
	t.Helper()
	tgt, err := target.Open(&scenarios.Scenario{Target: sc}, target.Options{})
	if err != nil {
		return err
	}
	p, err := tgt.Pin(t.Context())
	if err == nil {
		_ = p.Close()
	}
	return err
}
