package runtimes

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
)

// Fetch sends one GET to the pinned process, and writes the body of the answer as it
// comes. Anything but a status of 2xx is an error.
type Fetch func(ctx context.Context, path string, to io.Writer) error

// page fetches a whole page, of so many bytes at most.
func (fetch Fetch) page(ctx context.Context, path string, most int64, what string) ([]byte, error) {
	b := &bounded.Buffer{Most: most, What: what}
	if err := fetch(ctx, path, b); err != nil {
		return nil, err
	}
	return b.Bytes()
}

// DefaultPprof is where net/http/pprof serves unless the app mounts it elsewhere.
const DefaultPprof = "/debug/pprof"

// Pprof reads a Go process through the handlers of net/http/pprof.
type Pprof struct {
	fetch      Fetch
	heap       string
	goroutines string  // path of the goroutine profile, "" where it is not served
	last       float64 // goroutines at the last reading
	stacks     stacks
	base       *profile.Profile
	remark     string
	held       bool // the profile says what the runtime has from the system
}

// goColumns are what `# HeapAlloc = N` and `# HeapObjects = N` say: bytes and
// number of heap objects that are alive, or dead and not yet swept
// (runtime.MemStats); right after a collection only the former.
var goColumns = []Column{
	{Name: "live bytes", Unit: "bytes", Exact: true},
	{Name: "live objects", Unit: "objects", Exact: true},
	{Name: "goroutines", Unit: "goroutines", Exact: true},
}

// goHeld is `# Sys = N` less `# HeapReleased = N`: what the runtime has from the system,
// its heap, stacks and tables, without what it has given back.
var goHeld = Column{Name: "held", Unit: "bytes", Beside: Held}

// NewPprof looks whether the process serves its heap profile under path, for
// example "/debug/pprof" ("" means DefaultPprof); path may end in /heap.
func NewPprof(ctx context.Context, fetch Fetch, path string) (*Pprof, error) {
	if path == "" {
		path = DefaultPprof
	}
	root := strings.TrimSuffix(strings.TrimRight(path, "/"), "/heap")
	heap := root + "/heap"
	p := &Pprof{fetch: fetch, heap: heap, goroutines: root + "/goroutine?debug=1"}
	if _, err := p.running(ctx); err != nil {
		p.goroutines = "" // an app may mount the heap profile alone
	}
	if err := p.opened(ctx); err != nil {
		return nil, fault.Measuref("no heap profile at %s", heap).Because(err).
			WithHint(`Serve it on the address that is measured: import _ "net/http/pprof", or mount pprof.Index under %s/.`, DefaultPprof)
	}
	return p, nil
}

// opened reads once, to see what the profile says.
func (p *Pprof) opened(ctx context.Context) error {
	stats := newMemStats()
	if err := p.fetch(ctx, p.heap+"?gc=1&debug=1", stats); err != nil {
		return fault.Measuref("the heap profile could not be read").Because(err)
	}
	_, held, err := stats.values()
	if err != nil {
		return err
	}
	p.held = held >= 0
	_, err = p.Read(ctx)
	return err
}

// Name is "pprof".
func (p *Pprof) Name() string { return "pprof" }

// Columns are live bytes, with what goroutines' stacks take, live objects, and
// goroutines where their profile is served.
func (p *Pprof) Columns() []Column {
	n := len(goColumns)
	if p.goroutines == "" {
		n--
	}
	columns := slices.Clone(goColumns[:n])
	if p.held {
		columns = append(columns, goHeld)
	}
	return columns
}

// A reading waits so long at most for goroutines that the last one did not see to
// end, and looks so often.
const (
	ending = 300 * time.Millisecond
	pause  = 10 * time.Millisecond
)

