//go:build live

package runtimes

import (
	"os"
	"os/exec"
	"testing"
)

// A daemon closes what it has not opened, and its own files have the agent's
// numbers then: they are neither read nor closed, and the agent opens its own anew.
func TestLiveAgentOfADaemon(t *testing.T) {
	env, cleanup, err := Preload("python", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cleanup)
	cmd := exec.Command("python3", "testdata/python/daemon.py")
	cmd.Env = append(os.Environ(), env...)
	said, err := cmd.CombinedOutput() // ends with the daemon, which holds it open
	if want := "worker: untouched, agent True\nparent: untouched, agent True\n"; err != nil || string(said) != want {
		t.Errorf("%q, %v, want %q", said, err, want)
	}
}
