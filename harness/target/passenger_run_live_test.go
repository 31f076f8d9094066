//go:build live

package target_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/target"
	"leakhunt/harness/target/passenger"
	"leakhunt/harness/target/targettest"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/scenarios"
)

// pin pins a process of a real Passenger, and keeps what is said of secrets.
func pin(t *testing.T, s *passengertest.Server, want scenarios.Passenger) target.Pinned {
	t.Helper()
	p, err := pinned(t, s, want)
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	return p
}

func pinned(t *testing.T, s *passengertest.Server, want scenarios.Passenger) (target.Pinned, error) {
	t.Helper()
	t.Setenv("PASSENGER_INSTANCE_REGISTRY_DIR", s.Registry)
	p, err := open(t, scenarios.Target{Kind: "passenger", Passenger: &want}, target.Options{}).Pin(t.Context())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, nil
}

// Two processes, three hundred requests to one of them: the other has served
// nothing more, and the pool has seen none of them.
func TestPassengerOnlyThePinned(t *testing.T) {
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack", Processes: 2})
	in := s.Warm(t)
	a, b := pin(t, s, scenarios.Passenger{PID: in.Apps[0].Processes[0].PID}), pin(t, s, scenarios.Passenger{PID: in.Apps[0].Processes[1].PID})
	other := load.New(b.Endpoint(), false)
	defer other.Close()
	before := do(t, other, load.Spec{Method: "GET", URI: "/count"})
	client := load.New(a.Endpoint(), false)
	defer client.Close()
	var first, last int
	for i := range 300 {
		res := do(t, client, load.Spec{Method: "GET", URI: "/clean"})
		if !res.OK() || res.Header.Get("X-App-Pid") != fmt.Sprint(a.Process().PID) {
			t.Fatalf("request %d: %+v", i, res)
		}
		if last = number(t, res.Header.Get("X-App-Count")); i == 0 {
			first = last
		}
	}
	after := do(t, other, load.Spec{Method: "GET", URI: "/count"})
	if last-first != 299 || number(t, string(after.Body))-number(t, string(before.Body)) != 1 {
		t.Errorf("the pinned process served %d of 299, the other one %s after %s", last-first, after.Body, before.Body)
	}
	now := s.Await(t, func(*passenger.Instance) bool { return true })
	for i, p := range now.Apps[0].Processes {
		if was := in.Apps[0].Processes[i]; p.Processed != was.Processed {
			t.Errorf("the pool has counted %d requests to pid %d, and %d before", p.Processed, p.PID, was.Processed)
		}
	}
}

// A form of 3 kB arrives whole, time after time, over each protocol.
func TestPassengerForm(t *testing.T) {
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack", Processes: 2})
	s.Warm(t)
	form := "text=" + strings.Repeat("x", 3000)
	for _, protocol := range []string{"http", "session"} {
		client := load.New(pin(t, s, scenarios.Passenger{Protocol: protocol}).Endpoint(), false)
		defer client.Close()
		var longest time.Duration
		for range 100 {
			res := do(t, client, load.Spec{
				Method: "POST", URI: "/echo", Body: form, HasBody: true, Timeout: 5 * time.Second,
				Header: [][2]string{{"Content-Type", "application/x-www-form-urlencoded"}},
			})
			if !res.OK() || !strings.Contains(string(res.Body), fmt.Sprintf(`"body_bytes":%d`, len(form))) {
				t.Fatalf("%s: %+v %s", protocol, res, res.Body)
			}
			longest = max(longest, res.Latency)
		}
		t.Logf("%s: 100 forms of %d bytes, the slowest took %s", protocol, len(form), longest)
	}
}

