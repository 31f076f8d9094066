package load

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// A server that writes head and body apart, with Nagle's algorithm, waits for
// the acknowledgement of the head, which the kernel puts off by 40 ms at least:
// the client must not, also after many requests.
func TestAcknowledgesAtOnce(t *testing.T) {
	for _, secure := range []bool{false, true} {
		ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
			if err := c.(*net.TCPConn).SetNoDelay(false); err != nil {
				t.Error(err)
			}
			if secure {
				c = tls.Server(halves{c}, certified(t))
				r = bufio.NewReader(c)
			}
			for {
				line, err := r.ReadSlice('\n')
				if err != nil {
					return
				}
				if !bytes.Equal(line, []byte("\r\n")) {
					continue
				}
				for _, part := range []string{"HTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n\r\n", "ok\n"} {
					if _, err := io.WriteString(c, part); err != nil {
						return
					}
				}
			}
		})
		ep.TLS, ep.Insecure = secure, true
		c := New(ep, false)
		defer c.Close()
		tm := compile(t, Spec{URI: "/", Timeout: time.Minute})
		var took []time.Duration
		for n := range 51 {
			res := c.Do(t.Context(), tm, Values{N: n})
			if !res.OK() {
				t.Fatalf("%+v", res)
			}
			took = append(took, res.Latency)
		}
		slices.Sort(took)
		if median := took[len(took)/2]; median > 30*time.Millisecond {
			t.Errorf("TLS %t: acknowledgements are put off: a request takes %s", secure, median)
		}
	}
}

// halves writes everything in two parts: a record of TLS comes in as many.
type halves struct{ net.Conn }

func (h halves) Write(p []byte) (int, error) {
	n, err := h.Conn.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	m, err := h.Conn.Write(p[n:])
	return n + m, err
}

// certified has the certificate of net/http/httptest.
func certified(t testing.TB) *tls.Config {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
}
