package load

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func compile(t testing.TB, s Spec) *Template {
	t.Helper()
	tm, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return tm
}

func endpoint(s *httptest.Server) Endpoint {
	addr := s.Listener.Addr()
	return Endpoint{Network: addr.Network(), Address: addr.String(), Host: addr.String()}
}

// app answers in every way a well-behaved server does.
func app() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			panic(err)
		}
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("/request", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s %s %d|%s|%q|%q", r.Method, r.RequestURI, r.Host, r.ContentLength,
			r.Header.Get("Accept-Encoding"), r.Header["X-Twice"], r.Header["X-Target"])
	})
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscan(r.PathValue("code"), &code)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	})
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, _ *http.Request) {
		for range 10 {
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusProcessing)
		_, _ = io.WriteString(w, "final")
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "bye")
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 11<<20))
	})
	return mux
}

func TestAnswers(t *testing.T) {
	srv := httptest.NewServer(app())
	defer srv.Close()
	ep := endpoint(srv)
	ep.Host = "shop.test"
	ep.Header = http.Header{"X-Target": {"t"}}
	big := strings.Repeat("0123456789", 1<<20)
	for _, tc := range []struct {
		name    string
		spec    Spec
		status  int
		bytes   int64
		body    string
		failure string
		closes  bool
	}{
		{
			name:   "what is sent",
			spec:   Spec{URI: "/request?a=b c#part", Header: [][2]string{{"X-Twice", "1"}, {"X-Twice", "2"}}, KeepBody: true},
			status: 200, bytes: 64, body: `GET /request?a=b%20c shop.test 0||["1" "2"]|["t"]`,
		},
		{name: "own host and target header", spec: Spec{URI: "/request", KeepBody: true, Header: [][2]string{{"host", "other.test"}, {"x-target", "own"}}}, status: 200, body: `GET /request other.test 0||[]|["own"]`},
		{name: "POST without a body", spec: Spec{Method: "POST", URI: "/request", KeepBody: true}, status: 200, body: `POST /request shop.test 0||[]|["t"]`},
		{name: "body", spec: Spec{Method: "PUT", URI: "/echo", Body: "hello", HasBody: true, KeepBody: true}, status: 200, body: "hello"},
		{name: "10 MiB there and back at once", spec: Spec{Method: "POST", URI: "/echo", Body: big, HasBody: true, Contains: "90123"}, status: 200, bytes: 10 << 20},
		{name: "HEAD", spec: Spec{Method: "HEAD", URI: "/big"}, status: 200},
		{name: "204", spec: Spec{URI: "/status/204"}, status: 204},
		{name: "304", spec: Spec{URI: "/status/304"}, status: 304},
		{name: "redirect not followed", spec: Spec{URI: "/status/302"}, status: 302},
		{name: "500", spec: Spec{URI: "/status/500"}, status: 500, failure: "status 500, expected 2xx or 3xx"},
		{name: "404 allowed", spec: Spec{URI: "/status/404", Status: []int{200, 404}}, status: 404},
		{name: "wrong status", spec: Spec{URI: "/status/200", Status: []int{201, 302, 404}}, status: 200, failure: "status 200, expected 201, 302 or 404"},
		{name: "chunked", spec: Spec{URI: "/chunked", Contains: strings.Repeat("x", 5000)}, status: 200, bytes: 10000},
		{name: "not contained", spec: Spec{URI: "/chunked", Contains: "xy"}, status: 200, bytes: 10000, failure: `the body does not contain "xy"`},
		{name: "interim answers", spec: Spec{URI: "/hints", KeepBody: true}, status: 200, body: "final"},
		{name: "server closes", spec: Spec{URI: "/close", KeepBody: true}, status: 200, body: "bye", closes: true},
		{name: "kept up to 10 MiB", spec: Spec{URI: "/big", KeepBody: true}, status: 200, bytes: 11 << 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := New(ep, false)
			defer c.Close()
			tm := compile(t, tc.spec)
			for range 2 {
				res := c.Do(context.Background(), tm, Values{})
				if res.Err != nil || res.Status != tc.status || res.Failure != tc.failure || res.Sent != 1 {
					t.Fatalf("status %d, failure %q, sent %d, error %v", res.Status, res.Failure, res.Sent, res.Err)
				}
				if tc.body != "" && string(res.Body) != tc.body {
					t.Errorf("body %q, want %q", res.Body, tc.body)
				}
				if want := max(tc.bytes, int64(len(tc.body))); tc.body == "" && res.Bytes != want {
					t.Errorf("%d bytes, want %d", res.Bytes, want)
				}
				if len(res.Body) > mostKept || tc.spec.KeepBody && len(res.Body) < int(min(res.Bytes, mostKept)) {
					t.Errorf("%d bytes kept of %d", len(res.Body), res.Bytes)
				}
				if res.Latency <= 0 {
					t.Error("no latency")
				}
				if (c.Conn() == nil) != tc.closes {
					t.Errorf("connection kept: %t", c.Conn() != nil)
				}
			}
			if want := map[bool]int{false: 1, true: 2}[tc.closes]; c.Connections() != want {
				t.Errorf("%d connections, want %d", c.Connections(), want)
			}
		})
	}
}

