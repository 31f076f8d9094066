package memory

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Room is what is left before the kernel ends a process for want of memory, or lets
// nothing go on.
type Room struct {
	Left    int64   // bytes that may still be taken
	Of      int64   // bytes there are, or may be taken
	Group   bool    // that is so of the process's cgroup, or of one above it; else of the machine
	Stalled float64 // percent of the last 10 s in which no task of the group, or of the machine, could go on for want of memory
}

// What must be left: a twentieth, within these bounds. The bounds are a page cache that
// lets programs go on, and what a fast process takes between two looks.
const (
	leastLeft = 8 << 20
	mostLeft  = 256 << 20
	// stalledMost is what systemd-oomd ends processes at, too
	// (DefaultMemoryPressureLimit of oomd.conf(5)).
	stalledMost = 60
)

// keep is how many bytes must be left.
func (r Room) keep() int64 { return min(max(r.Of/20, leastLeft), mostLeft) }

// Spare is how many bytes may be taken before hardly any is left. first is what was left
// to begin with: a machine that others have filled is not short for that.
func (r Room) Spare(first Room) int64 { return r.Left - min(r.keep(), first.Left/2) }

// Short says that hardly any memory is left, or that hardly any task goes on, which
// was not so to begin with.
func (r Room) Short(first Room) bool { return r.Spare(first) < 0 || r.Waits() && !first.Waits() }

// Waits says that hardly any task goes on for want of memory.
func (r Room) Waits() bool { return r.Stalled >= stalledMost }

// Room reads what is left now. It may be called beside the other methods.
func (m *Meter) Room() (Room, error) {
	groups, err := os.ReadFile(m.path("cgroup"))
	if err != nil {
		return Room{}, m.lost(err)
	}
	return room("/proc", cgroups, groups)
}

// room is that of the machine, or of one of the groups, whichever is shorter.
func room(proc, mounted string, groups []byte) (r Room, err error) {
	text, err := os.ReadFile(filepath.Join(proc, "meminfo"))
	if err != nil {
		return r, err
	}
	if r.Of, err = field(text, "MemTotal"); err != nil {
		return r, err
	}
	if r.Left, err = field(text, "MemAvailable"); err != nil {
		return r, err
	}
	if swap, err := field(text, "SwapFree"); err == nil {
		r.Left += swap
	}
	stalled := waiting(filepath.Join(proc, "pressure", "memory"))
	for g := range above(mounted, groups) {
		if g.unified {
			stalled = max(stalled, waiting(filepath.Join(g.dir, "memory.pressure")))
		}
		if of, ok := g.room(); ok && of.Left-of.keep() < r.Left-r.keep() {
			r = of
		}
	}
	r.Stalled = stalled
	return r, nil
}

// room is that of one group; false where it has no limit. What is kept of files the
// kernel gives up before it ends a process. Swap is not counted: a process that swaps is
// not measured any longer.
func (g group) room() (r Room, ok bool) {
	of, used, prefix := g.limit(), "memory.current", ""
	if !g.unified {
		used, prefix = "memory.usage_in_bytes", "total_"
	}
	text, err := os.ReadFile(filepath.Join(g.dir, used))
	if of == 0 || err != nil {
		return Room{}, false
	}
	taken, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || taken < 0 {
		return Room{}, false
	}
	stat, _ := os.ReadFile(filepath.Join(g.dir, "memory.stat"))
	for row := range bytes.Lines(stat) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(row)), " ")
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 && (name == prefix+"inactive_file" || name == prefix+"active_file") {
			taken = max(0, taken-n)
		}
	}
	return Room{Left: max(0, of-taken), Of: of, Group: true}, true
}

// waiting is "full avg10" of a file of pressure stall information, in percent; 0 where
// there is none.
func waiting(name string) float64 {
	text, _ := os.ReadFile(name)
	for row := range bytes.Lines(text) {
		f := strings.Fields(string(row))
		if len(f) < 2 || f[0] != "full" {
			continue
		}
		value, ok := strings.CutPrefix(f[1], "avg10=")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil && n >= 0 && n <= 100 {
			return n
		}
	}
	return 0
}
