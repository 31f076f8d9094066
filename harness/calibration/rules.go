package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"leakhunt/harness/judge"
)

// worth is what goes wrong without a rule, beside what goes wrong with it.
type worth struct {
	hunts                              int // in which it was asked for: in no other can it matter
	accused, lies, found, inconclusive int
	requests                           int
	kinds                              map[string]int // by how much more goes wrong, by kind of world
}

func (w *worth) add(kind string, with, without Counts) {
	w.hunts++
	w.accused += without.Accused - with.Accused
	w.lies += without.Lies - with.Lies
	w.found += without.Found - with.Found
	w.inconclusive += without.Inconclusive - with.Inconclusive
	w.requests += without.Requests - with.Requests
	if n := without.Accused - with.Accused + without.Lies - with.Lies + with.Found - without.Found; n != 0 {
		w.kinds[kind] += n
	}
}

// rules writes what goes wrong without each rule. Every hunt is made with all rules
// first, and then once more without each of those that were asked for in it.
func (h hunts) rules(ctx context.Context, _ func() time.Time, w io.Writer) error {
	all, by := Counts{}, map[string]*worth{}
	for _, r := range judge.Rules() {
		by[r.Name] = &worth{kinds: map[string]int{}}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	workers := min(runtime.GOMAXPROCS(0), max(1, h.n))
	for k := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := k; i < h.n && ctx.Err() == nil; i += workers {
				with, kind, without, err := h.without(ctx, h.seed+uint64(i))
				mu.Lock()
				if err != nil && failed == nil {
					failed = fmt.Errorf("seed %d: %w", h.seed+uint64(i), err)
				}
				all.add(with)
				for name, c := range without {
					by[name].add(kind, with, c)
				}
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	if failed = cmp.Or(failed, ctx.Err()); failed != nil {
		return failed
	}
	fmt.Fprintf(w, "# What each rule is worth\n\nWritten by `go run ./harness/calibration -hunts %d -seed %d -rules`: each hunt with all rules, and once more without each of\n"+
		"those that were asked for in it. The kinds are those in which most more goes wrong: innocents accused, leaks missed or said to be none.\n\n", h.n, h.seed)
	fmt.Fprintf(w, "%d simulated hunts from seed %d: %d of %d innocents accused, %d lies of %d leaks, %d found, %d inconclusive.\n\n",
		all.Hunts, h.seed, all.Accused, all.Innocents, all.Lies, all.Leaks, all.Found, all.Inconclusive)
	fmt.Fprintf(w, "| without the rule | that | asked for in | accused | lies | found | inconclusive | requests | goes wrong in |\n|---|---|--:|--:|--:|--:|--:|--:|---|\n")
	for _, r := range judge.Rules() {
		o := by[r.Name]
		fmt.Fprintf(w, "| %s | %s | %d | %+d | %+d | %+d | %+d | %+.1f %% | %s |\n", r.Name, r.What, o.hunts, o.accused, o.lies, o.found, o.inconclusive,
			100*float64(o.requests)/float64(max(1, all.Requests)), o.worst())
	}
	return nil
}

// worst names the kinds of world in which most more goes wrong, at most four.
func (w *worth) worst() string {
	names := slices.SortedFunc(maps.Keys(w.kinds), func(a, b string) int {
		return cmp.Or(cmp.Compare(w.kinds[b], w.kinds[a]), strings.Compare(a, b))
	})
	var out []string
	for _, name := range names[:min(4, len(names))] {
		if w.kinds[name] > 0 {
			out = append(out, fmt.Sprintf("%s %d", name, w.kinds[name]))
		}
	}
	return strings.Join(out, ", ")
}

// without makes the hunt of a seed with all rules, and without each that it asked for.
func (h hunts) without(ctx context.Context, seed uint64) (with Counts, kind string, less map[string]Counts, err error) {
	h.asked, less = map[string]bool{}, map[string]Counts{}
	if with, kind, _, err = h.one(ctx, seed); err != nil {
		return with, kind, nil, err
	}
	asked := h.asked
	h.asked = nil
	for name := range asked {
		h.off = map[string]bool{name: true}
		c, _, _, err := h.one(ctx, seed)
		if err != nil {
			return with, kind, nil, err
		}
		less[name] = c
	}
	return with, kind, less, nil
}
