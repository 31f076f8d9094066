package proc

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestHasRun(t *testing.T) {
	before, err := HasRun(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 30*time.Millisecond; {
	}
	after, err := HasRun(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if took := after.Since(before); took < time.Millisecond {
		t.Errorf("this process has run for %s", took)
	}
	idle := exec.Command("sleep", "60")
	if err := idle.Start(); err != nil {
		t.Fatal(err)
	}
	defer idle.Wait()         //nolint:errcheck // it is killed
	defer idle.Process.Kill() //nolint:errcheck // it may have ended
	if before, err = HasRun(idle.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if after, err = HasRun(idle.Process.Pid); err != nil || after.Since(before) > 100*time.Millisecond {
		t.Errorf("a process that sleeps has run for %s, %v", after.Since(before), err)
	}
	if _, err := HasRun(1 << 30); err == nil {
		t.Error("a process that is not there has run")
	}
}
