package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

// Errors of Serving.
var (
	// ErrNotAccepted: the connection waits in the listener's queue. The server
	// is busy, stopped, or serves one connection at a time.
	ErrNotAccepted = errors.New("no process has taken the connection yet")
	// ErrUnread: a process holds the connection, and has not read what was sent.
	ErrUnread = errors.New("no process has read what was sent on the connection")
	// ErrClosed: the connection is closed at one of its ends.
	ErrClosed = errors.New("the connection is closed")
	// ErrElsewhere: the other end is on another machine, or in a network
	// namespace (a container) that cannot be seen from here.
	ErrElsewhere = errors.New("the other end of the connection is not on this machine, or in another network namespace")
	// ErrHidden: the other end is here, but in no process that can be seen:
	// it runs in another pid namespace (a container).
	ErrHidden = errors.New("the other end of the connection belongs to no process that can be seen from here")
)

// SharedError lists the processes that hold a connection, and go on holding
// it: one has passed it on, or forked since, and either may serve it.
type SharedError []int

func (e SharedError) Error() string {
	return fmt.Sprintf("several processes hold the connection: pids %v", []int(e))
}

// servingLimit bounds Serving where its context has no deadline.
const servingLimit = 3 * time.Second

// Serving finds the process that serves conn: the one that holds its other
// end, and has read what was sent on it. The processes in likely, where one of
// them holds it, are the only ones that are looked at.
//
// The listening socket's owner says nothing: the master and all workers of a preforking
// server hold it, and SO_PEERCRED names the process that called listen. So the holder
// of the connection's own inode is looked for. That holder may still change hands: the
// primary of a Node cluster accepts a connection and passes it on unread. Serving
// therefore waits until the kernel says that everything sent has been read: then the
// reader is among the holders, and there must be one holder only. At least part of a
// request must have been sent on conn before, else an accepting primary is taken for
// the server.
//
// TCP is looked up through sock_diag, or in /proc/net/tcp and tcp6 where that
// is not to be had; a Unix socket through sock_diag.
// TLS connections are looked through. conn may be used meanwhile. Errors are
// those above, SharedError, a context's, and a *fault.Error for want of permission.
func Serving(ctx context.Context, conn net.Conn, likely ...int) (ID, error) {
	for {
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = inner.NetConn()
	}
	var look func() (end, error)
	switch c := conn.(type) {
	case *net.TCPConn:
		look = func() (end, error) { return live.tcpEnd(c.LocalAddr(), c.RemoteAddr()) }
	case *net.UnixConn:
		inode, err := inodeOf(c)
		if err != nil {
			return ID{}, err
		}
		look = func() (end, error) { return unixEnd(inode) }
	default:
		return ID{}, fmt.Errorf("a connection of type %T has no process at its other end", conn)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, servingLimit)
		defer cancel()
	}
	return live.settled(ctx, look, likely)
}

// end is the far end of a connection.
type end struct {
	inode  uint64 // 0: not accepted
	unread bool   // what was sent was not read whole
	uid    int    // -1: unknown
}

// hiddenLooks is how often a connection may be found in nobody's hands: while
// it is passed from process to process, it is in neither.
const hiddenLooks = 8

// settled polls until the far end is in one process's hands.
func (r root) settled(ctx context.Context, look func() (end, error), likely []int) (ID, error) {
	hidden := 0
	for wait := time.Millisecond; ; wait = min(2*wait, 20*time.Millisecond) {
		e, err := look()
		if err != nil {
			return ID{}, err
		}
		switch {
		case e.inode == 0:
			err = ErrNotAccepted
		case e.unread:
			err = ErrUnread
		default:
			var id ID
			id, err = r.holder(e, likely)
			if err == nil {
				return id, nil
			}
			var shared SharedError
			if !errors.As(err, &shared) {
				if hidden++; hidden == hiddenLooks {
					return ID{}, err
				}
			}
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ID{}, ctx.Err()
			}
			return ID{}, err
		case <-time.After(wait):
		}
	}
}

// holder is the one process that holds a socket.
func (r root) holder(e end, likely []int) (ID, error) {
	want := map[uint64]bool{e.inode: true}
	held, _ := r.holders(want, likely)
	closed := 0
	if len(held) == 0 {
		all, err := r.pids()
		if err != nil {
			return ID{}, err
		}
		held, closed = r.holders(want, all)
	}
	pids := held[e.inode]
	switch {
	case len(pids) == 1:
		return r.find(pids[0])
	case len(pids) > 1:
		return ID{}, SharedError(pids)
	case closed > 0:
		return ID{}, denied("the process that answers", e.uid)
	}
	return ID{}, ErrHidden
}

// tcpEnd finds the far end of a TCP connection by its near end's addresses.
func (r root) tcpEnd(local, remote net.Addr) (end, error) {
	near, err1 := addrPort(local)
	far, err2 := addrPort(remote)
	if err := errors.Join(err1, err2); err != nil {
		return end{}, err
	}
	ours, theirs, err := r.pair(near, far)
	switch {
	case err != nil:
		return end{}, err
	case ours == nil || ours.state != stateEstablished:
		return end{}, ErrClosed
	case theirs == nil:
		return end{}, ErrElsewhere
	case theirs.state == stateSynReceived:
		return end{uid: -1}, nil // TCP_DEFER_ACCEPT: accepted when data has come
	case theirs.state != stateEstablished && theirs.state != stateCloseWait:
		return end{}, ErrClosed
	}
	return end{inode: theirs.inode, unread: theirs.unread > 0 || ours.unsent > 0, uid: theirs.uid}, nil
}

// pair finds both ends of a connection; nil where there is none. The kernel
// answers in some 30 microseconds where it has inet_diag and a sandbox allows
// it; its tables take milliseconds to read.
func (r root) pair(near, far netip.AddrPort) (ours, theirs *socket, err error) {
	if r == live {
		if s, err := diagTCP(near, far); err == nil {
			if t, err := diagTCP(far, near); err == nil {
				return &s, &t, nil
			}
			return &s, nil, nil
		}
	}
	for _, table := range [...]string{"/net/tcp", "/net/tcp6"} {
		raw, err := os.ReadFile(string(r) + table)
		if errors.Is(err, os.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, nil, err
		}
		err = parseTCP(raw, func(s socket) bool {
			switch {
			case s.local == near && s.remote == far:
				ours = &s
			case s.local == far && s.remote == near:
				theirs = &s
			}
			return ours == nil || theirs == nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return ours, theirs, nil
}
