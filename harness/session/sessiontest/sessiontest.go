// Package sessiontest stands in for a process whose memory is known to the byte,
// which no real one's is: a real HTTP server inside the test, and a meter and a
// counter that add up what its routes say they keep.
package sessiontest

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/session"
	"leakhunt/harness/target"
	"leakhunt/scenarios"
)

// Route is what one request does: it changes what the process holds, and returns
// the status of the answer. n counts the requests to that path, on all lives of the
// process, from 1. The process is locked meanwhile.
type Route func(p *Process, path string, n int) (status int)

// What a process that was just started holds, in bytes.
const (
	Fresh = 64 << 20 // RSS
	Files = 48 << 20 // of that, what is mapped from files
)

// Process is a target, and the process that it pins. Its fields are set before the
// first request, by routes, or within Locked.
type Process struct {
	mu    sync.Mutex
	route Route
	dial  func(context.Context) (net.Conn, error)
	addr  string

	RSS     float64 // bytes; readings are of whole pages
	Swap    float64
	Live    float64 // bytes alive, for the counter
	Touched float64 // bytes touched since that began anew
	Peak    float64 // the highest RSS since that began anew

	Seen  map[string]int           // requests, by path
	Delay map[string]time.Duration // how long a path takes to answer
	// Page, where not nil, writes the answer; it sees the process unlocked.
	Page func(w http.ResponseWriter, r *http.Request, status int)

	// What the target says of the process. Kind is "command" unless set.
	Kind, Runtime string
	Settings      []string
	Advice        []target.Advice
	Facts         memory.Facts
	Counts        memory.Counts
	Room          int64   // bytes that it may take beside Fresh; 0: that is not known
	Grouped       bool    // that is its cgroup's
	Stalled       float64 // percent
	Restartable   bool    // the pinned process is a target.Restarter

	// What goes wrong.
	Gone         error // what Check says
	Stopped      bool
	PinFails     error
	RestartFails error
	MeterFails   error // of each reading, Facts included
	TouchFails   error
	Explanation  string // of a request that got no answer; "": none
	Connected    int    // connections that are open, of a process in memory
	Alone        bool   // Check sees what is wrong only while there are none
	// BeforeRead comes before each reading of the counter, the n-th from 1; its
	// error is that of the reading. It sees the process unlocked.
	BeforeRead func(ctx context.Context, n int) error

	Lives  int // processes that were started after the first
	Closed int // times that it was closed
	Reads  int // of the counter
	Exacts int // exact readings of memory
}

// New is a process that serves on a port of 127.0.0.1 until the test ends.
func New(tb testing.TB, route Route) *Process {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	addr := l.Addr().String()
	return serve(tb, route, l, addr, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	})
}

// InMemory is a process that serves within the test alone. In a bubble of
// testing/synctest its times are exact: only what a route is said to take passes.
func InMemory(tb testing.TB, route Route) *Process {
	tb.Helper()
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	p := serve(tb, route, l, "127.0.0.1:80", nil)
	p.dial = func(ctx context.Context) (net.Conn, error) {
		c, err := l.dial(ctx)
		if err != nil {
			return nil, err
		}
		p.Locked(func() { p.Connected++ })
		return &counted{Conn: c, p: p}, nil
	}
	return p
}

func serve(tb testing.TB, route Route, l net.Listener, addr string, dial func(context.Context) (net.Conn, error)) *Process {
	p := &Process{
		route: route, dial: dial, addr: addr, RSS: Fresh, Peak: Fresh, Seen: map[string]int{}, Delay: map[string]time.Duration{},
		Facts: memory.Facts{Allocator: "glibc"},
	}
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Hour}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // until Close
	}()
	tb.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return p
}

// ServeHTTP answers one request.
func (p *Process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, delay := p.answer(r.URL.Path)
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return
	}
	if p.Page != nil {
		p.Page(w, r, status)
		return
	}
	w.WriteHeader(status)
}

func (p *Process) answer(path string) (status int, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Seen[path]++
	status = p.route(p, path, p.Seen[path])
	p.Peak = max(p.Peak, p.RSS)
	return status, p.Delay[path]
}

// Locked looks at the process, or changes it, while nothing else does.
func (p *Process) Locked(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// Keep lets the process hold so many bytes more, all of them alive and touched.
func (p *Process) Keep(bytes float64) {
	p.RSS += bytes
	p.Live += bytes
	p.Touched += bytes
}

// Die ends the process in the middle of a request: a route calls it.
func (p *Process) Die() {
	p.Gone = fault.Measuref("pid 7 has ended")
	panic(http.ErrAbortHandler)
}

// Pin implements session.Target.
func (p *Process) Pin(context.Context) (session.Pinned, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.PinFails != nil {
		return nil, p.PinFails
	}
	if p.Restartable {
		return restartable{pinned{p}}, nil
	}
	return pinned{p}, nil
}

// Config is that of a session over the process, without a counter, whose scenario
// has those paths.
func (p *Process) Config(tb testing.TB, paths ...string) session.Config {
	tb.Helper()
	sc := &scenarios.Scenario{
		Version: 1, Name: "test", Rounds: 5, Metric: scenarios.MetricRSS, Timeout: 10 * time.Second, Seed: 7,
		Target: scenarios.Target{Kind: "command"},
	}
	c := session.Config{Scenario: sc, Target: p, OpenMeter: p.OpenMeter}
	for i, path := range paths {
		sc.URIs = append(sc.URIs, scenarios.URI{Request: scenarios.Request{Method: "GET", URI: path}, Name: path, Line: i + 1})
		c.Items = append(c.Items, session.Item{Name: path, Template: Template(tb, load.Spec{Method: "GET", URI: path, Timeout: sc.Timeout})})
	}
	return c
}

// Template is a compiled request.
func Template(tb testing.TB, spec load.Spec) *load.Template {
	tb.Helper()
	t, err := load.Compile(spec)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// refused is what connecting to a process that is no more gives.
func refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}
