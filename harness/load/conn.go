package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"syscall"
	"time"
)

// longestHead bounds the head of an answer, so that a server which never ends
// one costs no memory.
const longestHead = 1 << 20

// link is one connection with its buffers.
type link struct {
	net.Conn
	r    *bufio.Reader
	w    Wire
	room int64 // bytes that may still be read; < 0: without limit
	end  error // of reading; parsers report it as a malformed last line
	used bool  // carried a request before
	came bool  // some of the present answer

	reads int // calls of Read

	secure           bool      // TLS is between Conn and w.plain
	reading, writing time.Time // the deadlines that are set, unless a ctx has ended since

	raw   syscall.RawConn
	probe func(fd uintptr) // kept, as the others, so that a call allocates nothing
	stale bool
	ack   func(fd uintptr) // nil where it is no TCP
	await func(fd uintptr) // nil where Go waits
}

// Wire is a connection's buffered writer.
type Wire struct {
	*bufio.Writer
	plain net.Conn        // the connection itself, below TLS
	ctx   context.Context // of the request that is being written
	until time.Time       // its deadline; zero: none
	ended bool            // our half of the connection is closed: no other request fits
}

// finish writes the end of a request and sends what is still buffered.
func (w *Wire) finish(p []byte) error {
	if _, err := w.Write(p); err != nil {
		return err
	}
	return w.Flush()
}

// finishAndClose is finish, and tells the server that nothing more will come.
func (w *Wire) finishAndClose(p []byte) error {
	if err := w.finish(p); err != nil {
		return err
	}
	half, ok := w.plain.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	w.ended = true
	return half.CloseWrite()
}

// Read implements io.Reader for link.r.
func (l *link) Read(p []byte) (int, error) {
	l.reads++
	if l.room == 0 {
		l.end = errLongHead
		return 0, errLongHead
	}
	if l.room > 0 {
		p = p[:min(int64(len(p)), l.room)]
	}
	if l.ack != nil && (l.came || l.secure) {
		_ = l.raw.Control(l.ack) // without it the answer only takes longer
	}
	if l.await != nil && !l.came {
		_ = l.raw.Control(l.await) // what is wrong, reading says
	}
	n, err := l.receive(p)
	l.came = l.came || n > 0
	if l.room > 0 {
		l.room -= int64(n)
	}
	if err != nil {
		l.end = err
	}
	return n, err
}

// dial connects as ep says, TLS included.
func dial(ctx context.Context, ep *Endpoint) (*link, error) {
	open := ep.Dial
	if open == nil {
		open = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, ep.Network, ep.Address)
		}
	}
	plain, err := open(ctx)
	if err != nil {
		return nil, err
	}
	l := &link{Conn: plain, room: -1}
	if secure, ok := plain.(*tls.Conn); ok {
		plain = secure.NetConn()
	} else if ep.TLS {
		conf := &tls.Config{ServerName: hostname(ep), InsecureSkipVerify: ep.Insecure} //nolint:gosec // asked for by the user
		secure := tls.Client(plain, conf)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = plain.Close()
			return nil, err
		}
		l.Conn = secure
	}
	_, l.secure = l.Conn.(*tls.Conn)
	l.r = bufio.NewReaderSize(l, 16<<10)
	l.w = Wire{Writer: bufio.NewWriterSize(l, 16<<10), plain: plain}
	if sc, ok := plain.(syscall.Conn); ok {
		l.raw, _ = sc.SyscallConn()
	}
	if _, ok := plain.(*net.TCPConn); ok && l.raw != nil {
		l.ack = acknowledge
	}
	l.probe, l.await = l.probing(), l.awaiting()
	return l, nil
}

// hostname is the name a certificate must have.
func hostname(ep *Endpoint) string {
	name := ep.Host
	if name == "" {
		name = ep.Address
	}
	if host, _, err := net.SplitHostPort(name); err == nil {
		return host
	}
	return name
}

// alive says whether a kept connection can take another request: the server
// has neither closed it nor sent anything that nobody asked for (a late 408, a
// TLS close notice). It reads nothing and does not block.
func (l *link) alive() bool {
	if l.r.Buffered() > 0 {
		return false
	}
	if l.raw == nil {
		return true
	}
	l.stale = false
	if err := l.raw.Control(l.probe); err != nil {
		return false
	}
	return !l.stale
}
