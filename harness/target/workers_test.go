package target_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
	"leakhunt/scenarios"
)

// preforked workers all serve before a test looks at them.
const preforked = 3

// prefork is a server of three workers, and its master's pid.
func prefork(t *testing.T, mode string) (url string, master int) {
	t.Helper()
	address := "127.0.0.1:" + targettest.FreePort(t)
	s := targettest.Start(t, "", []string{"TARGET_TEST_SERVE=" + address, "TARGET_TEST_ROLE=prefork " + mode}, testBinary)
	targettest.AwaitWorkers(t, "tcp", address, preforked)
	return "http://" + address, s.PID()
}

func TestSeveralWorkersThatKeepNoConnectionAreRefused(t *testing.T) {
	at, _ := prefork(t, "close")
	_, err := open(t, url(at), target.Options{}).Pin(t.Context())
	if err == nil || !strings.Contains(err.Error(), "processes answer at "+at) || !strings.Contains(fault.HintOf(err), "one worker") {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
}

// Each connection may land on any worker, and the load only ever meets one.
func TestAKeptConnectionPinsOneOfSeveralWorkers(t *testing.T) {
	url, master := prefork(t, "keep")
	workers, err := proc.Descendants(master)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range append([]int{0}, workers...) {
		t.Run(fmt.Sprint(slices.Index(workers, pid)), func(t *testing.T) {
			p, err := open(t, scenarios.Target{Kind: "url", URL: url, PID: pid}, target.Options{}).Pin(t.Context())
			if err != nil {
				t.Fatalf("%v (%s)", err, fault.HintOf(err))
			}
			if pid != 0 && p.Process().PID != pid {
				t.Fatalf("pinned %d, not %d", p.Process().PID, pid)
			}
			client := load.New(p.Endpoint(), false)
			defer client.Close()
			tmpl, err := load.Compile(load.Spec{Method: "GET", URI: "/pid", KeepBody: true})
			if err != nil {
				t.Fatal(err)
			}
			for range 12 {
				res := client.Do(t.Context(), tmpl, load.Values{})
				if res.Err != nil || string(res.Body) != fmt.Sprint(p.Process().PID) {
					t.Fatalf("pinned %d, and %s answers (%v)", p.Process().PID, res.Body, res.Err)
				}
				if err := p.Check(t.Context(), client.Conn()); err != nil {
					t.Fatal(err)
				}
				client.Close() // the next connection must find the way again
			}
		})
	}
}

func TestARecycledWorkerIsNoticed(t *testing.T) {
	url, master := prefork(t, "keep")
	p, err := open(t, scenarios.Target{Kind: "url", URL: url}, target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	workers, err := proc.Descendants(master)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range workers {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	for err == nil {
		err = p.Check(t.Context(), nil)
	}
	if want := fmt.Sprintf("its master, pid %d, put pid", master); !strings.Contains(err.Error(), want) {
		t.Errorf("%v; want %q in it", err, want)
	}
}

func TestTheMasterIsNotTheOneThatAnswers(t *testing.T) {
	url, master := prefork(t, "keep")
	_, err := open(t, scenarios.Target{Kind: "url", URL: url, PID: master}, target.Options{}).Pin(t.Context())
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("pid %d does not answer at %s", master, url)) ||
		!strings.Contains(fault.HintOf(err), "is the master of its workers") {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
}

// The pinned process lives on, and another has taken its address.
func TestAnotherProcessTakesTheAddress(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	first := serve(t, "unix", socket).PID()
	p, err := open(t, url("http+unix://"+socket), target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	second := serve(t, "unix", socket).PID()
	err = p.Check(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("pid %d (target.test, go) answers at", second)) ||
		!strings.Contains(err.Error(), fmt.Sprintf("the pinned process (pid %d) still runs", first)) {
		t.Errorf("%v", err)
	}
}

// Each lane pins a worker of its own, and the same one again.
func TestLanesShareAServersWorkers(t *testing.T) {
	at, _ := prefork(t, "keep")
	sc := &scenarios.Scenario{Target: url(at), Lanes: preforked}
	tgts, err := target.OpenLanes(sc, target.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	had := make([]proc.ID, len(tgts))
	for round := range 2 {
		for i, tgt := range tgts {
			p, err := tgt.Pin(t.Context())
			if err != nil {
				t.Fatalf("lane %d: %v (%s)", i+1, err, fault.HintOf(err))
			}
			if round == 0 && slices.Contains(had, p.Process()) || round > 0 && p.Process() != had[i] {
				t.Errorf("lane %d pinned %v; the lanes had %v", i+1, p.Process(), had)
			}
			had[i] = p.Process()
		}
	}
	// A run that is gone on with has them in the same lanes.
	slices.Reverse(had)
	again, err := target.OpenLanes(sc, target.Options{}, had)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := again[0].Pin(t.Context()); err != nil || p.Process() != had[0] {
		t.Errorf("%v; want %v", err, had[0])
	}
}

func TestMoreLanesThanWorkersAreRefused(t *testing.T) {
	keep, _ := prefork(t, "keep")
	single := "http://127.0.0.1:" + targettest.FreePort(t)
	serve(t, "tcp", strings.TrimPrefix(single, "http://"))
	for _, c := range []struct {
		at, want string
		lanes    int
	}{
		{keep, fmt.Sprintf("lanes: 4, and 3 processes answer at %s: pid ", keep), 4},
		{single, fmt.Sprintf("lanes: 2, and 1 process answers at %s: pid ", single), 2},
	} {
		tgts, err := target.OpenLanes(&scenarios.Scenario{Target: url(c.at), Lanes: c.lanes}, target.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, tgt := range tgts {
			_, err := tgt.Pin(t.Context())
			if last := i == len(tgts)-1; !last && err != nil || last && (err == nil || !strings.Contains(err.Error(), c.want) || fault.HintOf(err) == "") {
				t.Errorf("lane %d of %d: %v (%s)", i+1, c.lanes, err, fault.HintOf(err))
			}
		}
	}
}
