package proc

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// holders finds which of the processes hold which of the sockets, by inode, and
// counts the processes that may not be looked into.
func (r root) holders(want map[uint64]bool, pids []int) (held map[uint64][]int, closed int) {
	held = map[uint64][]int{}
	for _, pid := range pids {
		err := r.sockets(pid, func(inode uint64) {
			if want[inode] && !last(held[inode], pid) {
				held[inode] = append(held[inode], pid)
			}
		})
		if errors.Is(err, fs.ErrPermission) {
			closed++
		}
	}
	return held, closed
}

func last(pids []int, pid int) bool { return len(pids) > 0 && pids[len(pids)-1] == pid }

// parseSocketLink reads the target of a link in /proc/PID/fd: socket:[4711].
func parseSocketLink(link string) (uint64, bool) {
	digits, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, "]")
	if !ok {
		return 0, false
	}
	inode, err := strconv.ParseUint(digits, 10, 64)
	return inode, err == nil
}

// sockets calls yield with the inode of every socket that a process holds.
func (r root) sockets(pid int, yield func(inode uint64)) error {
	dir, err := os.Open(r.path(pid, "fd"))
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		link, err := readlinkAt(dir, name)
		if errors.Is(err, fs.ErrPermission) {
			return err
		}
		if inode, ok := parseSocketLink(link); ok {
			yield(inode)
		}
	}
	return nil
}

func addrPort(a net.Addr) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port()), nil
}
