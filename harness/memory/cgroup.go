package memory

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// limit is the smallest memory limit, in bytes, of a process's cgroup and the
// groups above it, 0 where there is none. root is where cgroups are mounted,
// groups the text of /proc/PID/cgroup (cgroups(7)). Within a cgroup namespace
// the path begins at the namespace's own root, which is mounted at root.
func limit(root string, groups []byte) int64 {
	least := int64(0)
	for row := range strings.Lines(string(groups)) {
		f := strings.SplitN(strings.TrimSpace(row), ":", 3)
		if len(f) != 3 {
			continue
		}
		dir, file := "", ""
		switch {
		case f[0] == "0" && f[1] == "":
			dir, file = root, "memory.max"
		case slices.Contains(strings.Split(f[1], ","), "memory"):
			dir, file = filepath.Join(root, "memory"), "memory.limit_in_bytes"
		default:
			continue
		}
		for path := filepath.Clean("/" + f[2]); ; path = filepath.Dir(path) {
			n := readLimit(filepath.Join(dir, path, file))
			if n > 0 && (least == 0 || n < least) {
				least = n
			}
			if path == "/" {
				break
			}
		}
	}
	return least
}

// readLimit is the limit in a file, 0 where there is none: "max" in version 2,
// a number next to 2⁶³ in version 1.
func readLimit(name string) int64 {
	raw, err := os.ReadFile(name)
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
