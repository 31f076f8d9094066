package proc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
)

// socket is one row of /proc/net/tcp or tcp6.
type socket struct {
	local, remote netip.AddrPort // IPv4-mapped addresses are unmapped
	state         uint8
	unsent        uint64 // bytes written and not acknowledged; a listener's backlog
	unread        uint64 // bytes arrived and not read; a listener's waiting connections
	uid           int    // who made the socket
	inode         uint64 // 0 while no process has accepted it, and after it was closed
}

// States of a TCP socket (include/net/tcp_states.h).
const (
	stateEstablished = 1
	stateSynReceived = 3
	stateCloseWait   = 8
	stateListen      = 10
)

// parseTCP calls yield with each row of /proc/net/tcp or tcp6 until it returns
// false. The format is that of net/ipv4/tcp_ipv4.c, get_tcp4_sock: addresses
// are hexadecimal words in the byte order of the machine.
func parseTCP(raw []byte, yield func(socket) bool) error {
	_, rows, _ := bytes.Cut(raw, []byte("\n")) // the heading
	for line := range bytes.Lines(rows) {
		s, err := parseSocket(line)
		if err != nil {
			return err
		}
		if !yield(s) {
			return nil
		}
	}
	return nil
}

func parseSocket(line []byte) (socket, error) {
	var s socket
	f := bytes.Fields(line)
	if len(f) < 10 {
		return s, fmt.Errorf("tcp table: a row of %d fields: %q", len(f), line)
	}
	var err error
	if s.local, err = parseAddr(f[1]); err != nil {
		return socket{}, err
	}
	if s.remote, err = parseAddr(f[2]); err != nil {
		return socket{}, err
	}
	unsent, unread, ok := bytes.Cut(f[4], []byte(":"))
	state, err1 := strconv.ParseUint(string(f[3]), 16, 8)
	tx, err2 := strconv.ParseUint(string(unsent), 16, 64)
	rx, err3 := strconv.ParseUint(string(unread), 16, 64)
	uid, err4 := strconv.ParseUint(string(f[7]), 10, 32)
	inode, err5 := strconv.ParseUint(string(f[9]), 10, 64)
	for _, err := range [...]error{err1, err2, err3, err4, err5} {
		if err != nil || !ok {
			return socket{}, fmt.Errorf("tcp table: %q", line)
		}
	}
	s.state, s.unsent, s.unread, s.uid, s.inode = uint8(state), tx, rx, int(uid), inode
	return s, nil
}

// parseAddr reads 0100007F:1F90 and its IPv6 form of four words.
func parseAddr(text []byte) (netip.AddrPort, error) {
	addr, port, ok := bytes.Cut(text, []byte(":"))
	if !ok || (len(addr) != 8 && len(addr) != 32) {
		return netip.AddrPort{}, fmt.Errorf("tcp table: address %q", text)
	}
	ip := make([]byte, len(addr)/2)
	if _, err := hex.Decode(ip, addr); err != nil {
		return netip.AddrPort{}, fmt.Errorf("tcp table: address %q", text)
	}
	for w := ip; len(w) > 0; w = w[4:] {
		binary.NativeEndian.PutUint32(w, binary.BigEndian.Uint32(w))
	}
	n, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("tcp table: port %q", text)
	}
	a, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), nil
}

// unixListener is one listening row of /proc/net/unix.
type unixListener struct {
	path  string // an abstract name begins with @
	inode uint64
}

// acceptsConnections is __SO_ACCEPTCON (include/linux/net.h).
const acceptsConnections = 1 << 16

// parseUnix reads the listening rows of /proc/net/unix that have a name
// (net/unix/af_unix.c, unix_seq_show).
func parseUnix(raw []byte) ([]unixListener, error) {
	var found []unixListener
	_, rows, _ := bytes.Cut(raw, []byte("\n"))
	for line := range bytes.Lines(rows) {
		// The path may hold spaces: it is what follows the seventh field.
		f := bytes.Fields(line)
		if len(f) < 7 {
			return nil, fmt.Errorf("unix table: a row of %d fields: %q", len(f), line)
		}
		flags, err := strconv.ParseUint(string(f[3]), 16, 32)
		if err != nil {
			return nil, fmt.Errorf("unix table: %q", line)
		}
		if flags&acceptsConnections == 0 || len(f) == 7 {
			continue
		}
		inode, err := strconv.ParseUint(string(f[6]), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("unix table: %q", line)
		}
		_, path, _ := bytes.Cut(line, append(append([]byte(" "), f[6]...), ' '))
		found = append(found, unixListener{path: string(bytes.TrimRight(path, "\n")), inode: inode})
	}
	return found, nil
}
