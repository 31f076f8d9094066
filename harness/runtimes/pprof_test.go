package runtimes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/http/pprof"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"leakhunt/harness/fault"
)

// own fetches from this process's own pprof handlers.
func own(_ context.Context, path string) ([]byte, error) {
	w := httptest.NewRecorder()
	pprof.Index(w, httptest.NewRequest("GET", path, nil))
	if w.Code != 200 {
		return nil, errors.New(w.Body.String())
	}
	return w.Body.Bytes(), nil
}

var kept [][]byte

// keep is the leak that the tests plant.
func keep(n, size int) {
	for range n {
		kept = append(kept, make([]byte, size))
	}
}

func TestPprofCounts(t *testing.T) {
	defer func() { kept = nil }()
	p, err := NewPprof(t.Context(), whole(own), "")
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keep(2000, 4096)
	after, err := p.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := after[0] - before[0]; d < 2000*4096 || d > 2000*4096*1.1 {
		t.Errorf("%v bytes for 2000 × 4096", d)
	}
	if d := after[1] - before[1]; d < 1990 || d > 2200 {
		t.Errorf("%v objects for 2000", d)
	}
}

// A goroutine that waits for ever keeps a stack, which is no heap object.
func TestPprofGoroutines(t *testing.T) {
	p, err := NewPprof(t.Context(), whole(own), "/debug/pprof/heap")
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	defer close(end)
	for range 300 {
		go func() { <-end }()
	}
	after, err := p.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(p.Columns()) || len(after) != 4 || p.Columns()[3].Beside != Held {
		t.Fatalf("%d values in %d columns", len(after), len(p.Columns()))
	}
	if d := after[2] - before[2]; d < 290 || d > 310 {
		t.Errorf("%v goroutines more for 300", d)
	}
	// 2 KiB of stack, and some hundred bytes that the scheduler keeps for each.
	if after[3] < after[0] {
		t.Errorf("the runtime holds %v bytes, and %v are alive", after[3], after[0])
	}
	if d := (after[0] - before[0]) / 300; d < 2048 || d > 3072 {
		t.Errorf("%v bytes for a goroutine", d)
	}
}

// What a request leaves to a goroutine that ends soon is in no reading; one that
// stays is waited for, and counted.
func TestPprofWaitsForGoroutines(t *testing.T) {
	for name, c := range map[string]struct{ falls, want float64 }{
		"they end":  {10, 8},
		"they stay": {0, 58},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, falls := 8.0, 0.0
				p, err := NewPprof(t.Context(), whole(func(_ context.Context, path string) ([]byte, error) {
					if strings.Contains(path, "goroutine") {
						defer func() { n -= falls }()
						return fmt.Appendf(nil, "goroutine profile: total %v\n", max(n, 8)), nil
					}
					return fmt.Appendf(nil, "# HeapAlloc = %v\n# HeapObjects = %v\n", 1000*max(n, 8), max(n, 8)), nil
				}), "")
				if err != nil {
					t.Fatal(err)
				}
				n, falls = n+50, c.falls
				values, err := p.Read(t.Context())
				if err != nil || values[1] != c.want || values[2] != c.want {
					t.Errorf("%v, %v: want %v objects and goroutines", values, err, c.want)
				}
			})
		})
	}
}

func TestPprofHeapAlone(t *testing.T) {
	heapOnly := func(ctx context.Context, path string) ([]byte, error) {
		if strings.Contains(path, "goroutine") {
			return nil, errors.New("404")
		}
		return own(ctx, path)
	}
	p, err := NewPprof(t.Context(), whole(heapOnly), "")
	if err != nil {
		t.Fatal(err)
	}
	values, err := p.Read(t.Context())
	if err != nil || len(values) != 3 || len(p.Columns()) != 3 {
		t.Errorf("%v in %d columns, %v", values, len(p.Columns()), err)
	}
	for _, text := range []string{"", "goroutine profile: total", "goroutine profile: total -1\n", "heap profile: total 3\n"} {
		if n, err := parseGoroutines([]byte(text)); n != 0 || fault.KindOf(err) != fault.Measure {
			t.Errorf("%q: %v, %v", text, n, err)
		}
	}
}

func TestPprofNamesTheLine(t *testing.T) {
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	defer func() { kept, runtime.MemProfileRate = nil, rate }()
	p := &Pprof{fetch: whole(own), heap: DefaultPprof + "/heap"}
	if err := p.StartTrace(t.Context()); err != nil {
		t.Fatal(err)
	}
	// So much that the profile which StopTrace compares with, and which lies in
	// this very process, weighs little beside it.
	keep(4000, 1024)
	sites, err := p.StopTrace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ranked, _ := Rank(sites, nil, 4000, 1024)
	if len(ranked) == 0 || !strings.HasSuffix(ranked[0].Function, ".keep") || ranked[0].Line == 0 || ranked[0].Owner != OwnerApp {
		t.Fatalf("got %+v", ranked)
	}
	if b := ranked[0].BytesPerRequest; b < 1024 || b > 1100 {
		t.Errorf("%v bytes a request for 1024", b)
	}
	if _, err := p.StopTrace(t.Context()); err == nil {
		t.Error("stopped twice")
	}
}

func TestPprofGoesWrong(t *testing.T) {
	for name, body := range map[string]string{
		"a web page":   "<html></html>",
		"no number":    "# HeapAlloc = many\n# HeapObjects = 3\n",
		"negative":     "# HeapAlloc = -1\n# HeapObjects = 3\n",
		"half of it":   "# HeapAlloc = 12\n",
		"empty":        "",
		"another type": "# HeapAlloc = 1.5\n# HeapObjects = 3\n",
	} {
		fetch := whole(func(context.Context, string) ([]byte, error) { return []byte(body), nil })
		if p, err := NewPprof(t.Context(), fetch, ""); p != nil || fault.KindOf(err) != fault.Measure || fault.HintOf(err) == "" {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if _, err := parseProfile([]byte("not gzip")); fault.KindOf(err) != fault.Measure {
		t.Errorf("got %v", err)
	}
}

func FuzzGoroutines(f *testing.F) {
	f.Add([]byte("goroutine profile: total 8\n1 @ 0x0\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := parseGoroutines(text); n < 0 || err != nil && n != 0 {
			t.Fatalf("%v, %v", n, err)
		}
	})
}

func FuzzMemStats(f *testing.F) {
	f.Add([]byte("# HeapAlloc = 12\n# HeapObjects = 3\n"))
	f.Add([]byte("# Sys = 90\n# HeapAlloc = 12\n# HeapReleased = 7\n# HeapObjects = 3\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		stats := newMemStats()
		_, _ = stats.Write(text)
		values, held, err := stats.values()
		for at := range text { // however it comes
			torn := newMemStats()
			_, _ = torn.Write(text[:at])
			_, _ = torn.Write(text[at:])
			if again, other, _ := torn.values(); !slices.Equal(again, values) || other != held {
				t.Fatalf("torn at %d: %v, want %v", at, again, values)
			}
		}
		if (err == nil) == (values == nil) {
			t.Fatalf("%v with %v", values, err)
		}
		if err == nil && !bytes.Contains(text, []byte("HeapAlloc")) {
			t.Fatal("a value out of nothing")
		}
	})
}
