package simulate

import (
	"testing"

	"leakhunt/harness/record"
)

// must is a world of that kind.
func must(t testing.TB, seed uint64, name string) *World {
	t.Helper()
	w, err := New(seed, name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// parsed is the world of a text.
func parsed(t testing.TB, text string) *World {
	t.Helper()
	w, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// do carries actions out and returns what happened. Every event must be one that a
// log takes.
func do(t testing.TB, w *World, actions ...record.Action) (events []record.Event) {
	t.Helper()
	for _, a := range actions {
		if err := w.Do(t.Context(), a, func(e record.Event) { events = append(events, e) }); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

// logged folds events.
func logged(t testing.TB, w *World, events []record.Event) *record.Log {
	t.Helper()
	l := record.NewLog(w.Header())
	for i, e := range events {
		if err := l.Append(e); err != nil {
			t.Fatalf("event %d, %T: %v", i, e, err)
		}
	}
	return l
}

// some are actions as a hunt might ask for: a warm-up, rounds, a wait, a retest, a
// pass that names lines.
func some(w *World, seed uint64) []record.Action {
	d := newDraw(seed, 1)
	n := len(w.spec.routes)
	actions := []record.Action{record.Open{}}
	for u := range n {
		actions = append(actions, record.Send{URI: u, N: 30, Purpose: record.Warmup})
	}
	for round := 1; round <= 4; round++ {
		for _, u := range d.Perm(n) {
			actions = append(actions, record.Send{
				URI: u, N: 50, Purpose: record.Sweep, Round: round, Settle: true,
				Touched: record.Touching{Anew: round == 1, Every: 10},
			})
		}
	}
	return append(actions,
		record.Measure{Wait: 6},
		record.Send{URI: d.IntN(n), N: 200, Purpose: record.Retest, Settle: true, Strict: true},
		record.Name{URI: d.IntN(n), Requests: 50, Callers: 5, Retainers: true, Growth: 100},
		record.Measure{},
	)
}
