package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"strings"
	"testing"
)

// php serves h over FastCGI as the standard library does.
func php(t *testing.T, h http.Handler) Endpoint {
	t.Helper()
	l, err := net.Listen("unix", t.TempDir()+"/fpm.sock")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = fcgi.Serve(l, h)
	}()
	t.Cleanup(func() {
		l.Close()
		<-served
	})
	return Endpoint{Network: "unix", Address: l.Addr().String(), Host: "shop.test:8080", Protocol: FastCGI{Root: "/srv"}}
}

func TestFastCGI(t *testing.T) {
	ep := php(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/echo"):
			_, _ = io.Copy(w, r.Body)
		case strings.HasSuffix(r.URL.Path, "/moved"):
			http.Redirect(w, r, "/there", http.StatusFound)
		case strings.HasSuffix(r.URL.Path, "/none"):
			w.WriteHeader(http.StatusNoContent)
		default:
			env := fcgi.ProcessEnv(r)
			_, _ = fmt.Fprintf(w, "%s %s %s|%s|%s|%q|%d", r.Method, r.URL.RequestURI(), r.Host,
				env["SCRIPT_FILENAME"], env["DOCUMENT_ROOT"], r.Header["X-Twice"], len(r.Header.Get("X-Long")))
		}
	}))
	big := strings.Repeat("0123456789", 20000)
	c := New(ep, false)
	defer c.Close()
	for range 2 {
		for _, tc := range []struct {
			name   string
			spec   Spec
			status int
			body   string
		}{
			{"parameters", Spec{URI: "/a.php/b%20c?d=e", Header: [][2]string{{"X-Twice", "1"}, {"X-Twice", "2"}, {"X-Long", big[:70000]}}}, 200, `GET /a.php/b%20c?d=e shop.test:8080|/srv/a.php|/srv|["1, 2"]|70000`},
			{"body", Spec{Method: "POST", URI: "/echo", Body: big, HasBody: true}, 200, big},
			{"small body", Spec{Method: "POST", URI: "/echo", Body: "x", HasBody: true}, 200, "x"},
			{"empty body", Spec{Method: "POST", URI: "/echo", HasBody: true}, 200, ""},
			{"redirect", Spec{Method: "POST", URI: "/moved"}, 302, ""},
			{"no content", Spec{URI: "/none"}, 204, ""},
		} {
			tc.spec.KeepBody = true
			res := c.Do(context.Background(), compile(t, tc.spec), Values{})
			if !res.OK() || res.Status != tc.status || string(res.Body) != tc.body {
				t.Errorf("%s: status %d, %v, %.200s", tc.name, res.Status, res.Err, res.Body)
			}
		}
	}
	if c.Connections() != 1 {
		t.Errorf("%d connections", c.Connections())
	}
}

func TestScriptSplit(t *testing.T) {
	for _, tc := range []struct{ index, path, script, info string }{
		{"", "/", "/index.php", "/"},
		{"app.php", "/orders/1", "/app.php", "/orders/1"},
		{"", "/a.php", "/a.php", ""},
		{"", "/x/a.php/b/c.php", "/x/a.php", "/b/c.php"},
		{"", "/a.phpx/b.php", "/a.phpx/b.php", ""},
		{"", "/../../etc/a.php", "/etc/a.php", ""},
		{"../x.php", "/", "/x.php", "/"},
	} {
		if s, i := (FastCGI{Index: tc.index}).split(tc.path); s != tc.script || i != tc.info {
			t.Errorf("%s: %q and %q, want %q and %q", tc.path, s, i, tc.script, tc.info)
		}
	}
}

// rec is one FastCGI record.
func rec(kind byte, id uint16, content string, pad int) string {
	h := []byte{1, kind, 0, 0, 0, 0, byte(pad), 0}
	binary.BigEndian.PutUint16(h[2:], id)
	binary.BigEndian.PutUint16(h[4:], uint16(len(content)))
	return string(h) + content + strings.Repeat("\xaa", pad)
}

