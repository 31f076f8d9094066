package target_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
	"leakhunt/scenarios"
)

// late is how long lateRole has bound its address before it accepts: longer than
// one look at who answers takes.
const late = 4 * time.Second

func lateRole(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	time.Sleep(late)
	return (&http.Server{Handler: targettest.Handler(), ReadHeaderTimeout: time.Minute}).Serve(l)
}

func lateCommand(ready scenarios.Ready) scenarios.Target {
	return scenarios.Target{
		Kind: "command", Command: []string{testBinary}, Ready: ready,
		Env: []string{"TARGET_TEST_SERVE=127.0.0.1:${PORT}", "TARGET_TEST_ROLE=late"},
	}
}

// A server that binds before it accepts has all of ready.timeout.
func TestBindsBeforeItAccepts(t *testing.T) {
	for name, uri := range map[string]string{"without a URI": "", "with a URI": "/clean"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := open(t, lateCommand(scenarios.Ready{URI: uri}), target.Options{}).Pin(t.Context())
			if err != nil {
				t.Fatalf("%v (%s)", err, fault.HintOf(err))
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("too late", func(t *testing.T) {
		t.Parallel()
		p, err := open(t, lateCommand(scenarios.Ready{Timeout: time.Second}), target.Options{}).Pin(t.Context())
		if err == nil {
			t.Fatal(p.Close(), "it was ready")
		}
		if said := err.Error() + fault.HintOf(err); !strings.Contains(said, "not ready within 1s") || !strings.Contains(said, "target.ready.timeout") {
			t.Error(said)
		}
	})
}

// Who starts a proxy alone measures the proxy; one that stands before an
// application is refused.
func TestProxyAsCommand(t *testing.T) {
	caddy := filepath.Join(t.TempDir(), "caddy")
	if err := exec.Command("cp", testBinary, caddy).Run(); err != nil {
		t.Fatal(err)
	}
	sc := scenarios.Target{Kind: "command", Command: []string{caddy}, Env: []string{"TARGET_TEST_SERVE=127.0.0.1:${PORT}"}}
	p, err := open(t, sc, target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	defer p.Close()
	if p.Info().Server != "caddy" {
		t.Fatalf("%+v", p.Info())
	}
	t.Run("found", func(t *testing.T) {
		if _, err := open(t, url(p.Info().URL), target.Options{}).Pin(t.Context()); err == nil {
			t.Error("a proxy of others was pinned")
		}
	})
	t.Run("before an application", func(t *testing.T) {
		ready := filepath.Join(t.TempDir(), "s")
		script := "TARGET_TEST_SERVE=" + ready + " " + testBinary + " & while [ ! -S " + ready + " ]; do sleep 0.05; done; exec " + caddy
		sc := sc
		sc.Command = []string{"sh", "-c", script}
		p, err := open(t, sc, target.Options{}).Pin(t.Context())
		if err == nil {
			t.Fatal(p.Close(), "the proxy was pinned")
		}
		if !strings.Contains(err.Error(), "passes requests on") {
			t.Error(err)
		}
	})
}

// The socket by which leakhunt asks a process about itself is not where the
// process serves.
func TestAgentsSocketIsNoAddress(t *testing.T) {
	// The server listens at a socket that bears its own pid, as an agent's does.
	dir := t.TempDir()
	s := targettest.Start(t, dir, nil, "sh", "-c", `TARGET_TEST_SERVE=`+dir+`/$$.sock exec `+testBinary)
	socket := filepath.Join(dir, strconv.Itoa(s.PID())+".sock")
	targettest.Await(t, "unix", socket)
	p, err := open(t, scenarios.Target{Kind: "url", PID: s.PID()}, target.Options{}).Pin(t.Context())
	if err == nil {
		t.Fatalf("%s was taken for the application's", p.Info().URL)
	}
	if !strings.Contains(err.Error(), "listens on no address") {
		t.Error(err)
	}
	if _, err := os.Stat(socket); err != nil {
		t.Error(err)
	}
}
