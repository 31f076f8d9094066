package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// wire is a connection on which everything has come.
type wire struct {
	net.Conn
	r io.Reader
}

func (w wire) Read(p []byte) (int, error) { return w.r.Read(p) }

// understood is what a client makes of an answer, and what it leaves unread.
type understood struct {
	status     int
	header     http.Header
	body, left string
	closes     bool
	err        string
}

// understand lets c read an answer, or the protocol alone where c is nil. What is
// behind a "¦" comes later.
func understand(c *Client, method, answer string) understood {
	var parts []io.Reader
	for part := range strings.SplitSeq(answer, "¦") {
		parts = append(parts, strings.NewReader(part))
	}
	l := &link{Conn: wire{r: io.MultiReader(parts...)}, room: longestHead}
	l.r = bufio.NewReader(l)
	_, _ = l.r.Peek(1)
	var resp *http.Response
	var err error
	if c == nil {
		resp, err = HTTP{}.Read(l.r, method)
	} else {
		c.req.Method = method
		resp, err = c.readHead(l)
	}
	if err != nil {
		return understood{err: err.Error()}
	}
	l.room = -1
	u := understood{status: resp.StatusCode, header: resp.Header.Clone(), closes: resp.Close}
	var res Result
	if err := (&Client{buf: make([]byte, 5)}).readBody(resp.Body, &Template{keepBody: true}, &res); err != nil {
		u.err = err.Error()
	}
	u.body = string(res.Body)
	left, err := io.ReadAll(l.r)
	if err != nil {
		u.err += err.Error()
	}
	u.left = string(left)
	return u
}

var answers = []string{
	okAnswer,
	okAnswer + "more",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\nConnection: close\r\n\r\nok",
	"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
	"HTTP/1.1 200 OK\r\n\r\nto the end",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"HTTP/1.1 103 Early Hints\r\n\r\n" + okAnswer,
	"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 103 Early Hints\r\n\r\n¦HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 103 Early Hints\r\n\r\n¦HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\no¦k¦ok",
	"HTTP/1.1 200 OK\r\nContent-Le¦ngth: 2\r\n\r\nok",
	"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	"HTTP/1.1 200 OK\nContent-Length: 9\n\nok\r\n\r\nok2",
	"HTTP/1.1 200 OK\nContent-Length: 9\r\n\r\nok\r\n\r\nok2",
	"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: 2",
	"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 5000) + "\r\nContent-Length: 2\r\n\r\nok",
}

// TestSameHead: whatever was answered before, an answer is understood as if it
// were the first.
func TestSameHead(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "POST"} {
		for _, before := range answers {
			c := New(Endpoint{}, false)
			for _, answer := range answers {
				understand(c, "GET", before)
				if got, want := understand(c, method, answer), understand(nil, method, answer); !reflect.DeepEqual(got, want) {
					t.Errorf("%s %q behind %q:\n%+v, want\n%+v", method, answer, before, got, want)
				}
			}
		}
	}
}

// FuzzSameHead is TestSameHead with answers of all kinds.
func FuzzSameHead(f *testing.F) {
	for i, a := range answers {
		f.Add(a, answers[(i+1)%len(answers)], i%3 == 0)
	}
	f.Fuzz(func(t *testing.T, first, second string, head bool) {
		method := "GET"
		if head {
			method = http.MethodHead
		}
		c := New(Endpoint{}, false)
		for i, answer := range []string{first, first, second, first} {
			if got, want := understand(c, method, answer), understand(nil, method, answer); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d: %+v, want %+v", i, got, want)
			}
		}
	})
}

// TestSameHeadIsKept: the answers of most servers are compared and not parsed.
func TestSameHeadIsKept(t *testing.T) {
	for _, answer := range answers[:8] {
		c := New(Endpoint{}, false)
		understand(c, "GET", answer)
		head, _, _ := bytes.Cut([]byte(answer), []byte("\r\n\r\n"))
		if want := string(head) + "\r\n\r\n"; string(c.last.raw) != want {
			t.Errorf("%q is kept of %q", c.last.raw, answer)
		}
	}
}

// TestSameHeadCutShort: a body is as long as its own head says.
func TestSameHeadCutShort(t *testing.T) {
	sent := 0
	ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			if _, err := take(r); err != nil {
				return
			}
			sent++
			answer := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
			if sent == 3 {
				answer = answer[:len(answer)-2]
			}
			_, _ = io.WriteString(c, answer)
			if sent == 3 {
				return
			}
		}
	})
	c := New(ep, false)
	defer c.Close()
	tm := compile(t, Spec{URI: "/", KeepBody: true})
	for n := range 3 {
		res := c.Do(t.Context(), tm, Values{})
		if last := n == 2; res.OK() == last || last && (!errors.Is(res.Err, ErrCutShort) || res.Bytes != 3) {
			t.Errorf("%d: %s", n, fmt.Sprint(res))
		}
	}
}
