package simulate_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
)

// guess is what was said of the time that is left, and when.
type guess struct {
	at, left float64
}

// guesses are those of a whole hunt in a simulated world, at the begin of each action.
func guesses(t *testing.T, world *simulate.World) (out []guess, total float64) {
	t.Helper()
	st := judge.New(world.Header())
	plan := watched{strategy.Hunt{}, func(st *judge.State) {
		out = append(out, guess{st.Now, strategy.Hunt{}.Left(st)})
	}}
	if err := harness.Hunt(t.Context(), world, st, plan, func(record.Event) {}); err != nil {
		t.Fatal(err)
	}
	return out, st.Now
}

type watched struct {
	strategy.Hunt
	before func(*judge.State)
}

func (w watched) Next(st *judge.State) (record.Action, bool) {
	a, ok := w.Hunt.Next(st)
	if ok {
		w.before(st)
	}
	return a, ok
}

// The time that is left is told within a quarter of the truth from a third of a run on,
// waits and confirmations included: of the guesses in runs of simulated processes that
// last longer than 20 s, this share.
func TestTimeLeft(t *testing.T) {
	for kind, least := range map[string]float64{
		"counter/ruby": 1, "counter/python": 0.98, "counter/node": 0.95, "counter/go": 0.95, "counter/java": 0.95, "expiry/timers": 0.85,
		"rss/tight/python": 0.85, "rss/tight/node": 0.95, "rss/go": 0.8, "rss/ruby": 0.8, "rss/tight/ruby": 0.9,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			seeds := uint64(6)
			if strings.HasPrefix(kind, "rss/") {
				seeds = 2 // they take long
			}
			var all, good int
			worst := 0.0
			for seed := uint64(1); seed <= seeds; seed++ {
				world, err := simulate.New(seed, kind)
				if err != nil {
					t.Fatal(err)
				}
				told, total := guesses(t, world)
				if total < 20 {
					continue
				}
				for _, g := range told {
					if g.at < total/3 {
						continue
					}
					off := (g.at + g.left - total) / total
					if all++; math.Abs(off) <= 0.25 {
						good++
					}
					if math.Abs(off) > math.Abs(worst) {
						worst = off
					}
				}
			}
			t.Logf("%s: %d of %d guesses, the worst off by %+.0f %% of the run", kind, good, all, 100*worst)
			if float64(good) < least*float64(all) {
				t.Errorf("%d of %d guesses are within a quarter, want %.0f %%", good, all, 100*least)
			}
		})
	}
}

// Of a scan the time left is that of its groups, and not that of a sweep of all URIs. Where it comes
// down to URIs that keep for a while what they make, it is that of its pauses.
func TestTimeLeftOfScan(t *testing.T) {
	var hold []string
	for i := 3; i < 96; i += 12 {
		hold = append(hold, fmt.Sprintf("uri /u%d hold 16KiB expires 5s", i))
	}
	for _, runtime := range []string{"ruby agent", "go pprof", "python tight", "go tight", "ruby agent, holding"} {
		kind, holds := strings.CutSuffix(runtime, ", holding")
		var more []string
		if holds {
			more = hold
		}
		told, total := guesses(t, many(t, kind, more...))
		all, good := 0, 0
		for _, g := range told {
			if g.at < total/3 {
				continue
			}
			if all++; math.Abs(g.at+g.left-total) <= total/4 {
				good++
			}
		}
		t.Logf("%s: %d of %d guesses within a quarter of %.0f s", runtime, good, all, total)
		least := 0.75
		if holds { // whether they go on growing is not known until the first pause of each
			least = 0.5
		}
		if float64(good) < least*float64(all) {
			t.Errorf("%s: %d of %d guesses within a quarter of %.0f s", runtime, good, all, total)
		}
	}
}