// No byte of an answer: PING tells an exception from a wrong password.
func TestPassengerExplains(t *testing.T) {
	root := targettest.AppDir(t)
	targettest.WriteFile(t, root+"/config.ru", `run lambda { |env|
		raise "hunter2" if env["PATH_INFO"] == "/raise"
		[200, {}, [Process.pid.to_s]]
	}`)
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	s := passengertest.Standalone(t, passengertest.App{Name: "shop", Type: "rack", Root: root})
	in := s.Warm(t)
	for _, protocol := range []string{"http", "session"} {
		var p target.Pinned
		for try := 0; p == nil && protocol == "session" && try < 3; try++ { // a process that has not served the pool
			served := func(p passenger.Process) bool { return p.Processed > 0 }
			s.Await(t, func(now *passenger.Instance) bool { return slices.ContainsFunc(now.Apps[0].Processes, served) })
			// On a busy machine another request may be on its way, and the next
			// process serves that.
			s.Await(t, func(now *passenger.Instance) bool {
				fresh := false
				for _, p := range now.Apps[0].Processes {
					if served(p) {
						_ = in.Detach(t.Context(), p.PID) // again and again, until it is gone
						return false
					}
					fresh = fresh || p.Ready()
				}
				return fresh
			})
			var err error // that request may come between
			if p, err = pinned(t, s, scenarios.Passenger{Protocol: protocol}); err != nil && !strings.Contains(err.Error(), "does not answer") {
				t.Fatal(err)
			}
		}
		if p == nil {
			p = pin(t, s, scenarios.Passenger{Protocol: protocol})
		}
		client := load.New(p.Endpoint(), false)
		res := do(t, client, load.Spec{Method: "GET", URI: "/raise", Timeout: 5 * time.Second})
		client.Close()
		if !errors.Is(res.Err, load.ErrClosed) {
			t.Fatalf("%s: %+v", protocol, res)
		}
		err := p.(target.Explainer).Explain(t.Context(), res.Err)
		if !strings.Contains(err.Error(), "raised an exception") || strings.Contains(err.Error(), "hunter2") || !errors.Is(err, load.ErrClosed) {
			t.Errorf("%s: %v", protocol, err)
		}
	}
	old := filepath.Join(t.TempDir(), "status.xml")
	password := string(in.Apps[0].Processes[0].Password)
	out, err := exec.Command("passenger-status", "--show=xml", "--verbose").Output()
	if err != nil || !strings.Contains(string(out), password) {
		t.Fatalf("passenger-status: %v", err)
	}
	targettest.WriteFile(t, old, strings.ReplaceAll(string(out), password, "wrong-password"))
	wrong := scenarios.Passenger{StatusCommand: []string{"cat", old}}
	_, err = open(t, scenarios.Target{Kind: "passenger", Passenger: &wrong}, target.Options{}).Pin(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not take the connect password") || strings.Contains(err.Error()+fault.HintOf(err), "wrong-password") {
		t.Errorf("%v (%s)", err, fault.HintOf(err))
	}
}

// Through a command, as XML and as text, the same process can be pinned.
func TestPassengerStatusCommand(t *testing.T) {
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack"}, passengertest.App{Name: "chat", Type: "node"})
	s.Warm(t)
	for _, form := range []string{"--show=xml", "--show=pool"} {
		for _, app := range []string{"shop", "chat"} {
			var secrets []string
			t.Setenv("PASSENGER_INSTANCE_REGISTRY_DIR", s.Registry)
			want := scenarios.Passenger{App: app, StatusCommand: []string{"passenger-status", form, "--verbose"}}
			p, err := open(t, scenarios.Target{Kind: "passenger", Passenger: &want}, target.Options{AddSecret: func(v string) { secrets = append(secrets, v) }}).Pin(t.Context())
			if err != nil {
				t.Fatalf("%s %s: %v (%s)", form, app, err, fault.HintOf(err))
			}
			client := load.New(p.Endpoint(), false)
			res := do(t, client, load.Spec{Method: "GET", URI: "/pid"})
			client.Close()
			if string(res.Body) != fmt.Sprint(p.Process().PID) || p.Info().Runtime == "" {
				t.Errorf("%s %s: %+v %+v", form, app, p.Info(), res)
			}
			if err := p.Check(t.Context(), nil); err != nil {
				t.Error(err)
			}
			if len(secrets) == 0 || strings.Contains(fmt.Sprintf("%+v", p.Info()), secrets[0]) {
				t.Errorf("%s %s: the password was not named as a secret, or is shown", form, app)
			}
			if err := p.(target.Restarter).Restart(t.Context()); err == nil {
				t.Error("a status command restarted a process")
			}
		}
	}
	for app, want := range map[string]string{"": "runs 2 applications", "shpo": "chat in "} {
		_, err := open(t, scenarios.Target{Kind: "passenger", Passenger: &scenarios.Passenger{App: app}}, target.Options{}).Pin(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", app, err)
		}
	}
}

// A fresh process, for each kind of application.
func TestPassengerRestart(t *testing.T) {
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack", Processes: 2},
		passengertest.App{Name: "chat", Type: "node"}, passengertest.App{Name: "mail", Type: "wsgi"})
	s.Warm(t)
	for _, app := range []string{"shop", "chat", "mail"} {
		p := pin(t, s, scenarios.Passenger{App: app})
		client := load.New(p.Endpoint(), false)
		do(t, client, load.Spec{Method: "GET", URI: "/clean"}) // a connection stays open
		for i := 1; i <= 2; i++ {
			before := p.Process()
			if err := p.(target.Restarter).Restart(t.Context()); err != nil {
				t.Fatalf("%s: %v (%s)", app, err, fault.HintOf(err))
			}
			client.Close()
			client = load.New(p.Endpoint(), false)
			res := do(t, client, load.Spec{Method: "GET", URI: "/count"})
			if before.Check() == nil || p.Process() == before || p.Info().Restarts != i || string(res.Body) != "1" ||
				res.Header.Get("X-App-Pid") != fmt.Sprint(p.Process().PID) {
				t.Errorf("%s: %+v was %+v; %+v", app, p.Info(), before, res)
			}
		}
		client.Close()
	}
}

