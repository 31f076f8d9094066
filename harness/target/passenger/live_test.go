//go:build live

package passenger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"leakhunt/harness/target/passenger"
	"leakhunt/harness/target/targettest/passengertest"
)

var three = []passengertest.App{
	{Name: "shop", Type: "rack", Processes: 2},
	{Name: "chat", Type: "node"},
	{Name: "mail", Type: "wsgi"},
}

// What the core says, what passenger-status prints, and what the applications
// themselves answer agree.
func TestDiscoverApache(t *testing.T) {
	s := passengertest.Apache(t, "PassengerMaxRequests 1000", three...)
	in := s.Warm(t)
	if len(in.Apps) != 3 || in.Max != 6 || in.Core == 0 || in.Watchdog == 0 || in.Name == "" || !strings.Contains(in.Server, "Apache") {
		t.Fatalf("%+v", in)
	}
	for _, app := range in.Apps {
		want := map[string]struct {
			runtime       string
			processes     int
			http, session bool
		}{"shop": {"ruby", 2, true, true}, "chat": {"node", 1, true, false}, "mail": {"python", 1, false, true}}[app.Name]
		if app.Runtime() != want.runtime || len(app.Processes) != want.processes || app.MinProcesses != want.processes {
			t.Errorf("%+v, want %+v", app, want)
		}
		for i := range app.Processes {
			p := &app.Processes[i]
			_, http := p.HTTP()
			_, session := p.Session()
			if http != want.http || session != want.session || p.Password == "" || p.GUPID == "" || !p.Ready() {
				t.Errorf("%s: %+v", app.Name, p)
			}
		}
		pid := s.Get(t, app.Name, "/pid")
		if a, p := in.Find(number(t, pid)); p == nil || a.Name != app.Name {
			t.Errorf("%s is served by process %s, which is not among its own", app.Name, pid)
		}
	}
	settings, err := in.Settings(context.Background(), "shop")
	if err != nil || settings.IdleTime.Seconds() != 300 || settings.MaxRequests != 1000 {
		t.Errorf("settings %+v, %v", settings, err)
	}
	for _, form := range [][]string{{"--show=xml"}, {}} {
		t.Setenv("PASSENGER_INSTANCE_REGISTRY_DIR", s.Registry)
		said, err := passenger.FromCommand(context.Background(), append([]string{"passenger-status", "--verbose"}, form...))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := pids(said.Pool), pids(in.Pool); got != want {
			t.Errorf("passenger-status %v: %s, the core: %s", form, got, want)
		}
	}
	s.Stop()
	found, err := passenger.Discover(context.Background(), passenger.Options{Registry: []string{s.Registry}})
	if err != nil || len(found) > 0 && found[0].Err == nil {
		t.Errorf("after its end: %+v, %v", found, err)
	}
}

// Somebody without rights is told so, and what has crashed is no instance.
func TestDeniedAndStale(t *testing.T) {
	s := passengertest.Standalone(t, passengertest.App{Name: "shop", Type: "rack"})
	in := s.Warm(t)
	if os.Getuid() == 0 {
		probe := exec.Command("setpriv", "--reuid=2", "--clear-groups", "passenger-status")
		probe.Env = append(os.Environ(), "PASSENGER_INSTANCE_REGISTRY_DIR="+s.Registry)
		if out, err := probe.CombinedOutput(); err == nil || !strings.Contains(string(out), "not authorized") {
			t.Fatalf("another user may read the status: %s", out)
		}
	}
	for _, pid := range []int{in.Watchdog, in.Core} {
		p, err := os.FindProcess(pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	for {
		found, err := passenger.Discover(context.Background(), passenger.Options{Registry: []string{s.Registry}})
		if err != nil || len(found) != 1 {
			t.Fatalf("%+v, %v", found, err)
		}
		if errors.Is(found[0].Err, passenger.ErrStale) {
			break
		}
	}
}

func BenchmarkDiscover(b *testing.B) {
	s := passengertest.Apache(b, "", three...)
	s.Warm(b)
	for b.Loop() {
		found, err := passenger.Discover(context.Background(), passenger.Options{Registry: []string{s.Registry}})
		if err != nil || len(found) != 1 || len(found[0].Apps) != 3 {
			b.Fatalf("%+v, %v", found, err)
		}
	}
}

func number(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func pids(p passenger.Pool) string {
	var all []string
	for _, app := range p.Apps {
		for _, p := range app.Processes {
			all = append(all, fmt.Sprintf("%s %d", app.Name, p.PID))
		}
	}
	return strings.Join(all, ", ")
}
