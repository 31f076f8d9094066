package load

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leakhunt/harness/fault"
)

func hint(err error) string { return fault.HintOf(err) }

func TestBrokenAnswers(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		want         error
		text         string
	}{
		{"nothing", "", ErrClosed, "closed the connection without an answer"},
		{"garbage", "SSH-2.0-OpenSSH\r\n", ErrMalformed, `begins with "SSH-2" instead of "HTTP/"`},
		{"short garbage", "po", ErrMalformed, `"po"`},
		{"half a status line", "HTTP/1.1 20", ErrCutShort, "cut short"},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Le", ErrCutShort, "cut short in its head"},
		{"no number", "HTTP/1.1 abc\r\n\r\n", ErrMalformed, "malformed"},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", ErrMalformed, "Content-Length"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n12345", ErrCutShort, "5 bytes into its body"},
		{"half the chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ErrCutShort, "5 bytes into its body"},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ErrMalformed, "malformed"},
		{"endless interim", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 9), ErrMalformed, "too many interim"},
		{"endless head", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", longestHead/6), ErrMalformed, "1 MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res := do(t, answering(t, tc.answer, true), Spec{URI: "/", Timeout: time.Minute})
			if !errors.Is(res.Err, tc.want) || !strings.Contains(res.Err.Error(), tc.text) {
				t.Errorf("error %v, want %v with %q", res.Err, tc.want, tc.text)
			}
			if fault.KindOf(res.Err) != fault.Measure || res.OK() {
				t.Errorf("kind %v, OK %t", fault.KindOf(res.Err), res.OK())
			}
		})
	}
}

func TestUnusualAnswers(t *testing.T) {
	for _, tc := range []struct{ name, answer, body string }{
		{"HTTP/1.0 to the end", "HTTP/1.0 200 OK\r\n\r\nall of it", "all of it"},
		{"HTTP/1.1 to the end", "HTTP/1.1 200 Whatever\r\n\r\nall of it", "all of it"},
		{"switching protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n", ""},
		{"more than it said", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500", "ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ep := answering(t, tc.answer, true)
			c := New(ep, false)
			defer c.Close()
			for range 2 {
				res := c.Do(context.Background(), compile(t, Spec{URI: "/", Status: []int{101, 200}, KeepBody: true}), Values{})
				if !res.OK() || string(res.Body) != tc.body {
					t.Errorf("%+v %s", res, res.Body)
				}
				if c.Conn() != nil {
					t.Error("the connection was kept")
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, ep := range []Endpoint{
		{Network: "tcp", Address: l.Addr().String()},
		{Network: "unix", Address: t.TempDir() + "/none.sock"},
	} {
		res := do(t, ep, Spec{URI: "/"})
		if !errors.Is(res.Err, ErrRefused) || hint(res.Err) == "" || res.Sent != 0 {
			t.Errorf("%s: %v, sent %d", ep.Network, res.Err, res.Sent)
		}
	}
}

// silent reads requests and never answers; it tells of each.
func silent(t *testing.T) (Endpoint, chan struct{}) {
	got := make(chan struct{}, 100)
	return serveRaw(t, func(_ int, _ net.Conn, r *bufio.Reader) {
		for {
			if _, err := take(r); err != nil {
				return
			}
			got <- struct{}{}
		}
	}), got
}

func TestTimeout(t *testing.T) {
	ep, _ := silent(t)
	res := do(t, ep, Spec{URI: "/", Timeout: 20 * time.Millisecond})
	if !errors.Is(res.Err, ErrTimeout) || !strings.Contains(res.Err.Error(), "20ms") {
		t.Errorf("no answer: %v", res.Err)
	}
	endless := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = take(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nabc")
		_, _ = io.Copy(io.Discard, r)
	})
	res = do(t, endless, Spec{URI: "/", Timeout: time.Second}) // in which its beginning arrives
	if !errors.Is(res.Err, ErrTimeout) || res.Bytes != 3 || res.Status != 200 {
		t.Errorf("endless answer: %+v", res)
	}
}

func TestCancel(t *testing.T) {
	ep, got := silent(t)
	c := New(ep, false)
	defer c.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("interrupted")
	go func() {
		<-got
		cancel(why)
	}()
	tm := compile(t, Spec{URI: "/", Timeout: time.Hour})
	if res := c.Do(ctx, tm, Values{}); !errors.Is(res.Err, why) {
		t.Errorf("cancelled while it waits: %v", res.Err)
	}
	if res := c.Do(ctx, tm, Values{}); !errors.Is(res.Err, why) || res.Sent != 0 {
		t.Errorf("cancelled before: %+v", res)
	}
	// Another context works again, and its end counts.
	ctx, cancel = context.WithCancelCause(context.Background())
	go func() {
		<-got
		cancel(why)
	}()
	if res := c.Do(ctx, tm, Values{}); !errors.Is(res.Err, why) || res.Sent != 1 {
		t.Errorf("with the next context: %+v", res)
	}
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// TestClosedMeanwhile: the server has closed the kept connection before the
// next request, which goes over a new one, once.
func TestClosedMeanwhile(t *testing.T) {
	var requests atomic.Int32
	closed := make(chan struct{}, 10)
	ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		if _, err := take(r); err != nil {
			return
		}
		requests.Add(1)
		_, _ = io.WriteString(c, okAnswer)
		c.Close()
		closed <- struct{}{}
	})
	c := New(ep, false)
	defer c.Close()
	for range 3 {
		res := c.Do(context.Background(), compile(t, Spec{Method: "POST", URI: "/", Body: "x", HasBody: true}), Values{})
		if !res.OK() || res.Sent != 1 {
			t.Errorf("%+v", res)
		}
		<-closed
	}
	if requests.Load() != 3 || c.Connections() != 3 {
		t.Errorf("%d requests, %d connections", requests.Load(), c.Connections())
	}
}

// TestUnsolicited: bytes that nobody asked for make a kept connection useless.
func TestUnsolicited(t *testing.T) {
	ask, sent := make(chan struct{}), make(chan struct{})
	ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = take(r)
		_, _ = io.WriteString(c, okAnswer)
		<-ask
		_, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		sent <- struct{}{}
		_, _ = io.Copy(io.Discard, r)
	})
	c := New(ep, false)
	defer c.Close()
	tm := compile(t, Spec{URI: "/"})
	for range 2 {
		if res := c.Do(context.Background(), tm, Values{}); !res.OK() || res.Sent != 1 {
			t.Errorf("%+v", res)
		}
		ask <- struct{}{}
		<-sent
	}
}

