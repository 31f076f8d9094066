package proc

import (
	"errors"
	"net/netip"
	"os"
)

// Listener is a socket that accepts connections.
type Listener struct {
	Network string         // "tcp" or "unix"
	Addr    netip.AddrPort // TCP; [::] accepts IPv4 too unless the server forbade it
	Path    string         // Unix; an abstract name begins with @
	PIDs    []int          // who holds it, ascending; a master and its workers all do
	// UID is who made a TCP socket; -1 for a Unix socket.
	UID int
}

// Listeners lists what accepts connections in this network namespace, and
// counts the processes that may not be looked into: where a listener has no
// PIDs, one of them holds it, or a process in another pid namespace.
func Listeners() (found []Listener, closed int, err error) { return live.listeners() }

func (r root) listeners() ([]Listener, int, error) {
	var found []Listener
	var inodes []uint64
	for _, table := range [...]string{"/net/tcp", "/net/tcp6"} {
		raw, err := os.ReadFile(string(r) + table)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = parseTCP(raw, func(s socket) bool {
				if s.state == stateListen {
					found = append(found, Listener{Network: "tcp", Addr: s.local, UID: s.uid})
					inodes = append(inodes, s.inode)
				}
				return true
			})
		}
		if err != nil {
			return nil, 0, err
		}
	}
	raw, err := os.ReadFile(string(r) + "/net/unix")
	if err != nil {
		return nil, 0, err
	}
	named, err := parseUnix(raw)
	if err != nil {
		return nil, 0, err
	}
	for _, u := range named {
		found = append(found, Listener{Network: "unix", Path: u.path, UID: -1})
		inodes = append(inodes, u.inode)
	}
	want := make(map[uint64]bool, len(inodes))
	for _, inode := range inodes {
		want[inode] = true
	}
	pids, err := r.pids()
	if err != nil {
		return nil, 0, err
	}
	held, closed := r.holders(want, pids)
	for i, inode := range inodes {
		found[i].PIDs = held[inode]
	}
	return found, closed, nil
}
