package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"leakhunt/harness/journal"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/strategy"
	"leakhunt/harness/units"
)

// timeLeft reads journals, and compares each estimate of the time left with how long
// the run lasted. An estimate is made where a block of requests or a wait begins.
type timeLeft struct{ dir string }

func (l *timeLeft) register(fl *flag.FlagSet) {
	fl.StringVar(&l.dir, "left", "", "folder of journals, of which is said how well the time left was told")
}

// saidOf is how well the time left was told in one run, from a third of it on. Each guess
// counts for as long as it stands: until the next one.
type saidOf struct {
	total   float64 // seconds
	guesses int
	share   float64 // of that time, with a guess within a quarter of the run
	worst   float64 // how far the end that was told was off at most, in runs: 0.1 is too late by a tenth of it
	at      float64 // when that was told, in runs
}

// within is how far the end that is told may be off, in runs.
const within = 0.25

// begins says that an event begins something, so that before it the time left was asked for.
func begins(e record.Event) bool {
	switch e := e.(type) {
	case record.Began:
		return e.Purpose != record.Trace && e.Purpose != record.Control // the pass for lines is one
	case record.Opened, record.Read:
		return true
	}
	return false
}

// leftOf reads one journal.
func leftOf(path string) (saidOf, error) {
	run, err := journal.Load(path)
	if err != nil {
		return saidOf{}, err
	}
	st := judge.New(run.Header)
	var at, end []float64 // when it was asked for, and when the run was said to end
	for i, e := range run.Events {
		if begins(e) && st.Life() != nil {
			at, end = append(at, st.Now), append(end, st.Now+strategy.Hunt{}.Left(st))
		}
		if err := st.Append(e); err != nil {
			return saidOf{}, fmt.Errorf("event %d: %w", i+1, err)
		}
	}
	if st.Ended == nil || !st.Ended.Complete {
		return saidOf{}, errors.New("the run did not come to its end")
	}
	return holdAgainst(at, end, st.Now), nil
}

// holdAgainst compares ends that were told at some times with the true one.
func holdAgainst(at, end []float64, total float64) saidOf {
	out := saidOf{total: total}
	good, all := 0.0, 0.0
	for i, t := range at {
		until := total
		if i+1 < len(at) {
			until = at[i+1]
		}
		t = max(t, total/3)
		if until <= t || total == 0 {
			continue
		}
		out.guesses++
		off := (end[i] - total) / total
		all += until - t
		if math.Abs(off) <= within {
			good += until - t
		}
		if math.Abs(off) > math.Abs(out.worst) {
			out.worst, out.at = off, t/total
		}
	}
	if all > 0 {
		out.share = good / all
	}
	return out
}

// run reads all journals of the folder.
func (l *timeLeft) run(ctx context.Context, stdout io.Writer) error {
	paths, err := journals(l.dir)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("-left: there is no journal in %s", l.dir)
	}
	fmt.Fprintln(stdout, "| run | it took | guesses | of the time within 25 % | the worst, of the run | told at |")
	fmt.Fprintln(stdout, "|---|--:|--:|--:|--:|--:|")
	for _, path := range paths {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s, err := leftOf(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(stdout, "| %s | %s | %d | %.0f %% | %+.0f %% | %.0f %% |\n", filepath.Base(base(path)), units.Seconds(s.total), s.guesses, 100*s.share, 100*s.worst, 100*s.at)
	}
	return nil
}
