package proc

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// holders finds which of the processes hold which of the sockets, by inode, and
// counts the processes that may not be looked into. The kernel takes 20 to 60
// microseconds a process for that, so every CPU helps.
func (r root) holders(want map[uint64]bool, pids []int) (held map[uint64][]int, closed int) {
	held = map[uint64][]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), 1+len(pids)/16) {
		wg.Go(func() {
			buf := make([]byte, 8<<10)
			for i := int(next.Add(1)) - 1; i < len(pids); i = int(next.Add(1)) - 1 {
				err := r.sockets(pids[i], buf, func(inode uint64) {
					if !want[inode] {
						return
					}
					mu.Lock()
					defer mu.Unlock()
					if !slices.Contains(held[inode], pids[i]) {
						held[inode] = append(held[inode], pids[i])
					}
				})
				if errors.Is(err, fs.ErrPermission) {
					mu.Lock()
					closed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for _, pids := range held {
		slices.Sort(pids)
	}
	return held, closed
}

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
	if err != nil {
		return 0, false // not the largest number there is, which ParseUint returns
	}
	return inode, true
}

// sockets calls yield with the inode of every socket that a process holds. buf
// is scratch space. It makes its system calls itself: os.File would make half
// as many again.
func (r root) sockets(pid int, buf []byte, yield func(inode uint64)) error {
	dir, err := unix.Open(r.path(pid, "fd"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir) //nolint:errcheck // only read from
	var names []string
	var target [64]byte
	for {
		n, err := unix.Getdents(dir, buf)
		if err != nil || n <= 0 {
			return err
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
		for _, name := range names {
			n, err := unix.Readlinkat(dir, name, target[:])
			if errors.Is(err, fs.ErrPermission) {
				return err
			}
			if n <= 0 {
				continue // closed meanwhile
			}
			if inode, ok := parseSocketLink(string(target[:n])); ok {
				yield(inode)
			}
		}
		if n < len(buf)/2 {
			return nil // the kernel had no more: there was room for it
		}
	}
}

func addrPort(a net.Addr) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port()), nil
}
