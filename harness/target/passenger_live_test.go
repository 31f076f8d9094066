//go:build live

package target_test

import (
	"syscall"
	"testing"

	"leakhunt/harness/target"
	"leakhunt/harness/target/passenger"
	"leakhunt/harness/target/targettest"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/scenarios"
)

// pinsPassenger is the conformance suite on one application of a real Passenger.
func pinsPassenger(t *testing.T, protocol string, keeps bool, start func(t *testing.T) *passengertest.Server) {
	targettest.Run(t, targettest.Subject{KeepsAlive: keeps, Replaced: true, Open: func(t *testing.T) targettest.Fixture {
		s := start(t)
		in := s.Warm(t)
		t.Setenv("PASSENGER_INSTANCE_REGISTRY_DIR", s.Registry)
		var secrets []string
		for _, app := range in.Apps {
			secrets = append(secrets, string(app.Processes[0].Password))
		}
		want := &scenarios.Passenger{App: in.Apps[0].Name, Protocol: protocol}
		return targettest.Fixture{
			Target:  open(t, scenarios.Target{Kind: "passenger", Passenger: want}, target.Options{}),
			Secrets: secrets,
			Replace: func(t *testing.T, p target.Pinned) { replace(t, s, p.Info()) },
		}
	}})
}

// replace kills the process and lets the pool put another in its place.
func replace(t *testing.T, s *passengertest.Server, info target.Info) {
	t.Helper()
	before := s.Await(t, func(*passenger.Instance) bool { return true })
	if err := syscall.Kill(info.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	app := s.Apps[0].Name
	s.Await(t, func(in *passenger.Instance) bool {
		s.Touch(app, "/pid")
		for _, a := range in.Apps {
			for _, p := range a.Processes {
				if _, old := before.Find(p.PID); old == nil && p.Ready() {
					return true
				}
			}
		}
		return false
	})
}

func apache(app passengertest.App) func(t *testing.T) *passengertest.Server {
	return func(t *testing.T) *passengertest.Server { return passengertest.Apache(t, "", app) }
}

func TestPassengerConformance(t *testing.T) {
	two := passengertest.App{Name: "shop", Type: "rack", Processes: 2}
	t.Run("Apache, Ruby, http", func(t *testing.T) { pinsPassenger(t, "http", true, apache(two)) })
	t.Run("Apache, Ruby, session", func(t *testing.T) { pinsPassenger(t, "session", false, apache(two)) })
	t.Run("Apache, Node", func(t *testing.T) {
		pinsPassenger(t, "auto", true, apache(passengertest.App{Name: "chat", Type: "node", Processes: 2}))
	})
	t.Run("Apache, Python", func(t *testing.T) {
		pinsPassenger(t, "auto", false, apache(passengertest.App{Name: "mail", Type: "wsgi", Processes: 2}))
	})
	t.Run("Standalone", func(t *testing.T) {
		pinsPassenger(t, "auto", true, func(t *testing.T) *passengertest.Server {
			return passengertest.Standalone(t, passengertest.App{Name: "shop", Type: "rack"})
		})
	})
	t.Run("Standalone, started for the run", func(t *testing.T) {
		targettest.Run(t, targettest.Subject{KeepsAlive: true, Owned: true, Open: func(t *testing.T) targettest.Fixture {
			sc := scenarios.Target{
				Kind: "passenger", Passenger: &scenarios.Passenger{}, Dir: targettest.AppDir(t), Tighten: true,
				Command: append([]string{"passenger"}, passengertest.StandaloneArgs("${PORT}", passengertest.App{Type: "rack"})...),
			}
			return targettest.Fixture{Target: open(t, sc, target.Options{})}
		}})
	})
}
