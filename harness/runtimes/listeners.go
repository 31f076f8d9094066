package runtimes

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// listeners are the TCP ports that process pid listens on: the rows in state
// LISTEN (0A) of /proc/PID/net/tcp (proc_pid_net(5)) whose socket it holds.
func listeners(pid int) ([]int, error) {
	held, err := sockets(pid)
	if err != nil {
		return nil, err
	}
	var ports []int
	for _, table := range []string{"tcp", "tcp6"} {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue // a kernel without IPv6
		}
		for _, row := range strings.Split(string(raw), "\n") {
			f := strings.Fields(row)
			if len(f) < 10 || f[3] != "0A" || !held[f[9]] {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			if port, err := strconv.ParseUint(hex, 16, 16); err == nil {
				ports = append(ports, int(port))
			}
		}
	}
	return ports, nil
}

// sockets are the inodes of the sockets that a process holds.
func sockets(pid int) (map[string]bool, error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	for _, e := range entries {
		if link, err := os.Readlink(dir + "/" + e.Name()); err == nil {
			if inode, ok := strings.CutPrefix(link, "socket:["); ok {
				held[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	return held, nil
}
