package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Of sock_diag(7), include/uapi/linux/unix_diag.h and inet_diag.h.
const (
	showPeer   = 0x04
	showQueues = 0x10
	attrPeer   = 2
	attrQueues = 4
	attrEnded  = 6 // the shutdown mask, always sent
	unixMsgLen = 16
	tcpMsgLen  = 72
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

// diagUnix asks the kernel about one Unix socket. ErrClosed means that there is
// no such socket.
func diagUnix(inode uint64) (unixSocket, error) {
	req := make([]byte, 24) // struct unix_diag_req
	h := binary.NativeEndian
	req[0] = unix.AF_UNIX
	h.PutUint32(req[4:], 1<<32-1) // in any state
	h.PutUint32(req[8:], uint32(inode))
	h.PutUint32(req[12:], showPeer|showQueues)
	h.PutUint64(req[16:], 1<<64-1) // no cookie
	raw, err := diag(req)
	if err != nil {
		return unixSocket{}, err
	}
	return parseUnixDiag(raw)
}

// diagTCP asks the kernel about the TCP socket with these two ends
// (include/uapi/linux/inet_diag.h). ErrClosed means that there is none, or that
// this kernel has no inet_diag.
func diagTCP(local, remote netip.AddrPort) (socket, error) {
	req := make([]byte, 56) // struct inet_diag_req_v2
	h := binary.NativeEndian
	req[0], req[1] = unix.AF_INET6, unix.IPPROTO_TCP
	if local.Addr().Is4() {
		req[0] = unix.AF_INET
	}
	h.PutUint32(req[4:], 1<<32-1) // in any state
	binary.BigEndian.PutUint16(req[8:], local.Port())
	binary.BigEndian.PutUint16(req[10:], remote.Port())
	copy(req[12:28], local.Addr().AsSlice())
	copy(req[28:44], remote.Addr().AsSlice())
	h.PutUint64(req[48:], 1<<64-1) // no cookie
	raw, err := diag(req)
	if err != nil {
		return socket{}, err
	}
	return parseTCPDiag(raw)
}

// diag sends one request to sock_diag(7) and returns its answer.
func diag(body []byte) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written that could be lost
	req := make([]byte, unix.SizeofNlMsghdr, unix.SizeofNlMsghdr+len(body))
	h := binary.NativeEndian
	h.PutUint32(req[0:], uint32(unix.SizeofNlMsghdr+len(body)))
	h.PutUint16(req[4:], unix.SOCK_DIAG_BY_FAMILY)
	h.PutUint16(req[6:], unix.NLM_F_REQUEST)
	if err := unix.Sendto(fd, append(req, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	buf := make([]byte, os.Getpagesize())
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	return buf[:n], nil
}

// parseDiag unwraps the answer about one socket of a family. ErrClosed means
// that there is no such socket.
func parseDiag(raw []byte, size int, families ...byte) ([]byte, error) {
	msgs, err := syscall.ParseNetlinkMessage(raw)
	if err != nil || len(msgs) == 0 {
		return nil, errors.New("sock_diag: an answer without a message")
	}
	m := msgs[0]
	if m.Header.Type == unix.NLMSG_ERROR {
		if len(m.Data) < 4 {
			return nil, errors.New("sock_diag: an error without a number")
		}
		no := syscall.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
		if no == syscall.ENOENT {
			return nil, ErrClosed
		}
		return nil, fmt.Errorf("sock_diag: %w", no)
	}
	if m.Header.Type != unix.SOCK_DIAG_BY_FAMILY || len(m.Data) < size || !slices.Contains(families, m.Data[0]) {
		return nil, errors.New("sock_diag: an answer about something else")
	}
	return m.Data, nil
}

// parseUnixDiag reads a struct unix_diag_msg and its attributes.
func parseUnixDiag(raw []byte) (unixSocket, error) {
	data, err := parseDiag(raw, unixMsgLen, unix.AF_UNIX)
	if err != nil {
		return unixSocket{}, err
	}
	var s unixSocket
	h := binary.NativeEndian
	for attrs := data[unixMsgLen:]; len(attrs) >= 4; {
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

// parseTCPDiag reads a struct inet_diag_msg; the addresses are left out: they
// are those that were asked for.
func parseTCPDiag(raw []byte) (socket, error) {
	data, err := parseDiag(raw, tcpMsgLen, unix.AF_INET, unix.AF_INET6)
	if err != nil {
		return socket{}, err
	}
	h := binary.NativeEndian
	s := socket{
		state: data[1], unread: uint64(h.Uint32(data[56:])), unsent: uint64(h.Uint32(data[60:])),
		uid: int(h.Uint32(data[64:])), inode: uint64(h.Uint32(data[68:])),
	}
	if s.state == stateListen {
		return socket{}, ErrClosed // where no connection is found, its listener is
	}
	return s, nil
}