// Read lets goroutines end that requests have left behind, collects garbage twice and
// reads runtime.MemStats. What a finalizer or a sync.Pool held is gone only after the
// second collection.
func (p *Pprof) Read(ctx context.Context) ([]float64, error) {
	if err := p.ended(ctx); err != nil {
		return nil, err
	}
	var stats *memStats
	for range 2 {
		stats = newMemStats()
		if err := p.fetch(ctx, p.heap+"?gc=1&debug=1", stats); err != nil {
			return nil, fault.Measuref("the heap profile could not be read").Because(err)
		}
	}
	values, held, err := stats.values()
	if err != nil {
		return nil, err
	}
	if p.goroutines != "" {
		n, err := p.running(ctx)
		if err != nil {
			return nil, err
		}
		p.last = n
		values[0] += p.stacks.bytes(n, stats.want["Stack"])
		values = append(values, n)
	}
	if p.held {
		values = append(values, max(0, held))
	}
	return values, nil
}

// ended waits until there are no more goroutines than at the last reading, or for
// as long as that takes at most: a mail that is sent behind the answer would be
// counted for this URI, and its end for the next one.
func (p *Pprof) ended(ctx context.Context) error {
	// With tens of thousands of goroutines an answer takes seconds.
	for began := time.Now(); p.goroutines != "" && p.last > 0 && time.Since(began) < ending; {
		if n, err := p.running(ctx); err != nil || n <= p.last {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

// running is the number of goroutines.
func (p *Pprof) running(ctx context.Context) (float64, error) {
	var text head
	if err := p.fetch(ctx, p.goroutines, &text); err != nil {
		return 0, fault.Measuref("the goroutine profile could not be read").Because(err)
	}
	return parseGoroutines([]byte(text.text()))
}

// parseGoroutines reads the first line of the text form of a goroutine profile,
// `goroutine profile: total 8` (runtime/pprof printCountProfile).
func parseGoroutines(text []byte) (float64, error) {
	first, _, _ := strings.Cut(string(text[:min(len(text), 100)]), "\n")
	digits, ok := strings.CutPrefix(first, "goroutine profile: total ")
	n, err := strconv.ParseUint(digits, 10, 53)
	if !ok || err != nil {
		return 0, fault.Measuref("the answer is no goroutine profile in text form: %q", short(first))
	}
	return float64(n), nil
}

// Close does nothing.
func (p *Pprof) Close() error { return nil }

// memStats finds five figures in the text form of a heap profile (runtime/pprof
// writeHeapInternal) as it is written. It keeps nothing else: the profile of a large
// program has tens of megabytes.
type memStats struct {
	want map[string]float64
	line []byte // the beginning of one
	err  error
}

// longestStat is longer than the lines that are looked for.
const longestStat = 100

func newMemStats() *memStats {
	return &memStats{want: map[string]float64{"HeapAlloc": -1, "HeapObjects": -1, "Sys": -1, "HeapReleased": -1, "Stack": -1}}
}

// Write never fails.
func (m *memStats) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		now, next, whole := bytes.Cut(rest, []byte("\n"))
		m.line = append(m.line, now[:min(len(now), longestStat-len(m.line))]...)
		if whole {
			m.end()
		}
		rest = next
	}
	return len(p), nil
}

// end reads a line.
func (m *memStats) end() {
	name, value, ok := strings.Cut(strings.TrimPrefix(string(m.line), "# "), " = ")
	m.line = m.line[:0]
	if _, wanted := m.want[name]; !ok || !wanted {
		return
	}
	value, _, _ = strings.Cut(value, " / ") // Stack = in use / from the system
	n, err := strconv.ParseUint(strings.TrimSuffix(value, "\r"), 10, 63)
	if err != nil && m.err == nil {
		m.err = fault.Measuref("the heap profile says %s = %q", name, short(value))
	}
	m.want[name] = float64(n)
}

// values are the bytes and the number of the objects that are alive. held is the bytes
// that the runtime has from the system, negative where the answer does not say.
func (m *memStats) values() (alive []float64, held float64, err error) {
	m.end()
	if m.err != nil {
		return nil, 0, m.err
	}
	if m.want["HeapAlloc"] < 0 || m.want["HeapObjects"] < 0 {
		return nil, 0, fault.Measuref("the answer is no heap profile in text form: it has no HeapAlloc and HeapObjects")
	}
	held = -1
	if m.want["Sys"] >= 0 && m.want["HeapReleased"] >= 0 {
		held = max(0, m.want["Sys"]-m.want["HeapReleased"])
	}
	return []float64{m.want["HeapAlloc"], m.want["HeapObjects"]}, held, nil
}
