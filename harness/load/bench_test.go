package load

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
)

// mostAllocations bounds what a plain request allocates, whose answer has the
// head of the one before: its URI.
const mostAllocations = 1

// TestAllocations: against a server that allocates nothing itself.
func TestAllocations(t *testing.T) {
	answer := []byte("HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n")
	ep := serveRaw(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if bytes.Equal(line, []byte("\r\n")) {
				if _, err := c.Write(answer); err != nil {
					return
				}
			}
		}
	})
	c := New(ep, true)
	defer c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tm := compile(t, Spec{URI: "/orders/{{n}}", Timeout: time.Minute, Contains: "ok", Header: [][2]string{{"Accept", "text/html"}}})
	n := 0
	got := testing.AllocsPerRun(500, func() {
		n++
		if res := c.Do(ctx, tm, Values{N: n}); !res.OK() {
			t.Fatalf("%+v", res)
		}
	})
	if got > mostAllocations {
		t.Errorf("%.0f allocations a request", got)
	}
}

// BenchmarkDo is one request to a trivial handler in this process, alone and
// with RSS read after it as a run does.
func BenchmarkDo(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	}))
	defer srv.Close()
	id, err := proc.Find(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	meter, err := memory.Open(id)
	if err != nil {
		b.Fatal(err)
	}
	defer meter.Close()
	for _, read := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "RSS"}[read], func(b *testing.B) {
			c := New(endpoint(srv), true)
			defer c.Close()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			tm := compile(b, Spec{URI: "/", Timeout: time.Minute})
			b.ReportAllocs()
			for b.Loop() {
				if res := c.Do(ctx, tm, Values{}); !res.OK() {
					b.Fatalf("%+v", res)
				}
				if read {
					if _, err := meter.RSS(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
