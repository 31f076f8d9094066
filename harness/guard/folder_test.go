package guard

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// killedWith makes a folder, and is killed.
func killedWith(folder string) {
	if _, err := Folder(folder); err != nil {
		panic(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "within"), 0o700); err != nil {
		panic(err)
	}
	_ = unix.Kill(os.Getpid(), unix.SIGKILL)
}

func TestFolderOfAKilledProgramIsRemoved(t *testing.T) {
	base := t.TempDir()
	folder := filepath.Join(base, "made")
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "GUARD_TEST_FOLDER="+folder)
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("it was not killed: %v", err)
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if left, err := os.ReadDir(base); err == nil && len(left) == 0 {
			return
		}
		if time.Now().After(until) {
			t.Fatal("the folder is left behind")
		}
	}
}

func TestFolderIsReleased(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "never made")
	release, err := Folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	release() // waits for the process
}
