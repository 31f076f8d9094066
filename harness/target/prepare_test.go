package target_test

import (
	"net"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/target"
	"leakhunt/scenarios"
)

// The next process starts while the present one is measured, is the one that a restart
// takes, and is ended with the target where no restart comes.
func TestPrepare(t *testing.T) {
	sc := scenarios.Target{
		Kind: "command", Command: []string{testBinary}, Ready: scenarios.Ready{URI: "/clean"},
		Env: []string{"TARGET_TEST_SERVE=127.0.0.1:${PORT}"},
	}
	p, err := open(t, sc, target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	first := p.Process()
	p.(target.Preparer).Prepare(t.Context(), 2)
	coming := target.Coming(p)
	if err := p.Check(t.Context(), nil); err != nil {
		t.Errorf("beside the next process the present one is no longer itself: %v", err)
	}
	if err := p.(target.Restarter).Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.Process() != coming || first.Check() == nil || p.Info().Restarts != 1 || p.Info().PID != coming.PID {
		t.Errorf("it was %v, %v was prepared, and it is %v, restarts %d", first, coming, p.Process(), p.Info().Restarts)
	}
	p.(target.Preparer).Prepare(t.Context(), 2)
	coming = target.Coming(p) // that was prepared first, too
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if coming.Check() == nil {
		t.Errorf("%v was prepared, and is left behind", coming)
	}
}

// A command that listens at a port of its own cannot be there twice.
func TestPrepareOnOnePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	sc := scenarios.Target{
		Kind: "command", Command: []string{testBinary}, Ready: scenarios.Ready{URI: "/clean"}, Port: port,
		Env: []string{"TARGET_TEST_SERVE=127.0.0.1:${PORT}"},
	}
	p, err := open(t, sc, target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	defer p.Close()
	first := p.Process()
	p.(target.Preparer).Prepare(t.Context(), 2)
	if err := p.(target.Restarter).Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.Process() == first {
		t.Error("no fresh process came")
	}
}
