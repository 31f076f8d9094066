package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
	"leakhunt/harness/verdict"
)

// hunts are whole runs, of the real strategy and the real judge, on processes that
// are arithmetic.
type hunts struct {
	n       int
	seed    uint64
	world   string          // the kind of world; "": all, drawn by the seed
	alone   bool            // only worlds in which no counter is read
	off     map[string]bool // rules that are switched off
	asked   map[string]bool // takes those that were asked for; may be nil, else of one hunt at a time
	verbose io.Writer       // is told every action and why; nil: nobody
}

// Counts is what came out of a number of hunts, by URI.
type Counts struct {
	Hunts     int `json:"hunts"`
	Innocents int `json:"innocents"`
	Accused   int `json:"accused"` // innocents that are said to leak
	Leaks     int `json:"leaks"`
	Found     int `json:"found"`
	// Above are the leaks of at least four times the floor that the run names;
	// FoundAbove those of them that were found.
	Above      int `json:"above_4_floors"`
	FoundAbove int `json:"found_above_4_floors"`
	Lies       int `json:"lies"`  // leaks that are said to be none, under a floor below them
	Short      int `json:"short"` // leaks that are found, and keep more than twice what their interval holds
	// ByCounter are the leaks that a counter found, and Held those of them whose interval
	// holds what a request keeps. RSS grows by more than that: by what allocators round up.
	ByCounter    int     `json:"by_counter"`
	Held         int     `json:"held"`
	Inconclusive int     `json:"inconclusive"`
	Requests     int     `json:"requests"`
	Seconds      float64 `json:"seconds"` // that the runs would have taken
}

// Failure is a URI that was judged wrong. Its seed alone, with the world where one
// was asked for, repeats the hunt.
type Failure struct {
	Seed    uint64  `json:"seed"`
	World   string  `json:"world"`
	URI     string  `json:"uri"`
	Truth   string  `json:"truth"`
	Verdict string  `json:"verdict"`
	Why     string  `json:"why"`
	Kind    string  `json:"kind"` // "accused", "lie", "missed" or "short"
	Floor   float64 `json:"floor"`
}

// Outcome is what hunts found.
type Outcome struct {
	Seed uint64 `json:"seed"`
	Counts
	HuntsPerSecond float64            `json:"hunts_per_second"`
	Worlds         map[string]*Counts `json:"worlds"`
	Failures       []Failure          `json:"failures"`
}

