package load

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// awaitMost is how long a thread waits for an answer. Where one takes longer,
// what is saved does not matter.
const awaitMost = 2 * time.Millisecond

// awaiting returns a function that waits until there is something to read, for
// awaitMost and not beyond the deadline of the request. It is nil where Go must wait.
//
// Go's own way is a read that fails, a goroutine that parks, and two looks at all
// connections: 6 µs more, a sixth of a request to a fast server. To wait longer,
// and to end that with a deadline or a context, is left to Go. So is all waiting
// within TLS, where what was sent may be here while nothing more comes.
func (l *link) awaiting() func(fd uintptr) {
	switch l.Conn.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil
	}
	if l.raw == nil {
		return nil
	}
	polled := make([]unix.PollFd, 1)
	var limit unix.Timespec
	return func(fd uintptr) {
		wait := awaitMost
		if !l.w.until.IsZero() {
			wait = min(wait, time.Until(l.w.until))
		}
		if wait <= 0 {
			return
		}
		limit = unix.NsecToTimespec(int64(wait))
		polled[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		_, _ = unix.Ppoll(polled, &limit, nil)
	}
}

// acknowledge sends at once what would be acknowledged later. A server that
// writes head and body apart holds the body back until the head is acknowledged
// (RFC 896, Nagle). For that a client takes up to 40 ms. It is called when some
// of an answer is here and more is read, since TCP_QUICKACK sends what is due and
// does not last (tcp(7)). Set before the first byte it would cost each request a
// packet, some 5 µs. Within TLS a record may come in parts, so there it is set
// before each read.
func acknowledge(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
}

// probing returns a function that looks whether a kept connection has anything to
// read, its end included.
func (l *link) probing() func(fd uintptr) {
	var b [1]byte
	return func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		l.stale = err != syscall.EAGAIN
	}
}