// Whatever makes the pool give up the process is noticed, and said.
func TestPassengerReplaced(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, s *passengertest.Server, in passenger.Instance, pid int){
		"detached": func(t *testing.T, _ *passengertest.Server, in passenger.Instance, pid int) {
			if err := in.Detach(t.Context(), pid); err != nil {
				t.Fatal(err)
			}
		},
		"restart.txt": func(t *testing.T, s *passengertest.Server, _ passenger.Instance, pid int) {
			if err := os.MkdirAll(s.Apps[0].Root+"/tmp", 0o755); err != nil {
				t.Fatal(err)
			}
			targettest.WriteFile(t, s.Apps[0].Root+"/tmp/restart.txt", "")
			s.Await(t, func(now *passenger.Instance) bool {
				s.Touch("shop", "/clean")
				_, old := now.Find(pid)
				return old == nil || !old.Ready()
			})
		},
		"web server stopped": func(_ *testing.T, s *passengertest.Server, _ passenger.Instance, _ int) { s.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack"})
			in := s.Warm(t)
			p := pin(t, s, scenarios.Passenger{})
			client := load.New(p.Endpoint(), false)
			defer client.Close()
			do(t, client, load.Spec{Method: "GET", URI: "/clean"})
			if err := p.Check(t.Context(), client.Conn()); err != nil {
				t.Fatal(err)
			}
			replace(t, s, in, p.Process().PID)
			for until := time.Now().Add(60 * time.Second); ; {
				err := p.Check(t.Context(), client.Conn())
				if err == nil {
					if time.Now().After(until) {
						t.Fatal("nothing was noticed")
					}
					continue
				}
				text := err.Error() + "\n" + fault.HintOf(err)
				t.Log(text)
				if fault.KindOf(err) != fault.Measure || !strings.Contains(text, fmt.Sprint(p.Process().PID)) || fault.HintOf(err) == "" {
					t.Error(text)
				}
				return
			}
		})
	}
}

// What the pool's settings are comes from the core.
func TestPassengerAdvises(t *testing.T) {
	s := passengertest.Apache(t, "PassengerMaxRequests 1000", passengertest.App{Name: "shop", Type: "rack"})
	s.Warm(t)
	advice := pin(t, s, scenarios.Passenger{}).(target.Advisor).Advise(t.Context())
	if len(advice) != 1 || advice[0].Code != "passenger-max-requests" || !strings.Contains(advice[0].Message, "after 1000 requests") {
		t.Errorf("%+v", advice)
	}
}

func number(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Each lane has a process of its own, and a fresh one is none that another lane has.
func TestPassengerLanes(t *testing.T) {
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack", Processes: 2})
	s.Warm(t)
	t.Setenv("PASSENGER_INSTANCE_REGISTRY_DIR", s.Registry)
	sc := &scenarios.Scenario{Target: scenarios.Target{Kind: "passenger", Passenger: &scenarios.Passenger{App: "shop"}}, Lanes: 2}
	tgts, err := target.OpenLanes(sc, target.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var pins []target.Pinned
	for i, tgt := range tgts {
		p, err := tgt.Pin(t.Context())
		if err != nil {
			t.Fatalf("lane %d: %v (%s)", i+1, err, fault.HintOf(err))
		}
		pins = append(pins, p)
	}
	for round := range 2 {
		if pins[0].Process() == pins[1].Process() {
			t.Errorf("round %d: both lanes have %v", round, pins[0].Process())
		}
		if err := pins[round].(target.Restarter).Restart(t.Context()); err != nil {
			t.Fatalf("%v (%s)", err, fault.HintOf(err))
		}
	}
	if pins[0].Process() == pins[1].Process() {
		t.Errorf("both lanes have %v", pins[0].Process())
	}
	if again, err := tgts[0].Pin(t.Context()); err != nil || again.Process() != pins[0].Process() {
		t.Errorf("lane 1 does not pin its process again: %v", err)
	}
	sc.Lanes = 3
	if tgts, err = target.OpenLanes(sc, target.Options{}, nil); err != nil {
		t.Fatal(err)
	}
	for i, tgt := range tgts {
		_, err := tgt.Pin(t.Context())
		if last := i == 2; !last && err != nil || last && (err == nil || !strings.Contains(err.Error(), "lanes: 3, and Passenger runs 2 processes of ")) {
			t.Errorf("lane %d: %v", i+1, err)
		}
	}
}
