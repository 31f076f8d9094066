package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// serveRaw listens on loopback and gives each connection to handle, with its
// number, from 0. It ends with the test.
func serveRaw(t testing.TB, handle func(i int, c net.Conn, r *bufio.Reader)) Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	all.Go(func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close()
				handle(i, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return Endpoint{Network: "tcp", Address: l.Addr().String(), Host: "app.test"}
}

// take reads one request with its body.
func take(r *bufio.Reader) (*http.Request, error) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, req.Body)
	return req, err
}

// answering sends the same bytes after each request, and closes after them
// where asked to.
func answering(t testing.TB, answer string, last bool) Endpoint {
	return serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			if _, err := take(r); err != nil {
				return
			}
			_, _ = io.WriteString(c, answer)
			if last {
				return
			}
		}
	})
}

// do sends one request with a new client.
func do(t testing.TB, ep Endpoint, s Spec) Result {
	t.Helper()
	c := New(ep, false)
	defer c.Close()
	return c.Do(context.Background(), compile(t, s), Values{})
}
