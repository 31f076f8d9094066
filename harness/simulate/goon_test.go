package simulate_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
	"leakhunt/harness/verdict"
)

// slow are the kinds of worlds whose runs have too little time.
var slow = []string{
	"counter/ruby", "counter/python", "counter/node", "counter/go", "expiry/timers", "ring/shared", "rare", "native", "cache/keyed", "late-task",
	"rss/php", "rss/tight/python", "rss/tight/ruby",
}

// A run that its time limit ended goes on with as much time once more, and once more,
// on the same process or on fresh ones. What it had no time for is settled, and no verdict
// contradicts what the world does: nobody is accused, and no floor is below a leak.
func TestGoesOnUntilSettled(t *testing.T) {
	const most = 12 // times that it goes on
	seeds, err := strconv.Atoi(cmp.Or(os.Getenv("LEAKHUNT_SEEDS"), "6"))
	if err != nil {
		t.Fatal(err)
	}
	var short, again, before, after, left atomic.Int64
	t.Run("all", func(t *testing.T) {
		for n, name := range slow {
			for _, same := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, same process: %v", strings.ReplaceAll(name, "/", "-"), same), func(t *testing.T) {
					t.Parallel()
					for i := range seeds {
						seed := uint64(81000001 + 1000*n + i)
						whole, _ := undisturbed(t, name, seed)
						budget := whole.Now / 3
						w := simulated(t, name, seed)
						h := w.Header()
						h.Plan.Limits.Time = budget
						st := judge.New(h)
						end(t, w, st)
						if st.Ended.By != result.EndedByLimit {
							continue // it was settled all the same
						}
						short.Add(1)
						before.Add(int64(inconclusive(st)))
						for k := 0; k < most && !st.Ended.Complete; k++ {
							again.Add(1)
							end(t, more{w, st.Now + budget, same}, st)
						}
						after.Add(int64(inconclusive(st)))
						if !st.Ended.Complete {
							left.Add(1)
						}
						for _, text := range falsehoods(w, st) {
							t.Errorf("seed %d: %s", seed, text)
						}
					}
				})
			}
		}
	})
	t.Logf("%d runs had too little time and went on %d times, %d to no end: %d verdicts were inconclusive before, %d after", short.Load(), again.Load(), left.Load(), before.Load(), after.Load())
	if short.Load() < 20 || 3*after.Load() > before.Load() || 5*left.Load() > short.Load() {
		t.Error("they settle too little")
	}
}

func inconclusive(st *judge.State) (n int) {
	for _, f := range st.Findings() {
		if f.Label == verdict.Inconclusive {
			n++
		}
	}
	return n
}

// falsehoods are the verdicts that contradict what the world does.
func falsehoods(w *simulate.World, st *judge.State) (out []string) {
	findings := st.Findings()
	_, shared := findings[judge.EveryRequest]
	for i, truth := range w.Truth() {
		f, bytes := findings[i], truth.Bytes
		if shared {
			bytes -= truth.Shared
		}
		switch {
		case f.Label == verdict.Leak && bytes <= 0 && truth.Held <= 0:
			out = append(out, fmt.Sprintf("%s is accused: %s", truth.Name, f.Why))
		case f.Label != verdict.Leak && f.Label != verdict.Inconclusive && f.Floor < bytes && (f.Every == 0 || truth.Every <= f.Every):
			out = append(out, fmt.Sprintf("%s leaks %.0f, and is %s above %.0f: %s", truth.Name, bytes, f.Label, f.Floor, f.Why))
		}
	}
	return out
}

// end drives a run to its end.
func end(t *testing.T, d harness.Driver, st *judge.State) {
	t.Helper()
	if err := harness.Hunt(t.Context(), d, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
		t.Fatal(err)
	}
	if err := st.Append(harness.Ending(st, nil)); err != nil {
		t.Fatal(err)
	}
}

// more is a world whose run goes on with another time limit, in seconds.
type more struct {
	*simulate.World
	limit float64
	same  bool // its process still lives
}

// Do implements harness.Driver.
func (m more) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	if open, ok := a.(record.Open); ok && open.Why == record.Resumed {
		if m.same {
			open.Why = record.Rejoined
		}
		return m.World.Do(ctx, open, func(e record.Event) {
			if o, ok := e.(record.Opened); ok {
				o.Limits = &record.Limits{Time: m.limit}
				e = o
			}
			emit(e)
		})
	}
	return m.World.Do(ctx, a, emit)
}
