package target_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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

// One that knows of ${PORT} may open another port first, and take its time.
func TestAnotherPortFirst(t *testing.T) {
	t.Parallel()
	var told notes
	heard := filepath.Join(t.TempDir(), "heard")
	note := func(text string) {
		told.add(text)
		if err := os.WriteFile(heard, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	port := targettest.FreePort(t)
	script := `TARGET_TEST_SERVE=127.0.0.1:` + port + ` ` + testBinary + ` & while [ ! -e ` + heard + ` ]; do sleep 0.05; done; TARGET_TEST_SERVE=127.0.0.1:$PORT exec ` + testBinary
	p, err := open(t, scenarios.Target{Kind: "command", Command: []string{"sh", "-c", script}}, target.Options{Note: note}).Pin(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	defer p.Close()
	if strings.HasSuffix(p.Info().URL, ":"+port) || !strings.Contains(told.String(), "http://127.0.0.1:"+port) {
		t.Errorf("pinned at %s, told %q", p.Info().URL, told.String())
	}
}

// The port alone is given: the loopback address is the command's choice.
func TestAnotherLoopbackAddress(t *testing.T) {
	t.Parallel()
	p, err := open(t, listeningAt("127.0.0.2:${PORT}"), target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	defer p.Close()
	if !strings.HasPrefix(p.Info().URL, "http://127.0.0.2:") {
		t.Error(p.Info().URL)
	}
}
