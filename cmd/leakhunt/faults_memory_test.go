package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// faultsOfMemory are those of a machine that has none left, or hardly any. They need
// root: a cgroup of their own, or files in the place of the kernel's.
func faultsOfMemory() []faulty {
	meminfo := func(available int) string {
		return fmt.Sprintf("MemTotal: 8388608 kB\nMemFree: 65536 kB\nMemAvailable: %d kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", available<<10)
	}
	pressure := func(percent int) string {
		return fmt.Sprintf("some avg10=99.00 avg60=9.00 avg300=9.00 total=1\nfull avg10=%d.00 avg60=9.00 avg300=9.00 total=1\n", percent)
	}
	return []faulty{
		{
			name: "its cgroup is nearly full", yaml: of(20_000, "/leak"), wired: inGroup(256 << 20), codes: settled,
			says: "the cgroup of the process has", kept: aResult,
		},
		{
			name: "the machine's memory is nearly full", yaml: long, files: map[string]string{"meminfo": meminfo(4096)},
			wired: instead("meminfo", "/proc/meminfo"), do: func(t *testing.T, c *trial) { c.write(t, "meminfo", meminfo(200)) },
			codes: settled, says: "the machine has 200", kept: aResult,
		},
		{
			name: "nothing goes on for want of memory", yaml: long, files: map[string]string{"pressure": pressure(5)},
			wired: instead("pressure", "/proc/pressure/memory"), do: func(t *testing.T, c *trial) { c.write(t, "pressure", pressure(85)) },
			codes: settled, says: "nothing could go on for 85", kept: aResult,
		},
		{
			name: "one request takes all that its cgroup has", yaml: "timeout: 60s\n" + of(5000, "/", "/takes"), wired: inGroup(160 << 20),
			codes: whatever, says: "the cgroup of the process has", kept: aResult,
		},
	}
}

// shell has the command started by a shell, which does something before.
func (c *trial) shell(before string, more ...string) {
	c.cmd.Args = append(append(append([]string{}, more...), "sh", "-c", before+`; exec "$0" "$@"`, c.cmd.Path), c.cmd.Args[1:]...)
	c.cmd.Path = "/bin/sh"
	if len(more) > 0 {
		c.cmd.Path = more[0]
	}
}

// inGroup starts leakhunt, and so the application, in a cgroup that may take so much. The
// kernel may not have ended anything in it.
func inGroup(limit int) func(*testing.T, *trial) {
	return func(t *testing.T, c *trial) {
		t.Helper()
		dir, most, killed := "/sys/fs/cgroup", "memory.max", "memory.events"
		if _, err := os.Stat(dir + "/cgroup.controllers"); err != nil { // version 1
			dir, most, killed = "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.oom_control"
		}
		group := filepath.Join(dir, fmt.Sprintf("leakhunt-fault-%d", os.Getpid()))
		if err := os.Mkdir(group, 0o755); err != nil {
			t.Fatalf("a cgroup: %v", err)
		}
		if err := os.WriteFile(filepath.Join(group, most), []byte(fmt.Sprint(limit)), 0o644); err != nil {
			t.Fatalf("a cgroup: %v", err)
		}
		c.shell("echo $$ >" + filepath.Join(group, "cgroup.procs"))
		c.last = append(c.last, func() {
			text, err := os.ReadFile(filepath.Join(group, killed))
			if err != nil || !strings.Contains(string(text), "oom_kill 0\n") {
				t.Errorf("the kernel ended something: %v\n%s", err, text)
			}
			if err := os.Remove(group); err != nil {
				t.Errorf("the cgroup: %v", err)
			}
		})
	}
}

// instead starts leakhunt where a file of the test stands in the place of one of the
// kernel's.
func instead(file, of string) func(*testing.T, *trial) {
	return func(_ *testing.T, c *trial) {
		c.shell(fmt.Sprintf("mount --bind %s %s", filepath.Join(c.dir, file), of), "/usr/bin/unshare", "-m")
	}
}
