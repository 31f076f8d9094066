package judge_test

import (
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
)

// Findings may be asked for at any event, also where a block has just begun.
func TestFindingsWhereABlockBegins(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		w, err := simulate.New(80_000_001+seed, "one-uri")
		if err != nil {
			t.Fatal(err)
		}
		st, asked := judge.New(w.Header()), 0
		if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(e record.Event) {
			if _, ok := e.(record.Began); ok {
				st.Findings()
				asked++
			}
		}); err != nil || asked == 0 {
			t.Fatal(asked, err)
		}
	}
}

// What blocks say together is added up block by block. It is the same after each event where all
// are folded anew: with blocks that end with a pause, a process that is replaced, what the process
// keeps by itself, and trials on processes of their own.
func TestFoldedBlockByBlock(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		w, err := simulate.New(80_000_001+seed, "")
		if err != nil {
			t.Fatal(err)
		}
		st, n := judge.New(w.Header()), 0
		if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(e record.Event) {
			if n++; (n%16 == 0 || !isReadings(e)) && st.Life() != nil && !st.Folded() {
				t.Errorf("seed %d, event %d, %T: what was folded block by block differs", seed, n, e)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func isReadings(e record.Event) bool { _, ok := e.(record.Readings); return ok }
