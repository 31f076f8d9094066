package simulate_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
	"leakhunt/harness/verdict"
)

// many is an application of 96 URIs, of which one leaks, that is scanned. More lines of its
// world may be told.
func many(t *testing.T, runtime string, more ...string) *simulate.World {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "seed 5\nruntime %s\nplan strategy scan\n", runtime)
	for i := range 96 {
		fmt.Fprintf(&b, "uri /u%d garbage %dKiB objects 90\n", i, 8+i%40)
	}
	b.WriteString("uri /u41 leak 16KiB objects 60\n")
	for _, line := range more {
		b.WriteString(line + "\n")
	}
	w, err := simulate.Parse(b.String())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

const leaking = 41

// found fails where not the leak alone is convicted.
func found(t *testing.T, st *judge.State, when string) {
	t.Helper()
	for i, f := range st.Findings() {
		if (f.Label == verdict.Leak) != (i == leaking) {
			t.Errorf("%s: %d is %s: %s", when, i, f.Label, f.Why)
		}
	}
}

// A scan that is killed at any byte of its journal goes on where it stood: with the groups
// that came to their end, on the same process or on a fresh one.
func TestScanKilledAnywhere(t *testing.T) {
	for _, runtime := range []string{"python tight", "go pprof"} {
		t.Run(strings.ReplaceAll(runtime, " ", "-"), func(t *testing.T) {
			w := many(t, runtime)
			st := judge.New(w.Header())
			enc := record.NewEncoder(st.Header.Environment.PageBytes)
			file, err := enc.Header(nil, st.Header)
			if err != nil {
				t.Fatal(err)
			}
			groups := 0
			err = harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(e record.Event) {
				if b, ok := e.(record.Began); ok && len(b.Group) > 0 {
					groups++
				}
				if file, err = enc.Append(file, e); err != nil {
					t.Fatal(err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			found(t, st, "undisturbed")
			if c := st.Cleared(); c.URIs < 93 || c.Open > 0 || c.Floor <= 0 {
				t.Errorf("cleared: %+v", c)
			}
			r := rand.New(rand.NewPCG(1, 2))
			for i := range 8 {
				at := r.IntN(len(file) + 1)
				st, events, err := read(file[:at])
				if errors.Is(err, record.ErrEmpty) || errors.Is(err, record.ErrCut) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				had := len(st.Groups())
				var d harness.Driver = later{many(t, runtime), st.Now}
				if i%2 == 1 {
					d = rejoined{stood(t, runtime, events)}
				}
				resume(t, d, st)
				found(t, st, fmt.Sprintf("cut at byte %d of %d", at, len(file)))
				if all := len(st.Groups()); all < had || all > 2*groups {
					t.Errorf("cut at byte %d of %d: %d groups, %d before it was cut, %d undisturbed", at, len(file), all, had, groups)
				}
			}
		})
	}
}

// A counter that hangs behind the scan is found out while the URIs that it came down to are swept.
// The groups were read by it. The scan keeps its measures, so it still comes down to these URIs.
func TestScanKeepsItsMeasures(t *testing.T) {
	const leak = "garbage 20KiB objects 90, leak 16KiB objects 60"
	w := many(t, "ruby agent", "uri /more "+leak, "uri /most "+leak, "uri /all "+leak, "uri /few garbage 20KiB objects 90, leak 1KiB objects 8", "fault counter stuck after 120")
	st := judge.New(w.Header())
	before, changed := 0, false
	if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(record.Event) {
		groups := st.Groups()
		switch {
		case changed || len(groups) == 0 || st.Life() == nil:
		case st.Measures()[0].Name == groups[0].Measures[0].Name:
			before = len(strategy.Leaves(st))
		default:
			changed = true
			if after := len(strategy.Leaves(st)); before != 5 || after != before {
				t.Errorf("the scan came down to %d URIs, and to %d when the counter was found out", before, after)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if !changed {
		t.Error("the counter was not found out")
	}
}

// A counter that hangs before the scan is found out by the groups: each leaves it as it was, to
// the bit, while RSS rises. So it clears nobody.
func TestScanFindsHungCounter(t *testing.T) {
	const leak = "garbage 20KiB objects 90, leak 16KiB objects 60"
	for _, runtime := range []string{"python agent", "ruby agent"} {
		w := many(t, runtime, "uri /more "+leak, "uri /most "+leak, "uri /all "+leak, "fault counter stuck after 8")
		st := judge.New(w.Header())
		if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
			t.Fatal(err)
		}
		for i, f := range st.Findings() {
			if truth := w.Truth()[i]; truth.Leaks != (f.Label == verdict.Leak) {
				t.Errorf("%s: %s is %s above %.0f B, and leaks %.0f: %s", runtime, truth.Name, f.Label, f.Floor, truth.Bytes, f.Why)
			}
		}
	}
}

// Who is open behind a scan is told no number of requests: those that it had were sent to a group.
func TestScanLeavesOpen(t *testing.T) {
	w := many(t, "ruby")
	st := judge.New(w.Header())
	if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, f := range st.Findings() {
		if f.Label != verdict.Inconclusive || f.Segments[0].Requests() > 0 {
			continue
		}
		if open++; f.More > 0 || strings.Contains(f.Why, "may settle it") || !strings.Contains(f.Why, "a sweep of it by itself tells more") {
			t.Errorf("%d more requests: %s", f.More, f.Why)
		}
	}
	if open == 0 {
		t.Error("nobody is open")
	}
}

// stood is the application as a killed run leaves it, after so many events.
func stood(t *testing.T, runtime string, events int) *simulate.World {
	t.Helper()
	w := many(t, runtime)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	err := harness.Hunt(ctx, w, judge.New(w.Header()), strategy.Hunt{}, func(record.Event) {
		if n++; n > events {
			cancel()
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return w
}

// What a group has grown by may all be of one of its URIs, and every URI's floor says so:
// no floor of a URI that was sent in groups alone is below what it leaks. Seed 0 has
// many leaks of one size, the others fewer, of seven sizes; LEAKHUNT_SEEDS=N has more of these.
func TestScanFloorsAreHonest(t *testing.T) {
	t.Parallel()
	seeds, err := strconv.Atoi(cmp.Or(os.Getenv("LEAKHUNT_SEEDS"), "2"))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range max(2, seeds) {
		for _, runtime := range []string{"python tight", "node agent", "java histogram"} {
			var b strings.Builder
			fmt.Fprintf(&b, "seed %d\nruntime %s\nplan strategy scan\nlimits time 10000s\n", seed, runtime)
			leaks := map[int]float64{}
			for i := range 64 {
				fmt.Fprintf(&b, "uri /u%d garbage %dKiB objects 90", i, 4+i%30)
				switch { // so many that groups cannot tell them
				case seed == 0 && i%2 == 0:
					leaks[i] = 64 << 10
				case seed > 0 && i%3 == 0:
					leaks[i] = float64(int(200) << (i % 7))
				}
				if leaks[i] > 0 {
					fmt.Fprintf(&b, ", leak %.0fB objects 4", leaks[i])
				}
				b.WriteString("\n")
			}
			w, err := simulate.Parse(b.String())
			if err != nil {
				t.Fatal(err)
			}
			st := judge.New(w.Header())
			if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
				t.Fatal(err)
			}
			for i, f := range st.Findings() {
				switch {
				case i < 0:
				case f.Label == verdict.Leak && leaks[i] == 0:
					t.Errorf("%s, seed %d: /u%d is accused: %s", runtime, seed, i, f.Why)
				case f.Label != verdict.Leak && f.Label != verdict.Inconclusive && f.Floor < leaks[i] && f.Segments[0].Requests() == 0:
					t.Errorf("%s, seed %d: /u%d leaks %.0f, and is %s above %.0f: %s", runtime, seed, i, leaks[i], f.Label, f.Floor, f.Why)
				}
			}
		}
	}
}
