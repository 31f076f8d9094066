package memory

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"leakhunt/harness/fault"
)

// atRest starts a process whose memory stands still, and opens a meter on it.
func atRest(t *testing.T) *Meter {
	t.Helper()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	if _, err := io.WriteString(in, "up\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	return open(t, identify(t, cmd.Process.Pid))
}

// descriptor makes the meter read another file after each request.
func descriptor(t *testing.T, m *Meter, name string) {
	t.Helper()
	other, err := openStatm(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.statm.close(); err != nil {
		t.Fatal(err)
	}
	m.statm = other // closed with the meter
}

// TestDescriptorOfSomethingElse: a descriptor that shows another process, or
// stands still one page beside the truth, is an error of Read.
func TestDescriptorOfSomethingElse(t *testing.T) {
	m := atRest(t)
	rss, err := m.RSS()
	if err != nil {
		t.Fatal(err)
	}
	constant := func(bytes int64) string {
		name := filepath.Join(t.TempDir(), "statm")
		text := fmt.Sprintf("999999 %d 1 1 0 1 0\n", bytes/m.statm.page)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, tc := range []struct {
		name, file string
		bad        bool
	}{
		{"its own", m.path("statm"), false},
		{"constant, and right", constant(rss), false},
		{"a page too much", constant(rss + m.statm.page), true},
		{"a page too little", constant(rss - m.statm.page), true},
		{"another process", "/proc/self/statm", true},
	} {
		descriptor(t, m, tc.file)
		_, err := m.Read()
		if (err != nil) != tc.bad {
			t.Errorf("%s: %v", tc.name, err)
		}
		if tc.bad && (fault.KindOf(err) != fault.Measure || fault.HintOf(err) == "" ||
			!strings.Contains(err.Error(), fmt.Sprintf("gopsutil reads %d", rss))) {
			t.Errorf("%s: %v; %s", tc.name, err, fault.HintOf(err))
		}
	}
}

// TestAnotherProc: HOST_PROC, which agents of monitoring set, leads gopsutil to
// the processes of another /proc; a meter stays with those of this one. Where
// gopsutil did read another, that would be an error.
func TestAnotherProc(t *testing.T) {
	root := t.TempDir()
	m := atRest(t)
	dir := filepath.Join(root, fmt.Sprint(m.id.PID))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "statm"), []byte("999999 99999 1 1 0 1 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOST_PROC", root)
	if _, err := m.Read(); err != nil {
		t.Errorf("HOST_PROC is set: %v", err)
	}
	m.ctx = within(root)
	if r, err := m.Read(); err == nil {
		t.Errorf("gopsutil reads another /proc: %+v", r)
	}
}

// TestBusy: memory that comes and goes all the time, in several threads, is no
// disagreement.
func TestBusy(t *testing.T) {
	m := self(t)
	done := make(chan struct{})
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				touch, unmap := region(t, 64<<10<<(2*i))
				touch()
				unmap()
			}
		})
	}
	for range 2000 {
		if _, err := m.Read(); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	all.Wait()
}

// TestClosed: a meter that is closed reads nobody's memory, whoever has got its
// descriptors since.
func TestClosed(t *testing.T) {
	m := atRest(t)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for range 8 { // more than are free below it
		other, err := openStatm("/proc/self/statm")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.close() })
	}
	if rss, err := m.RSS(); err == nil {
		t.Errorf("%d bytes", rss)
	}
	if err := m.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
}

// TestNoAllocations: the reading after each request leaves nothing to collect.
func TestNoAllocations(t *testing.T) {
	m := self(t)
	n := testing.AllocsPerRun(1000, func() {
		if _, err := m.RSS(); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%.2f allocations a reading", n)
	}
}
