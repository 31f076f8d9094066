package proc

import (
	"fmt"
	"net"
)

// Unread says whether something that was sent on conn has not been read by the
// process at its other end. So it does where no process has taken the connection yet. Errors
// are those of Serving.
func Unread(conn net.Conn) (bool, error) {
	var e end
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		e, err = live.tcpEnd(c.LocalAddr(), c.RemoteAddr())
	case *net.UnixConn:
		var inode uint64
		if inode, err = inodeOf(c); err == nil {
			e, err = unixEnd(inode)
		}
	default:
		err = fmt.Errorf("a connection of type %T has no process at its other end", conn)
	}
	return e.inode == 0 || e.unread, err
}
