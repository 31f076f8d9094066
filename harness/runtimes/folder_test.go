package runtimes

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	f, err := newFolder(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if err := f.room(math.MaxInt64, math.MaxInt64); err == nil || !strings.Contains(err.Error(), "and /tmp has ") {
		t.Errorf("room for everything: %v", err)
	}
	if err := os.WriteFile(filepath.Join(f.path, "heap"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.remove()
	if _, err := os.Stat(f.path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := newFolder(1 << 30); err == nil {
		t.Error("a folder of a process that is not there")
	}
}

// A disc in memory has no more room than the process may take.
func TestDiscInMemory(t *testing.T) {
	f := &folder{at: "/dev/shm", path: "/dev/shm/x"}
	if _, inMemory, err := discSpace(f.at); err != nil || !inMemory {
		t.Fatalf("/dev/shm lies in memory: %v, %v", inMemory, err)
	}
	if err := f.room(2, 1); err == nil || !strings.Contains(err.Error(), "/dev/shm has 1 B left") {
		t.Error(err)
	}
}
