package main

import (
	"bytes"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/journal"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
)

// Of a run of 90 s the guesses before 30 s do not count, and each of the others counts
// until the next.
func TestGuessesAreHeldAgainstTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		at, end      []float64
		share, worst float64
	}{
		"all right":             {[]float64{0, 40}, []float64{90, 90}, 1, 0},
		"wrong in the first":    {[]float64{0, 30}, []float64{500, 90}, 1, 0},
		"wrong for half":        {[]float64{0, 60}, []float64{180, 90}, 0.5, 1},
		"as far as is allowed":  {[]float64{30}, []float64{112.5}, 1, 0.25},
		"too early":             {[]float64{30, 75}, []float64{45, 90}, 0.25, -0.5},
		"none in what is asked": {nil, nil, 0, 0},
	} {
		if s := holdAgainst(c.at, c.end, 90); math.Abs(s.share-c.share) > 1e-9 || math.Abs(s.worst-c.worst) > 1e-9 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// A folder of journals gives a row for each.
func TestTimeLeftOfJournals(t *testing.T) {
	world, err := simulate.New(1, "counter/ruby")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w, err := journal.Create(filepath.Join(dir, "shop.jsonl"), world.Header())
	if err != nil {
		t.Fatal(err)
	}
	keep := func(e record.Event) {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	st := judge.New(world.Header())
	if err := harness.Hunt(t.Context(), world, st, strategy.Hunt{}, keep); err != nil {
		t.Fatal(err)
	}
	keep(harness.Ending(st, nil))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := calibrate(t.Context(), []string{"-left", dir}, &out, &out, nil); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Split(strings.TrimSpace(out.String()), "\n"); len(rows) != 3 || !strings.HasPrefix(rows[2], "| shop | ") || !regexp.MustCompile(`\| (9\d|100) % \|`).MatchString(rows[2]) {
		t.Errorf("%s", out.String())
	}
}
