package runtimes

import (
	"bufio"
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/google/pprof/profile"

	"leakhunt/harness/fault"
)

// Fetch sends one GET to the pinned process and returns the body of a 200
// answer; anything else is an error.
type Fetch func(ctx context.Context, path string) ([]byte, error)

// DefaultPprof is where net/http/pprof serves unless the app mounts it elsewhere.
const DefaultPprof = "/debug/pprof"

// Pprof reads a Go process through the handlers of net/http/pprof.
type Pprof struct {
	fetch Fetch
	heap  string
	base  *profile.Profile
}

// goColumns are what `# HeapAlloc = N` and `# HeapObjects = N` say: bytes and
// number of heap objects that are alive, or dead and not yet swept
// (runtime.MemStats); right after a collection only the former.
var goColumns = []Column{
	{Name: "live bytes", Unit: "bytes", Exact: true},
	{Name: "live objects", Unit: "objects", Exact: true},
}

// NewPprof looks whether the process serves its heap profile under path, for
// example "/debug/pprof" ("" means DefaultPprof); path may end in /heap.
func NewPprof(ctx context.Context, fetch Fetch, path string) (*Pprof, error) {
	if path == "" {
		path = DefaultPprof
	}
	heap := strings.TrimSuffix(strings.TrimRight(path, "/"), "/heap") + "/heap"
	p := &Pprof{fetch: fetch, heap: heap}
	if _, err := p.Read(ctx); err != nil {
		return nil, fault.Measuref("no heap profile at %s", heap).Because(err).
			WithHint(`Serve it on the address that is measured: import _ "net/http/pprof", or mount pprof.Index under %s/.`, DefaultPprof)
	}
	return p, nil
}

// Name is "pprof".
func (p *Pprof) Name() string { return "pprof" }

// Columns are live bytes and live objects.
func (p *Pprof) Columns() []Column { return append([]Column(nil), goColumns...) }

// Read collects garbage twice (what a finalizer or a sync.Pool held is gone
// only after the second collection) and reads runtime.MemStats.
func (p *Pprof) Read(ctx context.Context) ([]float64, error) {
	var text []byte
	for range 2 {
		var err error
		if text, err = p.fetch(ctx, p.heap+"?gc=1&debug=1"); err != nil {
			return nil, fault.Measuref("the heap profile could not be read").Because(err)
		}
	}
	return parseMemStats(text)
}

// Close does nothing.
func (p *Pprof) Close() error { return nil }

// parseMemStats finds the two figures in the text form of a heap profile
// (runtime/pprof writeHeapInternal).
func parseMemStats(text []byte) ([]float64, error) {
	want := map[string]float64{"HeapAlloc": -1, "HeapObjects": -1}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "# "), " = ")
		if _, wanted := want[name]; !ok || !wanted {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil {
			return nil, fault.Measuref("the heap profile says %s = %q", name, short(value))
		}
		want[name] = float64(n)
	}
	if want["HeapAlloc"] < 0 || want["HeapObjects"] < 0 {
		return nil, fault.Measuref("the answer is no heap profile in text form: it has no HeapAlloc and HeapObjects")
	}
	return []float64{want["HeapAlloc"], want["HeapObjects"]}, nil
}
