package load

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A server that writes head and body apart waits for the acknowledgement of the
// head: the connection must be one that does not put them off, also after many
// requests, when the kernel would.
func TestAcknowledgesAtOnce(t *testing.T) {
	ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if !bytes.Equal(line, []byte("\r\n")) {
				continue
			}
			for _, part := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "ok\n"} {
				if _, err := io.WriteString(c, part); err != nil {
					return
				}
			}
		}
	})
	c := New(ep, true)
	defer c.Close()
	tm := compile(t, Spec{URI: "/", Timeout: time.Minute})
	for n := range 50 {
		if res := c.Do(t.Context(), tm, Values{N: n}); !res.OK() {
			t.Fatalf("%+v", res)
		}
	}
	raw, err := c.Conn().(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		if at, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK); err != nil || at != 1 {
			t.Errorf("acknowledgements are put off: %d, %v", at, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
