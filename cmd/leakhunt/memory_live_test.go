//go:build live

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/units"
)

// maxOwnRSS is how large leakhunt itself may get, in bytes.
const maxOwnRSS = 40 << 20

// TestOwnMemory runs 100 URIs at 4,096 requests each.
func TestOwnMemory(t *testing.T) {
	t.Parallel()
	bin := build(t)
	var sc strings.Builder
	// Not tight: a collector that never rests would take most of the time.
	fmt.Fprintf(&sc, "version: 1\ntarget: {command: [%q, demo, --listen, '127.0.0.1:${PORT}'], tighten: false}\n", bin)
	sc.WriteString("requests: 4096\nruntime: none\nuris:\n")
	for i := range 100 {
		fmt.Fprintf(&sc, "  - /?u=%d\n", i)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "hundred.yaml")
	if err := os.WriteFile(file, []byte(sc.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	// RSS is asked of /proc while it runs: rusage would count its child too.
	cmd := exec.Command(bin, "run", file, "-q", "--fail-on", "never", "-o", "json="+dir+"/result.json", "-o", "table="+dir+"/table.txt")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	peak := make(chan int64, 1)
	go func() { peak <- highWater(cmd.Process.Pid) }()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	got := <-peak
	t.Logf("peak RSS %s for 409,600 requests", units.Bytes(float64(got)))
	if got == 0 || got > maxOwnRSS {
		t.Errorf("peak RSS %d bytes, want 1 to %d", got, maxOwnRSS)
	}
}

// highWater reads VmHWM (proc_pid_status(5)) until the process ends.
func highWater(pid int) (peak int64) {
	for {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return peak
		}
		_, rest, ok := strings.Cut(string(text), "VmHWM:")
		if !ok {
			return peak // a zombie has no memory
		}
		var kb int64
		if _, err := fmt.Sscanf(rest, "%d", &kb); err != nil {
			return peak
		}
		peak = max(peak, kb<<10)
		time.Sleep(10 * time.Millisecond) // the high-water mark does not run away
	}
}
