package strategy_test

import (
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
	"leakhunt/harness/verdict"
)

// Whoever RSS convicts was tried alone, at any moment of a run after its sweep: all of
// its series may say that it leaks, and so may its neighbours' growth.
func TestNobodyIsConvictedUntried(t *testing.T) {
	convicted, grew := 0, 0
	for _, name := range []string{"rss/ruby", "rss/python", "rss/node", "rss/go", "rss/php", "rss/tight/go", "rss/tight/node", "one-uri"} {
		for seed := range uint64(6) {
			w, err := simulate.New(seed, name)
			if err != nil {
				t.Fatal(err)
			}
			st := judge.New(w.Header())
			look := func(e record.Event) {
				if _, ok := e.(record.Finished); !ok || st.Counted() {
					return
				}
				for _, u := range st.URIs {
					if !u.Done || !u.Item.Requests.Auto {
						continue
					}
					if st.ByRSS(u).Label == verdict.Leak {
						grew++
					}
					if j, _ := st.Judge(u); j.Label == verdict.Leak {
						if convicted++; !u.Tried {
							t.Errorf("%s of seed %d, after %.1f s: %s is convicted untried: %s", name, seed, st.Now, u.Name, j.Reason)
						}
					}
				}
			}
			if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, look); err != nil {
				t.Fatal(err)
			}
		}
	}
	if convicted == 0 || grew <= convicted {
		t.Errorf("%d convictions, and %d by the series alone: nothing was shown", convicted, grew)
	}
}
