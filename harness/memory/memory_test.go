package memory

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// TestMain lets the test binary be the child process that is measured: it
// lives until its standard input ends.
func TestMain(m *testing.M) {
	if os.Getenv("LEAKHUNT_TEST_CHILD") == "1" {
		_, _ = io.WriteString(os.Stdout, "up\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child starts a process and returns when it runs.
func child(t *testing.T) (*exec.Cmd, proc.ID) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LEAKHUNT_TEST_CHILD=1")
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
	if _, err := io.ReadFull(out, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	return cmd, identify(t, cmd.Process.Pid)
}

func identify(t testing.TB, pid int) proc.ID {
	t.Helper()
	id, err := proc.Find(pid)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func open(t testing.TB, id proc.ID) *Meter {
	t.Helper()
	m, err := Open(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func self(t testing.TB) *Meter {
	t.Helper()
	return open(t, identify(t, os.Getpid()))
}

// every is every way to read a Meter.
func every(m *Meter) map[string]func() error {
	return map[string]func() error{
		"RSS":          func() error { _, err := m.RSS(); return err },
		"Read":         func() error { _, err := m.Read(); return err },
		"Exact":        func() error { _, err := m.Exact(); return err },
		"Peak":         func() error { _, err := m.Peak(); return err },
		"ResetPeak":    m.ResetPeak,
		"Touched":      func() error { _, err := m.Touched(); return err },
		"ResetTouched": m.ResetTouched,
		"Facts":        func() error { _, err := m.Facts(); return err },
	}
}

// TestLost: a process that is no more, at each stage, is an error in each way
// of reading, and never a figure.
func TestLost(t *testing.T) {
	cmd, id := child(t)
	m := open(t, id)
	for name, read := range every(m) {
		if err := read(); err != nil {
			t.Errorf("%s of a living process: %v", name, err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// Until it is waited for it stays a zombie; waitid says when it is one.
	if err := unix.Waitid(unix.P_PID, id.PID, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	for name, read := range every(m) {
		if err := read(); !errors.Is(err, proc.ErrZombie) {
			t.Errorf("%s of a zombie: %v", name, err)
		}
	}
	if _, err := Open(id); !errors.Is(err, proc.ErrZombie) {
		t.Errorf("Open of a zombie: %v", err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("a killed process ended well")
	}
	for name, read := range every(m) {
		if err := read(); !errors.Is(err, proc.ErrGone) {
			t.Errorf("%s of nobody: %v", name, err)
		}
	}
	if _, err := Open(id); !errors.Is(err, proc.ErrGone) {
		t.Errorf("Open of nobody: %v", err)
	}
}

// TestEnding: a process that has given its memory back, and is no zombie yet, has
// a status without sizes.
func TestEnding(t *testing.T) {
	_, id := child(t)
	m := open(t, id)
	raw, err := m.readStatus()
	if err != nil {
		t.Fatal(err)
	}
	ending := regexp.MustCompile(`(?m)^(Vm|Rss)\w+:.*\n`).ReplaceAll(raw, nil)
	path := filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(path, ending, 0o600); err != nil {
		t.Fatal(err)
	}
	status, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.status.Close(); err != nil {
		t.Fatal(err)
	}
	m.status = status // closed with the meter
	for name, read := range map[string]func() error{"Read": every(m)["Read"], "Peak": every(m)["Peak"]} {
		if err := read(); !errors.Is(err, proc.ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReplaced: a pid whose start ticks are others is another process, in all
// that is read at block edges.
func TestReplaced(t *testing.T) {
	_, id := child(t)
	m := open(t, id)
	m.id.Start++
	for name, read := range every(m) {
		if name == "RSS" || name == "Peak" {
			continue // checked at block edges, by Read
		}
		if err := read(); !errors.Is(err, proc.ErrReplaced) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(m.id); !errors.Is(err, proc.ErrReplaced) {
		t.Errorf("Open: %v", err)
	}
}

// region maps size bytes and writes to each page; the second result unmaps it.
func region(t *testing.T, size int) (touch, unmap func()) {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	touch = func() {
		for i := 0; i < len(mem); i += os.Getpagesize() {
			mem[i]++
		}
	}
	return touch, func() {
		if err := unix.Munmap(mem); err != nil {
			t.Error(err)
		}
	}
}

// TestFigures: what a process takes appears in each figure, and what it gives
// back goes, but for the peak.
func TestFigures(t *testing.T) {
	const size, tolerance = 64 << 20, 16 << 20
	m := self(t)
	near := func(what string, got, want int64) {
		t.Helper()
		if got < want-tolerance || got > want+tolerance {
			t.Errorf("%s: %d bytes, want about %d", what, got, want)
		}
	}
	read := func() (Reading, Reading) {
		t.Helper()
		r, err := m.Read()
		e, err2 := m.Exact()
		if err := errors.Join(err, err2, m.ResetPeak()); err != nil {
			t.Fatal(err)
		}
		return r, e
	}
	r0, e0 := read()
	near("RSS by either way", r0.RSS, e0.RSS)
	near("anonymous by either way", r0.Anon, e0.Anon)
	if r0.Anon <= 0 || r0.Anon > r0.RSS {
		t.Errorf("anonymous %d of %d bytes", r0.Anon, r0.RSS)
	}
	touch, unmap := region(t, size)
	touch()
	r1, e1 := read()
	near("RSS of 64 MiB", r1.RSS-r0.RSS, size)
	near("anonymous of 64 MiB", r1.Anon-r0.Anon, size)
	near("exact RSS of 64 MiB", e1.RSS-e0.RSS, size)
	near("exact anonymous of 64 MiB", e1.Anon-e0.Anon, size)

	if err := m.ResetTouched(); err != nil {
		t.Fatal(err)
	}
	before, err := m.Touched()
	if err != nil {
		t.Fatal(err)
	}
	near("touched since the reset", before, 0)
	touch()
	after, err := m.Touched()
	if err != nil {
		t.Fatal(err)
	}
	near("touched anew", after-before, size)

	unmap()
	r2, _ := m.Read()
	near("RSS given back", r2.RSS, r0.RSS)
	peak, err := m.Peak()
	if err != nil {
		t.Fatal(err)
	}
	near("peak", peak-r2.RSS, size)
	if err := m.ResetPeak(); err != nil {
		t.Fatal(err)
	}
	peak, err = m.Peak()
	if err != nil {
		t.Fatal(err)
	}
	near("peak after its reset", peak-r2.RSS, 0)
}

func TestForbidden(t *testing.T) {
	err := forbidden(os.Getpid(), os.ErrPermission)
	if fault.KindOf(err) != fault.Measure || !errors.Is(err, os.ErrPermission) ||
		!strings.Contains(fault.HintOf(err), "sudo -u ") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
}

func TestFactsOfThis(t *testing.T) {
	f, err := self(t).Facts()
	if err != nil {
		t.Fatal(err)
	}
	if f.PageBytes != os.Getpagesize() || f.Threads < 1 || f.CPUs < 1 || f.Kernel == "" || f.RSSError < 0 {
		t.Errorf("%+v", f)
	}
}

func BenchmarkReading(b *testing.B) {
	m := self(b)
	for name, read := range every(m) {
		if name == "RSS" || name == "Read" || name == "Exact" {
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := read(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
