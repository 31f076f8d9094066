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
	want := "worker: untouched, agent True\nparent: untouched, agent True\n"
	if said := odd(t, "python", "python3", "testdata/python/daemon.py"); said != want {
		t.Errorf("%q, want %q", said, want)
	}
}

// Another thread of the application may be making files: with a umask that the
// agent sets for its socket they would have a wrong mode.
func TestLiveAgentLeavesTheUmask(t *testing.T) {
	if said := odd(t, "node", "node", "testdata/node/umask.js"); said != "mode 600, others [], umask 0\n" {
		t.Errorf("%q", said)
	}
}

// odd runs a program with the agent to its end, and returns all that it said.
func odd(t *testing.T, language string, argv ...string) string {
	t.Helper()
	env, cleanup, err := Preload(language, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cleanup)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	said, err := cmd.CombinedOutput() // ends with whoever holds it open
	if err != nil {
		t.Errorf("%v", err)
	}
	return string(said)
}
