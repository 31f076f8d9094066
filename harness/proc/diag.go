package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// The Unix part of sock_diag(7), include/uapi/linux/unix_diag.h.
const (
	showPeer   = 0x04
	showQueues = 0x10
	attrPeer   = 2
	attrQueues = 4
	attrEnded  = 6 // the shutdown mask, always sent
	diagMsgLen = 16
)

// unixSocket is what sock_diag says of one Unix socket.
type unixSocket struct {
	peer   uint64 // inode of the other end; 0: not accepted, or closed
	paired bool   // has a peer
	unread uint32 // bytes that have arrived and were not read
	ended  bool   // the other end will send no more
}

// inodeOf is the inode of our own end of a connection.
func inodeOf(c *net.UnixConn) (uint64, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var st unix.Stat_t
	if cerr := raw.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &st) }); cerr != nil {
		return 0, ErrClosed
	}
	return st.Ino, err
}

// unixEnd finds the far end of a Unix connection by the inode of its near end.
func unixEnd(inode uint64) (end, error) {
	ours, err := diagUnix(inode)
	if err != nil {
		return end{}, err
	}
	switch {
	case !ours.paired || ours.ended:
		return end{}, ErrClosed
	case ours.peer == 0:
		return end{uid: -1}, nil
	}
	theirs, err := diagUnix(ours.peer)
	if errors.Is(err, ErrClosed) {
		// unix_diag looks in one network namespace: ours.
		return end{inode: ours.peer, uid: -1}, nil
	}
	if err != nil {
		return end{}, err
	}
	return end{inode: ours.peer, unread: theirs.unread > 0, uid: -1}, nil
}

// diagUnix asks the kernel about one Unix socket.
func diagUnix(inode uint64) (unixSocket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return unixSocket{}, fmt.Errorf("sock_diag: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written that could be lost
	var req [unix.SizeofNlMsghdr + 24]byte
	h := binary.NativeEndian
	h.PutUint32(req[0:], uint32(len(req)))
	h.PutUint16(req[4:], unix.SOCK_DIAG_BY_FAMILY)
	h.PutUint16(req[6:], unix.NLM_F_REQUEST)
	body := req[unix.SizeofNlMsghdr:]
	body[0] = unix.AF_UNIX
	h.PutUint32(body[4:], 1<<32-1) // in any state
	h.PutUint32(body[8:], uint32(inode))
	h.PutUint32(body[12:], showPeer|showQueues)
	h.PutUint64(body[16:], 1<<64-1) // no cookie
	if err := unix.Sendto(fd, req[:], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return unixSocket{}, fmt.Errorf("sock_diag: %w", err)
	}
	buf := make([]byte, os.Getpagesize())
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return unixSocket{}, fmt.Errorf("sock_diag: %w", err)
	}
	return parseDiag(buf[:n])
}

// parseDiag reads the answer to a request for one Unix socket. ErrClosed means
// that there is no such socket.
func parseDiag(raw []byte) (unixSocket, error) {
	msgs, err := syscall.ParseNetlinkMessage(raw)
	if err != nil || len(msgs) == 0 {
		return unixSocket{}, errors.New("sock_diag: an answer without a message")
	}
	m := msgs[0]
	h := binary.NativeEndian
	if m.Header.Type == unix.NLMSG_ERROR {
		if len(m.Data) < 4 {
			return unixSocket{}, errors.New("sock_diag: an error without a number")
		}
		no := syscall.Errno(-int32(h.Uint32(m.Data)))
		if no == syscall.ENOENT {
			return unixSocket{}, ErrClosed
		}
		return unixSocket{}, fmt.Errorf("sock_diag: %w", no)
	}
	if m.Header.Type != unix.SOCK_DIAG_BY_FAMILY || len(m.Data) < diagMsgLen || m.Data[0] != unix.AF_UNIX {
		return unixSocket{}, errors.New("sock_diag: an answer about something else")
	}
	var s unixSocket
	for attrs := m.Data[diagMsgLen:]; len(attrs) >= 4; {
		n := int(h.Uint16(attrs))
		if n < 4 || n > len(attrs) {
			return unixSocket{}, errors.New("sock_diag: an attribute of impossible length")
		}
		switch value := attrs[4:n]; {
		case h.Uint16(attrs[2:]) == attrPeer && len(value) >= 4:
			s.peer, s.paired = uint64(h.Uint32(value)), true
		case h.Uint16(attrs[2:]) == attrQueues && len(value) >= 8:
			s.unread = h.Uint32(value)
		case h.Uint16(attrs[2:]) == attrEnded && len(value) >= 1:
			s.ended = value[0]&1 != 0 // RCV_SHUTDOWN
		}
		attrs = attrs[min((n+3)&^3, len(attrs)):]
	}
	return s, nil
}