// TestClosedUnderWay: the server reads a request on a kept connection and
// closes without an answer. Only idempotent requests are sent again, once.
func TestClosedUnderWay(t *testing.T) {
	for _, tc := range []struct {
		method     string
		lateAnswer bool // later connections answer
		sent       int
		ok         bool
	}{
		{"GET", true, 2, true},
		{"DELETE", true, 2, true},
		{"GET", false, 2, false},
		{"POST", true, 1, false},
		{"PATCH", true, 1, false},
	} {
		var requests atomic.Int32
		ep := serveRaw(t, func(i int, c net.Conn, r *bufio.Reader) {
			for n := 0; ; n++ {
				if _, err := take(r); err != nil {
					return
				}
				requests.Add(1)
				if i == 0 && n == 1 || i > 0 && !tc.lateAnswer {
					return
				}
				_, _ = io.WriteString(c, okAnswer)
			}
		})
		c := New(ep, false)
		tm := compile(t, Spec{Method: tc.method, URI: "/"})
		if res := c.Do(context.Background(), tm, Values{}); !res.OK() {
			t.Fatalf("first: %+v", res)
		}
		res := c.Do(context.Background(), tm, Values{})
		if res.OK() != tc.ok || res.Sent != tc.sent || int(requests.Load()) != 1+tc.sent {
			t.Errorf("%s: %+v, %d requests arrived", tc.method, res, requests.Load())
		}
		if !tc.ok && !errors.Is(res.Err, ErrClosed) {
			t.Errorf("%s: %v", tc.method, res.Err)
		}
		c.Close()
	}
}

// TestEarlyAnswer: a server refuses a big body without reading it.
func TestEarlyAnswer(t *testing.T) {
	ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for { // the head only
			if s, err := r.ReadString('\n'); err != nil || s == "\r\n" {
				break
			}
		}
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
		_ = c.(*net.TCPConn).CloseWrite()
		<-t.Context().Done()
	})
	c := New(ep, false)
	defer c.Close()
	res := c.Do(context.Background(), compile(t, Spec{Method: "POST", URI: "/", Body: strings.Repeat("x", 32<<20), HasBody: true}), Values{})
	if res.Status != 413 || res.Err != nil || res.Bytes != 3 {
		t.Errorf("%+v", res)
	}
	if c.Conn() != nil {
		t.Error("a connection with half a request on it was kept")
	}
}

// TestSplitBodyEmpty: a Content-Length of 0 would hang there too.
func TestSplitBodyEmpty(t *testing.T) {
	for split, want := range map[bool]string{false: "0", true: ""} {
		got := make(chan []string, 1)
		ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
			req, err := take(r)
			if err != nil {
				return
			}
			got <- req.Header["Content-Length"]
			_, _ = io.WriteString(c, okAnswer)
		})
		ep.Protocol = HTTP{SplitBody: split}
		if res := do(t, ep, Spec{Method: "POST", URI: "/", HasBody: true}); !res.OK() {
			t.Fatalf("%+v", res)
		}
		if length := strings.Join(<-got, " "); length != want {
			t.Errorf("SplitBody %t: Content-Length %q, want %q", split, length, want)
		}
	}
}

// TestSplitBody: as Passenger's Ruby socket does, the server throws away what
// it reads behind the head, reads late, and reads on to the end (Rack rewinds
// the input of every form). It does not say that it closes.
func TestSplitBody(t *testing.T) {
	ep := serveRaw(t, func(_ int, c net.Conn, _ *bufio.Reader) {
		time.Sleep(50 * time.Millisecond) // what was not held back would be here by now
		head := make([]byte, 16<<10)
		n, err := c.Read(head)
		if err != nil || !strings.HasSuffix(string(head[:n]), "\r\n\r\n") {
			return // the body came along: lost
		}
		if body, err := io.ReadAll(c); err == nil && len(body) == 3000 {
			_, _ = io.WriteString(c, okAnswer)
		}
	})
	ep.Protocol = HTTP{SplitBody: true}
	c := New(ep, false)
	defer c.Close()
	for range 3 {
		res := c.Do(t.Context(), compile(t, Spec{Method: "POST", URI: "/", Body: strings.Repeat("x", 3000), HasBody: true, Timeout: time.Minute}), Values{})
		if !res.OK() || c.Conn() != nil {
			t.Errorf("%+v, connection kept: %t", res, c.Conn() != nil)
		}
	}
}