func TestOtherConnections(t *testing.T) {
	secure := httptest.NewUnstartedServer(app())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	ep := endpoint(secure)
	ep.TLS = true
	if res := do(t, ep, Spec{URI: "/echo"}); res.Err == nil || !strings.Contains(hint(res.Err), "insecure") {
		t.Errorf("unknown certificate: %v", res.Err)
	}
	ep.Insecure = true
	c := New(ep, false)
	defer c.Close()
	for range 3 {
		if res := c.Do(context.Background(), compile(t, Spec{URI: "/chunked"}), Values{}); !res.OK() {
			t.Errorf("TLS: %+v", res)
		}
	}
	if c.Connections() != 1 {
		t.Errorf("TLS: %d connections", c.Connections())
	}

	l, err := net.Listen("unix", t.TempDir()+"/app.sock")
	if err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewUnstartedServer(app())
	plain.Listener.Close()
	plain.Listener = l
	plain.Start()
	defer plain.Close()
	if res := do(t, Endpoint{Network: "unix", Address: l.Addr().String(), Host: "a"}, Spec{URI: "/echo"}); !res.OK() {
		t.Errorf("Unix socket: %+v", res)
	}
}

func TestConn(t *testing.T) {
	srv := httptest.NewServer(app())
	defer srv.Close()
	c := New(endpoint(srv), false)
	if c.Conn() != nil {
		t.Error("connected before the first request")
	}
	tm := compile(t, Spec{URI: "/echo"})
	c.Do(context.Background(), tm, Values{})
	first := c.Conn()
	c.Do(context.Background(), tm, Values{})
	if first == nil || first != c.Conn() || c.Connections() != 1 {
		t.Errorf("%d connections, kept: %t", c.Connections(), first == c.Conn())
	}
	c.Close()
	if c.Conn() != nil {
		t.Error("connected after Close")
	}
	if res := c.Do(context.Background(), tm, Values{}); !res.OK() || c.Connections() != 2 {
		t.Errorf("after Close: %+v, %d connections", res, c.Connections())
	}
	c.Close()
}

func TestCookies(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: r.URL.RawQuery, Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "tls", Value: "1", Path: "/", Secure: true})
		}
		_, _ = fmt.Fprint(w, strings.Join(r.Header["Cookie"], "|"))
	}))
	defer srv.Close()
	ep := endpoint(srv)
	ep.Host = "shop.test"
	c := New(ep, true)
	defer c.Close()
	send := func(s Spec) string {
		s.KeepBody = true
		res := c.Do(context.Background(), compile(t, s), Values{})
		if !res.OK() {
			t.Fatalf("%+v", res)
		}
		return string(res.Body)
	}
	proxied := [][2]string{{"X-Forwarded-Proto", "https"}}
	send(Spec{URI: "/login?one", Header: proxied})
	for _, tc := range []struct {
		name, want string
		spec       Spec
	}{
		{"kept", "sid=one", Spec{URI: "/"}},
		{"secure behind a TLS proxy", "sid=one; tls=1", Spec{URI: "/", Header: proxied}},
		{"beside the scenario's own", "a=b; sid=one", Spec{URI: "/", Header: [][2]string{{"Cookie", "a=b"}}}},
		{"fresh", "", Spec{URI: "/", Fresh: true}},
		{"fresh sets none", "", Spec{URI: "/login?two", Fresh: true}},
		{"still the first", "sid=one", Spec{URI: "/"}},
	} {
		if got := send(tc.spec); got != tc.want {
			t.Errorf("%s: sent %q, want %q", tc.name, got, tc.want)
		}
	}
	without := New(endpoint(srv), false)
	defer without.Close()
	without.Do(context.Background(), compile(t, Spec{URI: "/login?three"}), Values{})
	if res := without.Do(context.Background(), compile(t, Spec{URI: "/"}), Values{}); res.Bytes != 0 {
		t.Error("a client without a jar sends cookies")
	}
}
