package harness

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/target"
	"leakhunt/scenarios"
)

// fake is a target whose memory is arithmetic: a real HTTP server inside the
// test, and a meter that adds up what its routes are said to keep. It stands
// in for a process whose growth is known to the byte, which none can be.
type fake struct {
	mu     sync.Mutex
	server *httptest.Server
	seen   map[string]int
	rss    float64
	live   float64                                        // bytes alive, for the counter
	route  func(f *fake, path string, n int) (status int) // what one request does to rss and live
	gone   error
	closed bool
	// runtime and settings are what the target says of its process.
	runtime  string
	settings []string
	pid      int     // 0: that of the test
	touched  float64 // bytes touched since the last reset
}

func newFake(t *testing.T, route func(f *fake, path string, n int) int) *fake {
	t.Helper()
	f := &fake{seen: map[string]int{}, rss: 64 << 20, route: route}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.seen[r.URL.Path]++
		w.WriteHeader(f.route(f, r.URL.Path, f.seen[r.URL.Path]))
	}))
	t.Cleanup(f.server.Close)
	return f
}

func (f *fake) Pin(context.Context) (Pinned, error) { return f, nil }
func (f *fake) Info() target.Info {
	return target.Info{Kind: "command", PID: cmp.Or(f.pid, os.Getpid()), URL: f.server.URL, Runtime: f.runtime, Settings: f.settings}
}
func (f *fake) Process() proc.ID { return proc.ID{PID: os.Getpid()} }
func (f *fake) Endpoint() load.Endpoint {
	addr := strings.TrimPrefix(f.server.URL, "http://")
	return load.Endpoint{Network: "tcp", Address: addr, Host: addr}
}

func (f *fake) Check(context.Context, net.Conn) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gone
}

func (f *fake) Close() error { f.closed = true; return nil }

func (f *fake) RSS() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(f.rss/4096) * 4096, nil
}

func (f *fake) Read() (memory.Reading, error) {
	rss, err := f.RSS()
	return memory.Reading{RSS: rss, Anon: rss - 48<<20}, err // the rest is mapped from files
}
func (f *fake) Exact() (memory.Reading, error) { return f.Read() }

func (f *fake) ResetTouched() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.touched = 0
	return nil
}

func (f *fake) Touched() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(f.touched), nil
}

// fakeCounter reads the fake's live bytes.
type fakeCounter struct{ f *fake }

func (c fakeCounter) Name() string { return "agent" }
func (c fakeCounter) Columns() []runtimes.Column {
	return []runtimes.Column{{Name: "live bytes", Unit: "bytes", Exact: true}}
}

func (c fakeCounter) Read(context.Context) ([]float64, error) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	return []float64{c.f.live}, nil
}
func (c fakeCounter) Close() error { return nil }

func (f *fake) options() Options {
	return Options{OpenMeter: func(proc.ID) (Meter, error) { return f, nil }, Outlast: time.Millisecond}
}

func (f *fake) counted() Options {
	o := f.options()
	o.OpenCounter = func(context.Context, Pinned, *load.Client) (Counter, error) { return fakeCounter{f}, nil }
	return o
}

// scenario is a valid scenario over paths.
func scenario(requests scenarios.Count, paths ...string) *scenarios.Scenario {
	sc := &scenarios.Scenario{
		Version: 1, Name: "fake", Requests: requests, Rounds: 5, Warmup: scenarios.Count{Auto: true},
		Metric: scenarios.MetricRSS, Timeout: 10 * time.Second, Seed: 7, Sites: scenarios.SitesOff,
		Target: scenarios.Target{Kind: "command"},
	}
	for i, p := range paths {
		sc.URIs = append(sc.URIs, scenarios.URI{
			Request: scenarios.Request{Method: "GET", URI: p}, Name: p, Line: i + 1,
		})
	}
	return sc
}

// opened is a hunt whose target is pinned and read, before its first request.
func opened(t *testing.T, f *fake, sc *scenarios.Scenario) *hunt {
	t.Helper()
	plan, err := NewPlan(sc)
	if err != nil {
		t.Fatal(err)
	}
	h := newHunt(plan, f.options())
	h.pinned = f
	if err := h.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.disconnect)
	return h
}

func mustRun(t *testing.T, f *fake, sc *scenarios.Scenario, o Options) *Result {
	t.Helper()
	res, err := run(t, f, sc, o)
	if err != nil {
		t.Fatalf("run: %v (%s)", err, fault.HintOf(err))
	}
	return res
}

func run(t *testing.T, f *fake, sc *scenarios.Scenario, o Options) (*Result, error) {
	t.Helper()
	plan, err := NewPlan(sc)
	if err != nil {
		t.Fatal(err)
	}
	return Run(t.Context(), plan, f, o)
}

func byName(t *testing.T, r *Result, name string) URIResult {
	t.Helper()
	for _, u := range r.URIs {
		if u.Name == name {
			return u
		}
	}
	t.Fatalf("no %q in the result", name)
	return URIResult{}
}
