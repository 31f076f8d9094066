package runtimes

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What a killed run has left is removed by the next one; what another run uses, what was
// just made, and what is somebody else's stays.
func TestSweep(t *testing.T) {
	base := t.TempDir()
	lay := func(name string, files ...string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(base, name, "ruby"), 0o700); err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			if err := os.Remove(filepath.Join(base, name, "ruby")); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(base, name, f), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	lay("leakhunt-1", lockName)      // killed
	lay("leakhunt-2")                // killed before it made the lock
	lay("leakhunt-3", "something")   // no folder of agents
	lay("leakhunt-4242-1", lockName) // another name
	lay("other-1", lockName)         // another program's
	used, err := newScratch(base)
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(base, name))
		return err == nil
	}
	for _, name := range []string{"leakhunt-1", "leakhunt-2"} {
		if !has(name) {
			t.Errorf("%s was just made, and is gone", name)
		}
	}
	sweep(base, time.Now().Add(2*making))
	for name, want := range map[string]bool{
		"leakhunt-1": false, "leakhunt-2": false, "leakhunt-3": true, "leakhunt-4242-1": true, "other-1": true, filepath.Base(used.path): true,
	} {
		if has(name) != want {
			t.Errorf("%s is there: %t", name, !want)
		}
	}
	used.remove()
	if has(filepath.Base(used.path)) {
		t.Error("it is left behind")
	}
}
