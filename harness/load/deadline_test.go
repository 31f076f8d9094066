package load

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// passed lets the deadline of an earlier request have passed on the connection
// that c keeps.
func passed(t *testing.T, c *Client) {
	t.Helper()
	past := time.Now().Add(-time.Second)
	if err := c.link.SetDeadline(past); err != nil {
		t.Fatal(err)
	}
	c.link.reading, c.link.writing = past, past
}

// TestEarlierDeadline: the deadline of one request ends no other, and each
// request's own ends it.
func TestEarlierDeadline(t *testing.T) {
	ended := make(chan struct{})
	handler := app()
	handler.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) { <-ended })
	srv, tls := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer srv.Close()
	defer tls.Close()
	defer close(ended)
	body := strings.Repeat("x", 3*safeBody)
	for _, s := range []*httptest.Server{srv, tls} {
		ep := endpoint(s)
		ep.TLS, ep.Insecure = s == tls, true
		c := New(ep, false)
		defer c.Close()
		for _, s := range []Spec{
			{URI: "/echo", Timeout: time.Minute},
			{URI: "/echo", Timeout: time.Hour},
			{URI: "/echo"},
			{Method: "POST", URI: "/echo", Body: body, HasBody: true},
			{Method: "POST", URI: "/echo", Body: body, HasBody: true, Timeout: time.Minute},
			{URI: "/echo", Timeout: time.Minute},
		} {
			res := c.Do(t.Context(), compile(t, s), Values{})
			if !res.OK() || res.Bytes != int64(len(s.Body)) || c.Connections() != 1 {
				t.Fatalf("TLS %t, %s within %s: %+v, %d connections", ep.TLS, s.Method, s.Timeout, res, c.Connections())
			}
			passed(t, c)
		}
		res := c.Do(t.Context(), compile(t, Spec{URI: "/silent", Timeout: 20 * time.Millisecond}), Values{})
		if !errors.Is(res.Err, ErrTimeout) || c.Connections() != 1 {
			t.Errorf("TLS %t: its own deadline: %+v, %d connections", ep.TLS, res, c.Connections())
		}
	}
}

// TestLaterDeadline: a deadline that is set, and later than that of the request,
// does not stand in for it.
func TestLaterDeadline(t *testing.T) {
	ep, _ := silent(t)
	for _, before := range []time.Time{{}, time.Now().Add(time.Hour)} {
		c := New(ep, false)
		defer c.Close()
		tm := compile(t, Spec{URI: "/", Timeout: 20 * time.Millisecond})
		if err := c.connect(t.Context(), tm, before); err != nil {
			t.Fatal(err)
		}
		if err := c.link.limit(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if res := c.Do(t.Context(), tm, Values{}); !errors.Is(res.Err, ErrTimeout) {
			t.Errorf("%+v", res)
		}
	}
}

// racing ends its context while the deadline of an earlier request is replaced,
// after the client has noticed that end.
type racing struct {
	net.Conn
	cancel  func()
	noticed chan struct{}
}

func (r *racing) SetDeadline(at time.Time) error {
	defer close(r.noticed)
	return r.Conn.SetDeadline(at)
}

func (r *racing) SetReadDeadline(at time.Time) error {
	r.cancel()
	<-r.noticed
	return r.Conn.SetReadDeadline(at)
}

// TestCancelAtADeadline: the end of ctx counts also then.
func TestCancelAtADeadline(t *testing.T) {
	ep, _ := silent(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := &racing{cancel: cancel, noticed: make(chan struct{})}
	ep.Dial = func(ctx context.Context) (net.Conn, error) {
		var err error
		r.Conn, err = new(net.Dialer).DialContext(ctx, ep.Network, ep.Address)
		return r, errors.Join(err, r.Conn.SetDeadline(time.Now().Add(-time.Second)), r.SetWriteDeadline(time.Time{}))
	}
	c := New(ep, false)
	defer c.Close()
	if res := c.Do(ctx, compile(t, Spec{URI: "/"}), Values{}); !errors.Is(res.Err, context.Canceled) {
		t.Errorf("%+v", res)
	}
}

// halting is interrupted by the deadline of an earlier request in the middle of
// its first write.
type halting struct {
	net.Conn
	halted bool
	set    time.Time
}

func (h *halting) Write(p []byte) (int, error) {
	if h.halted {
		return h.Conn.Write(p)
	}
	h.halted = true
	n, err := h.Conn.Write(p[:len(p)/2])
	return n, errors.Join(err, os.ErrDeadlineExceeded)
}

func (h *halting) SetWriteDeadline(at time.Time) error {
	h.set = at
	return h.Conn.SetWriteDeadline(at)
}

// TestWriteGoesOn: what was written before such an interruption is not written
// again, and nothing is left out.
func TestWriteGoesOn(t *testing.T) {
	body := strings.Repeat("0123456789", 1000)
	got := make(chan string, 1)
	ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		req, err := http.ReadRequest(r)
		if err != nil {
			t.Error(err)
			return
		}
		all, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		got <- string(all)
		_, _ = io.WriteString(c, okAnswer)
	})
	h := &halting{}
	ep.Dial = func(ctx context.Context) (net.Conn, error) {
		var err error
		h.Conn, err = new(net.Dialer).DialContext(ctx, ep.Network, ep.Address)
		return h, err
	}
	res := do(t, ep, Spec{Method: "POST", URI: "/echo", Body: body, HasBody: true, Timeout: time.Minute})
	if !res.OK() || <-got != body {
		t.Errorf("%+v", res)
	}
	if left := time.Until(h.set); left <= 0 || left > time.Minute {
		t.Errorf("the deadline set then is %s from now", left)
	}
}
