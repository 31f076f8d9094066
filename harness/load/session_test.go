package load

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// readFrame reads a session request as Passenger's message channel does.
func readFrame(r *bufio.Reader) (map[string]string, error) {
	var size uint32
	if err := binary.Read(r, binary.BigEndian, &size); err != nil {
		return nil, err
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	parts := strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
	if len(parts)%2 != 0 {
		return nil, errors.New("a key without a value")
	}
	env := map[string]string{}
	for i := 0; i < len(parts); i += 2 {
		if _, twice := env[parts[i]]; twice {
			return nil, fmt.Errorf("%s comes twice", parts[i])
		}
		env[parts[i]] = parts[i+1]
	}
	return env, nil
}

// passenger is a session server that wants a password, answers PING, and drops
// the connection where the application would raise.
func passenger(t *testing.T, head string) Endpoint {
	return serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		env, err := readFrame(r)
		if err != nil || env["PASSENGER_CONNECT_PASSWORD"] != "hunter2" || env["PATH_INFO"] == "/raise" {
			if err != nil {
				t.Error(err)
			}
			return
		}
		if env["REQUEST_METHOD"] == "PING" {
			_, _ = io.WriteString(c, "pong")
			return
		}
		size, _ := strconv.Atoi(env["CONTENT_LENGTH"])
		body := make([]byte, size)
		if _, err := io.ReadFull(r, body); err != nil {
			t.Error(err)
		}
		// Rack rewinds the input of a form, and reads on to the end for that.
		if size > 0 {
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				t.Errorf("%q, %v behind the body", rest, err)
			}
		}
		_, _ = fmt.Fprintf(c, "%s\r\nConnection: close\r\nX-Length: %s\r\n\r\n%s %s %s %s %s %s %s", head, env["CONTENT_LENGTH"], env["REQUEST_METHOD"], env["REQUEST_URI"],
			env["PATH_INFO"], env["QUERY_STRING"], env["HTTP_HOST"], env["CONTENT_TYPE"], body)
	})
}

func TestSession(t *testing.T) {
	spec := Spec{
		Method: "POST", URI: "/a%20b?c=d", Body: "x=1", HasBody: true, KeepBody: true,
		Header: [][2]string{{"Content-Type", "text/x"}, {"X-A", "1"}, {"X-A", "2"}},
	}
	for _, head := range []string{"HTTP/1.1 201 Whatever", "Status: 201 Created"} {
		ep := passenger(t, head)
		ep.Protocol = Session{Password: "hunter2"}
		c := New(ep, false)
		for i := range 2 {
			res := c.Do(context.Background(), compile(t, spec), Values{})
			if want := "POST /a%20b?c=d /a%20b c=d app.test text/x x=1"; !res.OK() || res.Status != 201 || string(res.Body) != want {
				t.Errorf("%s: %+v %s", head, res, res.Body)
			}
			if c.Connections() != i+1 || c.Conn() != nil {
				t.Error("the connection was kept")
			}
		}
		c.Close()
	}
}

func TestSessionEmptyBody(t *testing.T) {
	ep := passenger(t, "HTTP/1.1 200 OK")
	ep.Protocol = Session{Password: "hunter2"}
	for size, want := range map[int]string{0: "", 3: "3"} {
		res := do(t, ep, Spec{Method: "POST", URI: "/length", Body: strings.Repeat("x", size), HasBody: true, KeepBody: true})
		if got := res.Header.Get("X-Length"); !res.OK() || got != want {
			t.Errorf("%d bytes are announced as %q, want %q: %+v", size, got, want, res)
		}
	}
}

func TestSessionHeadTooLong(t *testing.T) {
	ep := serveRaw(t, func(_ int, _ net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
	ep.Protocol = Session{Password: "hunter2"}
	for _, size := range []int{0, safeBody + 1} {
		res := do(t, ep, Spec{Method: "POST", URI: "/" + strings.Repeat("x", mostSessionHead), Body: strings.Repeat("x", size), HasBody: true})
		if res.Err == nil || !strings.Contains(res.Err.Error(), "128 KiB") || res.Sent != 0 {
			t.Errorf("%+v", res)
		}
	}
}

func TestPing(t *testing.T) {
	session := passenger(t, "HTTP/1.1 200 OK")
	ruby := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		req, err := take(r)
		if err == nil && req.Method == "PING" && req.Header.Get("X-Passenger-Connect-Password") == "hunter2" {
			_, _ = io.WriteString(c, "pong")
		}
	})
	withHeader := func(ep Endpoint, password string) Endpoint {
		ep.Protocol = HTTP{SplitBody: true}
		ep.Header = map[string][]string{"X-Passenger-Connect-Password": {password}}
		return ep
	}
	withSession := func(ep Endpoint, password string) Endpoint {
		ep.Protocol = Session{Password: password}
		return ep
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, tc := range []struct {
		name string
		ep   Endpoint
		want error
	}{
		{"session", withSession(session, "hunter2"), nil},
		{"session, wrong password", withSession(session, "other"), ErrClosed},
		{"http", withHeader(ruby, "hunter2"), nil},
		{"http, wrong password", withHeader(ruby, "other"), ErrClosed},
		{"gone", Endpoint{Network: "tcp", Address: gone.Addr().String()}, ErrRefused},
		{"a web server", answering(t, okAnswer, true), ErrMalformed},
	} {
		err := Ping(context.Background(), tc.ep)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("the password is in %v", err)
		}
	}
	silent, _ := silent(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := Ping(ctx, silent); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no answer: %v", err)
	}
	// What Ping is for: an application that raises closes without an answer.
	ep := withSession(session, "hunter2")
	if res := do(t, ep, Spec{URI: "/raise"}); !errors.Is(res.Err, ErrClosed) || res.Sent != 1 {
		t.Errorf("raised: %+v", res)
	}
}

// FuzzSession: as FuzzFastCGI.
func FuzzSession(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("Status: 302 Found\r\nLocation: /x\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		fuzzProtocol(t, Session{}, sent)
	})
}
