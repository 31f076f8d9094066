package memory

import (
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cgroups is where control groups are mounted.
const cgroups = "/sys/fs/cgroup"

// group is a cgroup that may limit memory.
type group struct {
	dir     string
	unified bool // of version 2
}

// above are the groups of a process, and those above them. root is where cgroups are
// mounted, groups the text of /proc/PID/cgroup (cgroups(7)). Within a cgroup namespace
// the path begins at the namespace's own root, which is mounted at root.
func above(root string, groups []byte) iter.Seq[group] {
	return func(yield func(group) bool) {
		for row := range strings.Lines(string(groups)) {
			f := strings.SplitN(strings.TrimSpace(row), ":", 3)
			if len(f) != 3 {
				continue
			}
			g := group{dir: root, unified: f[0] == "0" && f[1] == ""}
			switch {
			case g.unified:
			case slices.Contains(strings.Split(f[1], ","), "memory"):
				g.dir = filepath.Join(root, "memory")
			default:
				continue
			}
			for path := filepath.Clean("/" + f[2]); ; path = filepath.Dir(path) {
				if !yield(group{filepath.Join(g.dir, path), g.unified}) {
					return
				}
				if path == "/" {
					break
				}
			}
		}
	}
}

// limit is the smallest memory limit, in bytes, of a process's cgroup and the
// groups above it, 0 where there is none.
func limit(root string, groups []byte) int64 {
	least := int64(0)
	for g := range above(root, groups) {
		if n := g.limit(); n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// limit is the group's own, 0 where there is none: "max" in version 2, a number next to
// 2⁶³ in version 1.
func (g group) limit() int64 {
	name := "memory.limit_in_bytes"
	if g.unified {
		name = "memory.max"
	}
	raw, err := os.ReadFile(filepath.Join(g.dir, name))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
	const unlimited = 1 << 60
	if err != nil || n < 0 || n >= unlimited {
		return 0
	}
	return n
}
