package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// client sends to one handler without a network in between, and fills {{n}}.
type client struct {
	t       *testing.T
	handler http.Handler
	sent    int
}

func newClient(t *testing.T) *client {
	t.Helper()
	return &client{t: t, handler: Handler()}
}

func (c *client) send(path string, times int) {
	c.t.Helper()
	for range times {
		c.sent++
		uri := strings.ReplaceAll(path, "{{n}}", strconv.Itoa(c.sent))
		if code := status(c.handler, http.MethodGet, uri); code != http.StatusOK {
			c.t.Errorf("GET %s: status %d, want 200", uri, code)
			return
		}
	}
}

func status(h http.Handler, method, path string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, &http.Request{Method: method, URL: &url.URL{Path: path}})
	return w.Code
}

// live is the memory that is alive: heap objects and goroutine stacks, in
// bytes. Two collections empty a sync.Pool and sweep what the first one found.
func live() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// noise is what the runtime and the test itself may keep or release between
// two readings, in bytes.
const noise = 128 << 10

func TestLeaksKeepWhatTheTableSays(t *testing.T) {
	for _, r := range Routes {
		if r.Kind != Leak {
			continue
		}
		t.Run(r.Path, func(t *testing.T) {
			c := newClient(t)
			c.send(r.Path, 1000) // past the first doublings of a map
			before := live()
			const requests = 4000
			c.send(r.Path, requests)
			got := float64(live()-before) / requests
			if r.Path == "/leak/16k" { // the one that leaks a goroutine
				got -= raceStackBytes
			}
			want := float64(r.BytesPerRequest)
			if got < 0.9*want || got > 1.1*want {
				t.Errorf("keeps %.0f B/request, the table says %.0f", got, want)
			}
			runtime.KeepAlive(c)
		})
	}
}

func TestInnocentsStopGrowing(t *testing.T) {
	for _, r := range Routes {
		if r.Kind == Leak {
			continue
		}
		t.Run(r.Path, func(t *testing.T) {
			c := newClient(t)
			empty := live()
			c.send(r.Path, r.FullAfter)
			full := live()
			if kept := full - empty; kept > r.Keeps+r.Keeps/10+noise {
				t.Errorf("holds %d B after %d requests, the table says at most %d", kept, r.FullAfter, r.Keeps)
			}
			// In steps that no period divides.
			for c.sent < enough(r) {
				c.send(r.Path, 1_999)
				if grown := live() - full; grown > noise+sawtooth(r) {
					t.Fatalf("grew by %d B between request %d and %d", grown, r.FullAfter, c.sent)
				}
			}
			runtime.KeepAlive(c)
		})
	}
}

// enough is how many requests show that an innocent has stopped growing. What the transient
// one may keep is a buffer, and one alone is twice the noise.
func enough(r Route) int {
	if r.Kind == Transient {
		return 4_000
	}
	return 20_000
}

// sawtooth is how far an innocent may rise again after FullAfter requests.
func sawtooth(r Route) int {
	if r.Kind == Batch {
		return r.Keeps
	}
	return 0
}

// The bounded innocents must really hold what they are said to hold, or they
// would fool nobody.
func TestInnocentsReallyHold(t *testing.T) {
	for _, r := range Routes {
		if r.Keeps == 0 {
			continue
		}
		t.Run(r.Path, func(t *testing.T) {
			c := newClient(t)
			empty := live()
			n := r.FullAfter
			if r.Kind == Batch {
				n-- // the last entry of a batch empties it
			}
			c.send(r.Path, n)
			if kept := live() - empty; kept < r.Keeps*9/10 {
				t.Errorf("holds %d B after %d requests, the table says %d", kept, n, r.Keeps)
			}
			runtime.KeepAlive(c)
		})
	}
}

func TestAllocatingInnocentsAllocate(t *testing.T) {
	least := map[Kind]uint64{Garbage: 64 << 10, Transient: transientBytes / 2}
	for _, r := range Routes {
		if least[r.Kind] == 0 {
			continue
		}
		t.Run(r.Path, func(t *testing.T) {
			c := newClient(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c.send(r.Path, 100)
			runtime.ReadMemStats(&after)
			if got := (after.TotalAlloc - before.TotalAlloc) / 100; got < least[r.Kind] {
				t.Errorf("allocates %d B/request, want at least %d", got, least[r.Kind])
			}
		})
	}
}
