package target_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc/proctest"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
	"leakhunt/scenarios"
)

// notes keeps what a target is told.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, text)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, "\n")
}

func listeningAt(address string) scenarios.Target {
	return scenarios.Target{Kind: "command", Command: []string{testBinary}, Env: []string{"TARGET_TEST_SERVE=" + address}}
}

// A command with a port of its own is not waited for until it is not ready in time.
func TestListensElsewhere(t *testing.T) {
	t.Parallel()
	var told notes
	port := targettest.FreePort(t)
	began := time.Now()
	p, err := open(t, listeningAt("127.0.0.1:"+port), target.Options{Note: told.add}).Pin(t.Context())
	if err == nil {
		t.Fatal(p.Close(), "it was taken for ready")
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("after %s", took)
	}
	for _, want := range []string{"the command listens at http://127.0.0.1:" + port, "write port: " + port + " under target:"} {
		if said := err.Error() + "; " + strings.ToLower(fault.HintOf(err)); !strings.Contains(said, want) {
			t.Errorf("%s: no %q", said, want)
		}
		if !strings.Contains(told.String(), want) {
			t.Errorf("told %q: no %q", told.String(), want)
		}
	}
	if fault.KindOf(err) != fault.Measure {
		t.Error(fault.KindOf(err))
	}
}

// Where the scenario says so, that port is used, also by the process that comes after.
func TestPortOfItsOwn(t *testing.T) {
	t.Parallel()
	number := proctest.FreePort(t)
	port := strconv.Itoa(number)
	sc := listeningAt("127.0.0.1:" + port)
	sc.Port = number
	p, err := open(t, sc, target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	defer p.Close()
	if want := "http://127.0.0.1:" + port; p.Info().URL != want {
		t.Errorf("pinned at %s, want %s", p.Info().URL, want)
	}
	if err := p.(target.Restarter).Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A second command cannot have it.
	second, err := open(t, sc, target.Options{}).Pin(t.Context())
	if err == nil {
		t.Fatal(second.Close(), "two commands at one port")
	}
	if said := err.Error() + fault.HintOf(err); !strings.Contains(said, "listens at port "+port+" already (target.port)") || !strings.Contains(said, "--target http://127.0.0.1:"+port) {
		t.Error(said)
	}
}

// One that was told ${PORT} and listens elsewhere is refused, too: the application
// answers there.
func TestIgnoresItsPort(t *testing.T) {
	t.Parallel()
	port := targettest.FreePort(t)
	sc := listeningAt("127.0.0.1:" + port)
	sc.Command = append(sc.Command, "--port", "${PORT}")
	began := time.Now()
	p, err := open(t, sc, target.Options{}).Pin(t.Context())
	if err == nil {
		t.Fatal(p.Close(), "it was taken for ready")
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("after %s", took)
	}
	said := err.Error() + "; " + fault.HintOf(err)
	for _, want := range []string{"listens at http://127.0.0.1:" + port, "not at the free port that it was given, ", "Write port: " + port + " under target:", "the command without ${PORT}"} {
		if !strings.Contains(said, want) {
			t.Errorf("%s: no %q", said, want)
		}
	}
}

// sideRole listens as the ports do that are no application's.
func sideRole(address, kind string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if kind == "mute" { // a debugger's
		for {
			if _, err := l.Accept(); err != nil {
				return err
			}
		}
	}
	return (&http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch kind {
		case "metrics":
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		case "control":
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = io.WriteString(w, "heap_bytes 1\n")
	})}).Serve(l)
}

// One that knows of ${PORT} may open another port first, and take its time.
func TestAnotherPortFirst(t *testing.T) {
	for kind, loads := range map[string]string{
		"mute": "read x < FILE", "control": "read x < FILE", "metrics": "read x < FILE",
		"assets": "while [ ! -s FILE ]; do :; done", // it answers as an application does, while something loads
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var told notes
			port, file := targettest.FreePort(t), filepath.Join(t.TempDir(), "loaded")
			if kind != "assets" {
				if err := syscall.Mkfifo(file, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			note := func(text string) {
				told.add(text)
				loaded := time.AfterFunc(3500*time.Millisecond, func() { // a refusal would come before
					_ = os.WriteFile(file, []byte("loaded\n"), 0o600)
				})
				t.Cleanup(func() { loaded.Stop() })
			}
			script := `TARGET_TEST_ROLE="side ` + kind + `" TARGET_TEST_SERVE=127.0.0.1:` + port + ` ` + testBinary + ` & ` +
				strings.ReplaceAll(loads, "FILE", file) + `; TARGET_TEST_SERVE=127.0.0.1:$PORT exec ` + testBinary
			p, err := open(t, scenarios.Target{Kind: "command", Command: []string{"sh", "-c", script}}, target.Options{Note: note}).Pin(t.Context())
			if err != nil {
				t.Fatalf("%v (%s)", err, fault.HintOf(err))
			}
			defer p.Close()
			if strings.HasSuffix(p.Info().URL, ":"+port) || !strings.Contains(told.String(), "http://127.0.0.1:"+port) {
				t.Errorf("pinned at %s, told %q", p.Info().URL, told.String())
			}
		})
	}
}

// The port alone is given: the loopback address is the command's choice, and so is a
// port beside it, for metrics.
func TestAnotherLoopbackAddress(t *testing.T) {
	t.Parallel()
	script := `TARGET_TEST_ROLE="side metrics" TARGET_TEST_SERVE=127.0.0.1:` + targettest.FreePort(t) + ` ` + testBinary + ` & ` +
		`TARGET_TEST_SERVE=127.0.0.2:$PORT exec ` + testBinary
	for name, sc := range map[string]scenarios.Target{
		"alone":   listeningAt("127.0.0.2:${PORT}"),
		"metrics": {Kind: "command", Command: []string{"sh", "-c", script}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := open(t, sc, target.Options{}).Pin(t.Context())
			if err != nil {
				t.Fatalf("%v (%s)", err, fault.HintOf(err))
			}
			defer p.Close()
			if !strings.HasPrefix(p.Info().URL, "http://127.0.0.2:") {
				t.Error(p.Info().URL)
			}
		})
	}
}
