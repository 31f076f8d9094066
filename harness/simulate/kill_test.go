package simulate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
	"leakhunt/harness/verdict"
)

// killed are the kinds of worlds whose runs are cut.
var killed = []string{
	"counter/ruby", "counter/python", "counter/node", "counter/go", "rss/tight/go", "rss/tight/ruby", "rss/php", "rss/python",
	"expiry/timers", "ring/shared", "rare", "native", "cache/keyed", "late-task",
}

// A run that is killed at any byte of its journal is gone on with, on the same process
// where that still lives, and else on a fresh one. It ends with the verdicts of a run
// that nobody disturbed: what leaks leaks, and what does not does not. Which kind of an
// innocent a URI is, and whether that can be told, depends on the process.
func TestKilledAnywhere(t *testing.T) {
	const cuts = 4 // of each, and for both
	var cut, all, open atomic.Int64
	t.Run("all", func(t *testing.T) {
		for n, name := range killed {
			t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
				t.Parallel()
				seed := uint64(n + 1)
				whole, file := undisturbed(t, name, seed)
				r := rand.New(rand.NewPCG(seed, 1))
				for i := range 2 * cuts {
					at := r.IntN(len(file) + 1)
					st, events, err := read(file[:at])
					if errors.Is(err, record.ErrEmpty) || errors.Is(err, record.ErrCut) {
						continue // nothing was sent: the run begins anew
					}
					if err != nil {
						t.Fatalf("cut at byte %d of %d: %v", at, len(file), err)
					}
					if lines := bytes.Count(file[:at], []byte("\n")); events != lines-1 {
						t.Errorf("cut at byte %d of %d: %d events of %d lines", at, len(file), events, lines)
					}
					var d harness.Driver = later{simulated(t, name, seed), st.Now}
					if i%2 == 1 {
						d = rejoined{left(t, name, seed, events)}
					}
					resume(t, d, st)
					cut.Add(1)
					all.Add(int64(len(st.Header.Items)))
					wrong, unsure := differences(whole, st)
					if open.Add(int64(len(unsure))); len(wrong) > 0 {
						t.Errorf("cut at byte %d of %d, same process: %v: %s", at, len(file), i%2 == 1, strings.Join(wrong, "; "))
					}
					for _, text := range unsure {
						t.Logf("cut at byte %d of %d, same process: %v: %s", at, len(file), i%2 == 1, text)
					}
				}
			})
		}
	})
	t.Logf("%d runs were cut: of %d verdicts %d became inconclusive, or settled", cut.Load(), all.Load(), open.Load())
	if cut.Load() < 100 || 20*open.Load() > all.Load() {
		t.Errorf("%d runs were cut: of %d verdicts %d became inconclusive, or settled", cut.Load(), all.Load(), open.Load())
	}
}

func simulated(t *testing.T, name string, seed uint64) *simulate.World {
	t.Helper()
	w, err := simulate.New(seed, name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// undisturbed is a whole run, and its journal.
func undisturbed(t *testing.T, name string, seed uint64) (*judge.State, []byte) {
	t.Helper()
	w := simulated(t, name, seed)
	st := judge.New(w.Header())
	enc := record.NewEncoder(st.Header.Environment.PageBytes)
	file, err := enc.Header(nil, st.Header)
	if err != nil {
		t.Fatal(err)
	}
	add := func(e record.Event) {
		if file, err = enc.Append(file, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, add); err != nil {
		t.Fatal(err)
	}
	end := harness.Ending(st, nil)
	add(end)
	if err := st.Append(end); err != nil {
		t.Fatal(err)
	}
	return st, file
}

// read is the state that a journal leads to, and how many events that takes.
func read(file []byte) (st *judge.State, events int, err error) {
	r, err := record.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, 0, err
	}
	st = judge.New(r.Header)
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return st, events, nil
		}
		if err == nil {
			err = st.Append(e)
		}
		if err != nil {
			return nil, events, err
		}
		events++
	}
}

// left is a world as a killed run leaves it: so many events are in its journal, and what
// was being done was done.
func left(t *testing.T, name string, seed uint64, events int) *simulate.World {
	t.Helper()
	w := simulated(t, name, seed)
	st := judge.New(w.Header())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	err := harness.Hunt(ctx, w, st, strategy.Hunt{}, func(record.Event) {
		if n++; n > events {
			cancel()
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return w
}

// resume goes on with a run until it has ended.
func resume(t *testing.T, d harness.Driver, st *judge.State) {
	t.Helper()
	if st.Ended != nil {
		return
	}
	if err := harness.Hunt(t.Context(), d, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
		t.Fatal(err)
	}
	if err := st.Append(harness.Ending(st, nil)); err != nil {
		t.Fatal(err)
	}
}

// differences says which verdicts of two runs contradict each other, and which one of
// them alone could tell.
func differences(a, b *judge.State) (wrong, unsure []string) {
	was, is := a.Findings(), b.Findings()
	for i, it := range a.Header.Items {
		x, y := was[i].Label, is[i].Label
		text := fmt.Sprintf("%s is %s, and was %s (%s)", it.Name, y, x, is[i].Why)
		switch {
		case x == y:
		case x == verdict.Inconclusive || y == verdict.Inconclusive:
			unsure = append(unsure, text)
		case x == verdict.Leak || y == verdict.Leak || x == verdict.Failed || y == verdict.Failed:
			wrong = append(wrong, text)
		}
	}
	if a.Ended.Complete != b.Ended.Complete {
		wrong = append(wrong, fmt.Sprintf("complete: %v (%s), and was %v (%s)", b.Ended.Complete, b.Ended.Reason, a.Ended.Complete, a.Ended.Reason))
	}
	return wrong, unsure
}

// rejoined is a world whose process still lives when the run goes on.
type rejoined struct{ *simulate.World }

// Do implements harness.Driver.
func (r rejoined) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	if open, ok := a.(record.Open); ok && open.Why == record.Resumed {
		open.Why = record.Rejoined
		a = open
	}
	return r.World.Do(ctx, a, emit)
}

// later is a driver whose clock began so many seconds later: that of a run that goes
// on.
type later struct {
	harness.Driver
	by float64
}

// Do implements harness.Driver.
func (l later) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	return l.Driver.Do(ctx, a, func(e record.Event) { emit(l.shift(e)) })
}

func (l later) shift(e record.Event) record.Event {
	switch e := e.(type) {
	case record.Opened:
		e.T += l.by
		e.Fresh.T += l.by
		return e
	case record.Began:
		e.T += l.by
		e.Start.T += l.by
		return e
	case record.Readings:
		e.At = slices.Clone(e.At)
		for i := range e.At {
			e.At[i] += uint32(l.by * record.Ticks)
		}
		return e
	case record.Finished:
		e.End.T += l.by
		return e
	case record.Read:
		e.Edge.T += l.by
		return e
	case record.Traced:
		e.T += l.by
		return e
	case record.Lost:
		e.T += l.by
		return e
	case record.Failed:
		e.T += l.by
		return e
	case record.Limited:
		e.T += l.by
		return e
	}
	return e
}