// run makes all hunts, on all processors. A failure of the machinery itself, such as
// an event that cannot have happened, is an error.
func (h hunts) run(ctx context.Context, clock func() time.Time) (*Outcome, error) {
	out := &Outcome{Seed: h.seed, Worlds: map[string]*Counts{}, Failures: []Failure{}}
	began := clock()
	workers := min(runtime.GOMAXPROCS(0), max(1, h.n))
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < h.n && ctx.Err() == nil; i += workers {
				c, kind, failures, err := h.one(ctx, h.seed+uint64(i))
				mu.Lock()
				if err != nil && failed == nil {
					failed = fmt.Errorf("seed %d: %w", h.seed+uint64(i), err)
				}
				if out.Worlds[kind] == nil {
					out.Worlds[kind] = &Counts{}
				}
				out.add(c)
				out.Worlds[kind].add(c)
				out.Failures = append(out.Failures, failures...)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	slices.SortFunc(out.Failures, func(a, b Failure) int {
		return strings.Compare(fmt.Sprintf("%020d %s", a.Seed, a.URI), fmt.Sprintf("%020d %s", b.Seed, b.URI))
	})
	if took := clock().Sub(began).Seconds(); took > 0 {
		out.HuntsPerSecond = float64(out.Hunts) / took
	}
	return out, failed
}

// one makes the hunt of that seed.
func (h hunts) one(ctx context.Context, seed uint64) (c Counts, kind string, failures []Failure, err error) {
	world, err := simulate.New(seed, h.world)
	if err != nil {
		return c, h.world, nil, err
	}
	kind = world.Name()
	if h.alone && world.Header().Plan.Runtime != "none" {
		return c, kind, nil, nil
	}
	if h.verbose != nil {
		fmt.Fprintln(h.verbose, world)
	}
	st := judge.NewWith(world.Header(), judge.Settings{Off: h.off, Asked: h.asked})
	if err := h.hunt(ctx, world, st); err != nil {
		return c, kind, nil, err
	}
	if err := st.Append(harness.Ending(st, nil)); err != nil {
		return c, kind, nil, err
	}
	findings := st.Findings()
	c.Hunts, c.Requests, c.Seconds = 1, st.Total, st.Now
	for _, t := range truths(world, findings) {
		f := findings[t.URI]
		if f.Label == verdict.Failed {
			continue
		}
		var it record.Item
		if t.URI >= 0 {
			it = st.Header.Items[t.URI]
		}
		if t.URI >= 0 && !it.Requests.Auto && !t.Leaks && f.Label == verdict.Leak && t.Bounded.Requests >= float64(it.Requests.N)/2 {
			continue // with a fixed number, the reason names the cache that would look alike
		}
		if h.verbose != nil {
			fmt.Fprintf(h.verbose, "%s: %s, floor %.0f: %s\n", t, f.Label, f.Floor, f.Why)
		}
		if wrong := c.count(t, f); wrong != "" {
			failures = append(failures, Failure{
				Seed: seed, World: kind, URI: t.Name, Truth: t.String(), Verdict: string(f.Label), Why: f.Why,
				Kind: wrong, Floor: f.Floor,
			})
		}
	}
	return c, kind, failures, nil
}

// truths are those of every URI and, where what every request keeps has a finding of
// its own, of that: the URIs are judged then by what each adds.
func truths(world *simulate.World, findings map[int]judge.Finding) []simulate.Truth {
	all := world.Truth()
	if _, ok := findings[judge.EveryRequest]; !ok {
		return all
	}
	byHeld := slices.ContainsFunc(findings[judge.EveryRequest].Evidence, record.HeldUnit)
	every := simulate.Truth{URI: judge.EveryRequest, Name: judge.EveryRequestName, Bytes: math.Inf(1), Every: 1}
	for i := range all {
		t := &all[i]
		every.Bytes = min(every.Bytes, t.Shared)
		t.Bytes -= t.Shared
		t.Leaks = t.Bytes > 0
	}
	every.Leaks = every.Bytes > 0
	if byHeld { // what each keeps beside that in bytes may be told of it, or not
		all = slices.DeleteFunc(all, func(t simulate.Truth) bool { return !t.Leaks && t.Shared > 0 })
	}
	return append(all, every)
}

// hunt drives the run, and tells what is done and why where anybody listens.
func (h hunts) hunt(ctx context.Context, d harness.Driver, st *judge.State) error {
	if h.verbose == nil {
		return harness.Hunt(ctx, d, st, strategy.Hunt{}, func(record.Event) {})
	}
	return harness.Hunt(ctx, told{d, st, h.verbose}, st, strategy.Hunt{}, func(record.Event) {})
}

// told is a driver that tells every action, and what was thought of its URI then.
type told struct {
	harness.Driver
	st *judge.State
	w  io.Writer
}

func (t told) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	err := t.Driver.Do(ctx, a, emit)
	fmt.Fprintf(t.w, "%8.1f s  %+v", t.st.Now, a)
	if s, ok := a.(record.Send); ok && s.Purpose.Judged() {
		for _, u := range t.st.URIs {
			if u.Index == s.URI {
				j, by := t.st.Judge(u)
				fmt.Fprintf(t.w, "\n            %s: %s by %v, %.0f … %.0f … %.0f, floor %.0f: %s", u.Name, j.Label, by, j.Low, j.Growth, j.High, j.Detectable, j.Reason)
			}
		}
	}
	fmt.Fprintln(t.w)
	return err
}

// count adds one URI, and says what is wrong with its verdict: "" where nothing is.
func (c *Counts) count(t simulate.Truth, f judge.Finding) (wrong string) {
	if f.Label == verdict.Inconclusive {
		c.Inconclusive++
	}
	if !t.Leaks {
		c.Innocents++
		if f.Label == verdict.Leak {
			c.Accused++
			return "accused"
		}
		return ""
	}
	c.Leaks++
	above := f.Floor > 0 && t.Bytes >= 4*f.Floor // no floor: nothing was measured
	if above {
		c.Above++
	}
	switch {
	case f.Label == verdict.Leak:
		c.Found++
		if above {
			c.FoundAbove++
		}
		if slices.ContainsFunc(f.Probes, func(p judge.Probe) bool { return p.Name == f.Evidence[0] }) {
			c.ByCounter++
			if f.Low <= t.Bytes && t.Bytes <= f.High {
				c.Held++
			}
		}
		if 2*f.High < t.Bytes {
			c.Short++
			return "short"
		}
	case f.Label != verdict.Inconclusive && f.Floor < t.Bytes && (f.Every == 0 || t.Every <= f.Every):
		c.Lies++
		return "lie"
	case above, t.Held > 0:
		return "missed"
	}
	return ""
}

func (c *Counts) add(d Counts) {
	c.Hunts += d.Hunts
	c.Innocents += d.Innocents
	c.Accused += d.Accused
	c.Leaks += d.Leaks
	c.Found += d.Found
	c.Above += d.Above
	c.FoundAbove += d.FoundAbove
	c.Lies += d.Lies
	c.Short += d.Short
	c.ByCounter += d.ByCounter
	c.Held += d.Held
	c.Inconclusive += d.Inconclusive
	c.Requests += d.Requests
	c.Seconds += d.Seconds
}

// writeJSON writes an outcome as JSON.
func (o *Outcome) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(o)
}
