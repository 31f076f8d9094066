package proc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// message is a netlink message with a header.
func message(kind uint16, body []byte) []byte {
	h := binary.NativeEndian
	raw := make([]byte, unix.SizeofNlMsghdr)
	h.PutUint32(raw, uint32(len(raw)+len(body)))
	h.PutUint16(raw[4:], kind)
	return append(raw, body...)
}

func attribute(kind uint16, value ...byte) []byte {
	raw := make([]byte, 4, 8)
	binary.NativeEndian.PutUint16(raw, uint16(4+len(value)))
	binary.NativeEndian.PutUint16(raw[2:], kind)
	raw = append(raw, value...)
	for len(raw)%4 != 0 {
		raw = append(raw, 0)
	}
	return raw
}

func word(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// unixAnswer is what the kernel says of a Unix socket.
func unixAnswer(peer uint32, ended byte, unread uint32) []byte {
	body := make([]byte, unixMsgLen)
	body[0] = unix.AF_UNIX
	body = append(body, attribute(attrEnded, ended)...)
	body = append(body, attribute(attrPeer, word(peer)...)...)
	body = append(body, attribute(attrQueues, append(word(unread), word(9)...)...)...)
	return message(unix.SOCK_DIAG_BY_FAMILY, body)
}

var tcpAnswer = func() []byte {
	body := make([]byte, tcpMsgLen)
	body[0], body[1] = unix.AF_INET, stateEstablished
	copy(body[56:], word(3))
	copy(body[60:], word(4))
	copy(body[64:], word(33))
	copy(body[68:], word(4711))
	return message(unix.SOCK_DIAG_BY_FAMILY, body)
}()

func TestParseDiag(t *testing.T) {
	if s, err := parseUnixDiag(unixAnswer(4712, 0, 3)); err != nil || s != (unixSocket{peer: 4712, paired: true, unread: 3}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := parseUnixDiag(unixAnswer(0, 3, 0)); err != nil || s != (unixSocket{paired: true, ended: true}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := parseTCPDiag(tcpAnswer); err != nil || s != (socket{state: stateEstablished, unread: 3, unsent: 4, uid: 33, inode: 4711}) {
		t.Errorf("%+v, %v", s, err)
	}
	missing := message(unix.NLMSG_ERROR, append(word(^uint32(unix.ENOENT)+1), make([]byte, 16)...))
	if _, err := parseTCPDiag(missing); !errors.Is(err, ErrClosed) {
		t.Errorf("no such socket: %v", err)
	}
	listener := bytes.Clone(tcpAnswer)
	listener[unix.SizeofNlMsghdr+1] = stateListen
	if _, err := parseTCPDiag(listener); !errors.Is(err, ErrClosed) {
		t.Errorf("a listener in place of the connection: %v", err)
	}
	forbidden := message(unix.NLMSG_ERROR, append(word(^uint32(unix.EPERM)+1), make([]byte, 16)...))
	if _, err := parseUnixDiag(forbidden); !errors.Is(err, unix.EPERM) {
		t.Errorf("forbidden: %v", err)
	}
	for name, raw := range map[string][]byte{
		"nothing": nil, "half a header": tcpAnswer[:8], "half a body": message(unix.SOCK_DIAG_BY_FAMILY, []byte{unix.AF_INET}),
		"another family": message(unix.SOCK_DIAG_BY_FAMILY, make([]byte, 80)),
	} {
		if _, err := parseTCPDiag(raw); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// The tables say what sock_diag says.
func TestTablesAndDiagAgree(t *testing.T) {
	for _, network := range []string{"tcp4", "tcp6", "tcp on all"} {
		_, conn := startServer(t, networks(t)[network][0], networks(t)[network][1])
		near, err1 := addrPort(conn.LocalAddr())
		far, err2 := addrPort(conn.RemoteAddr())
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]root{"sock_diag": live, "tables": "/proc/."} {
			ours, theirs, err := r.pair(near, far)
			if err != nil || ours == nil || theirs == nil {
				t.Fatalf("%s by %s: %v, %v, %v", network, name, ours, theirs, err)
			}
			for theirs.inode == 0 { // until it is accepted
				_, theirs, _ = r.pair(near, far)
			}
			ours2, theirs2, err := live.pair(near, far)
			if err != nil || ours.inode != ours2.inode || theirs.inode != theirs2.inode || ours.state != ours2.state || theirs.uid != theirs2.uid {
				t.Errorf("%s by %s: %+v %+v, against %+v %+v", network, name, ours, theirs, ours2, theirs2)
			}
		}
	}
}