func TestFastCGIAnswers(t *testing.T) {
	end := rec(fcgiEnd, 1, "\x00\x00\x00\x00\x00\x00\x00\x00", 0)
	head := rec(fcgiStdout, 1, "Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\n", 3)
	for _, tc := range []struct {
		name, answer string
		status       int
		body         string
		want         error
		text         string
	}{
		{"whole", head + rec(fcgiStdout, 1, "ab", 6) + rec(fcgiStderr, 1, "PHP Warning", 5) + rec(fcgiStdout, 1, "cd", 0) + rec(fcgiStdout, 1, "", 0) + end, 404, "abcd", nil, ""},
		{"no status", rec(fcgiStdout, 1, "A: b\n\nx", 0) + end, 200, "x", nil, ""},
		{"location", rec(fcgiStdout, 1, "Location: /x\n\n", 0) + end, 302, "", nil, ""},
		{"no end", head + rec(fcgiStdout, 1, "ab", 6), 404, "ab", ErrCutShort, "2 bytes"},
		{"torn record", head + rec(fcgiStdout, 1, "abcdef", 0)[:10], 404, "ab", ErrCutShort, ""},
		{"torn header", head + "\x01\x06", 404, "", ErrCutShort, ""},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", 0, "", ErrMalformed, "not with a FastCGI record"},
		{"other request", rec(fcgiStdout, 2, "A: b\n\nx", 0), 0, "", ErrMalformed, "request 2"},
		{"unknown type", rec(9, 1, "", 0), 0, "", ErrMalformed, "unknown type 9"},
		{"no head", rec(fcgiStderr, 1, "Primary script unknown", 2) + end, 0, "", ErrMalformed, "Primary script unknown"},
		{"bad status", rec(fcgiStdout, 1, "Status: soon\r\n\r\n", 0) + end, 0, "", ErrMalformed, `"soon"`},
		{"overloaded", rec(fcgiEnd, 1, "\x00\x00\x00\x00\x02\x00\x00\x00", 0), 0, "", ErrMalformed, "overloaded"},
		{"short end", rec(fcgiEnd, 1, "\x00", 0), 0, "", ErrMalformed, "too short"},
		{"less than declared", rec(fcgiStdout, 1, "Content-Length: 5\r\n\r\nabc", 0) + end, 200, "abc", ErrCutShort, "3 bytes"},
		{"bad length", rec(fcgiStdout, 1, "Content-Length: x\r\n\r\nabc", 0) + end, 0, "", ErrMalformed, "Content-Length"},
	} {
		ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
			readRequest(r)
			_, _ = io.WriteString(c, tc.answer)
		})
		ep.Protocol = FastCGI{Root: "/srv"}
		res := do(t, ep, Spec{URI: "/", Status: []int{200, 302, 404}, KeepBody: true})
		if !errors.Is(res.Err, tc.want) || res.Status != tc.status || string(res.Body) != tc.body {
			t.Errorf("%s: status %d, body %q, %v", tc.name, res.Status, res.Body, res.Err)
		}
		if tc.text != "" && !strings.Contains(fmt.Sprint(res.Err), tc.text) {
			t.Errorf("%s: %v does not say %q", tc.name, res.Err, tc.text)
		}
	}
}

// readRequest reads FastCGI records up to the end of the standard input.
func readRequest(r *bufio.Reader) {
	for {
		var h [8]byte
		if _, err := io.ReadFull(r, h[:]); err != nil {
			return
		}
		size := int(binary.BigEndian.Uint16(h[4:]))
		if _, err := r.Discard(size + int(h[6])); err != nil || h[1] == fcgiStdin && size == 0 {
			return
		}
	}
}

// FuzzFastCGI: whatever a server sends, reading it ends, gives an answer or an
// error, and no more body than was sent.
func FuzzFastCGI(f *testing.F) {
	end := rec(fcgiEnd, 1, "\x00\x00\x00\x00\x00\x00\x00\x00", 0)
	f.Add([]byte(rec(fcgiStdout, 1, "Status: 200 OK\r\n\r\nx", 5) + rec(fcgiStderr, 1, "e", 0) + end))
	f.Add([]byte(rec(fcgiStdout, 1, "Location: /\n", 0)))
	f.Fuzz(func(t *testing.T, sent []byte) {
		fuzzProtocol(t, FastCGI{}, sent)
	})
}

func fuzzProtocol(t *testing.T, p Protocol, sent []byte) {
	for _, method := range []string{"GET", "HEAD"} {
		resp, err := p.Read(bufio.NewReader(bytes.NewReader(sent)), method)
		if (err == nil) != (resp != nil) {
			t.Fatal("an answer with an error, or none without")
		}
		if err != nil {
			continue
		}
		if n, _ := io.Copy(io.Discard, resp.Body); n > int64(len(sent)) {
			t.Fatalf("%d bytes of body from %d", n, len(sent))
		}
	}
}

// FuzzFastCGIWrite: the standard library reads what is written.
func FuzzFastCGIWrite(f *testing.F) {
	f.Add("/a?b", "X-A", "v", "body")
	f.Fuzz(func(t *testing.T, uri, name, value, body string) {
		var out bytes.Buffer
		w := &Wire{Writer: bufio.NewWriter(&out)}
		r := &Request{Method: "GET", URI: uri, Header: []Field{{name, value}}, Body: []byte(body), HasBody: true}
		if err := (FastCGI{Root: "/srv"}).Write(w, r); err != nil {
			t.Fatal(err)
		}
		in, stdin := bufio.NewReader(&out), ""
		for ended := false; !ended; {
			var h [8]byte
			if _, err := io.ReadFull(in, h[:]); err != nil {
				t.Fatal(err)
			}
			content := make([]byte, int(binary.BigEndian.Uint16(h[4:])))
			if _, err := io.ReadFull(in, content); err != nil {
				t.Fatal(err)
			}
			if _, err := in.Discard(int(h[6])); err != nil {
				t.Fatal(err)
			}
			if h[1] == fcgiStdin {
				stdin += string(content)
				ended = len(content) == 0
			}
		}
		if stdin != body || out.Len()+in.Buffered() != 0 {
			t.Errorf("%q arrived of %q, %d bytes too many", stdin, body, out.Len())
		}
	})
}
