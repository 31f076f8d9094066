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

// What stays beside what expires is the growth of a leak: what it made in all is six times
// as much. Bytes that come with few requests do not convict by themselves there.
func TestFiguresOfWhatStays(t *testing.T) {
	w, err := simulate.Parse(`
runtime python agent
latency 2ms
uri /upstream  leak 3200B objects 30, leak 160KiB objects 1 every 400, hold 19KiB objects 180 expires 15s
uri /price     keyed, cache 3000 x 2KiB objects 8 keyed
uri /home      garbage 12KiB objects 60`)
	if err != nil {
		t.Fatal(err)
	}
	st := judge.New(w.Header())
	if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
		t.Fatal(err)
	}
	f := st.Findings()[0]
	const truth = 3200 + 160<<10/400.0
	if f.Label != verdict.Leak || f.Low > truth || f.High < truth || f.Growth < truth/2 || f.Growth > 2*truth {
		t.Errorf("a leak of 3,610 B a request: %s of %.0f B, %.0f to %.0f B", f.Label, f.Growth, f.Low, f.High)
	}
}
