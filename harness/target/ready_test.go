package target

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// A command that was told a port of its own is asked for in vain at the one that
// was chosen for it: the error says where it does listen.
func TestElsewhere(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "TARGET_TEST_SERVE=127.0.0.1:0")
	child, err := run{argv: []string{exe}, env: env, stop: syscall.SIGTERM}.start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(child.Close)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	at, err := parseURL("http://127.0.0.1:"+port, false)
	if err != nil {
		t.Fatal(err)
	}
	other := ""
	for end := time.Now().Add(time.Minute); other == "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		other = elsewhere(at, child)
	}
	listens, err := parseURL(other, false)
	if err != nil {
		t.Fatalf("%q: %v", other, err)
	}
	if conn, err := listens.dial(t.Context()); err != nil {
		t.Error(err)
	} else if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if other := elsewhere(listens, child); other != "" {
		t.Errorf("it listens where it was meant to, not at %s", other)
	}
}
