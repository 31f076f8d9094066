package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/judge"
	"leakhunt/harness/lanes"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/session"
	"leakhunt/harness/strategy"
	"leakhunt/harness/units"
	"leakhunt/harness/watch"
)

// Run pins the target, carries the plan out and judges every URI. The result
// is never nil: it holds what was measured, and is marked incomplete where
// Run also returns an error. That is a *fault.Error where the target could
// not be measured, and the context's error where the run was interrupted.
func Run(ctx context.Context, plan *Plan, tgt session.Target, opt Options) (*result.Result, error) {
	if len(opt.Beside) > 0 {
		return runLanes(ctx, plan, append([]session.Target{tgt}, opt.Beside...), opt)
	}
	began := time.Now()
	w := watch.New(opt.Observer)
	run := opt.Resume
	if run == nil {
		run = lanes.New(plan.Header(opt, began))
	}
	st := run.Only()
	var journal Journal
	if opt.Journal != nil {
		var err error
		if journal, err = opt.Journal(st.Header); err != nil {
			return result.Of(st, opt.Version), err
		}
	}
	s := session.New(plan.Session(tgt, opt, st, began, w.Tick))
	err := loop(ctx, s, st, strategy.Hunt{}, func(e record.Event) {
		if journal != nil {
			journal.Append(e) //nolint:errcheck // the journal keeps its first error for the one who opened it
		}
		w.Event(st, e)
	}, w.Action)
	err = finish(st, err, s, journal)
	w.Ended(st)
	res := result.Of(st, opt.Version)
	if closed := end(ctx, s); closed != nil {
		err = errors.Join(err, closed)
	}
	return res, err
}

// ending is how long a run that was interrupted waits for its application to end. Its
// reports are not written yet; the application is ended all the same.
const ending = 2 * time.Second

// end ends what was pinned, and waits for that.
func end(ctx context.Context, s interface{ Close() error }) error {
	if ctx.Err() == nil {
		return s.Close()
	}
	done := make(chan error, 1)
	go func() { done <- s.Close() }()
	select {
	case err := <-done:
		return err
	case <-time.After(ending):
		return nil
	}
}

// loop asks what to do next, has it done, and adds what happened to the record,
// until nothing is left to do. It returns the context's error, or that of an event
// that cannot have happened.
func loop(ctx context.Context, d Driver, st *judge.State, plan strategy.Strategy, tell func(record.Event), before func(*judge.State, record.Action)) error {
	var bad error
	emit := func(e record.Event) {
		if err := st.Append(e); err != nil && bad == nil {
			bad = err
		}
		tell(e)
	}
	if a, ok := reopen(st); ok {
		if err := d.Do(ctx, a, emit); err != nil {
			return err
		}
	}
	for bad == nil {
		a, ok := plan.Next(st)
		if !ok {
			return nil
		}
		before(st, a)
		if err := d.Do(ctx, a, emit); err != nil {
			return err
		}
	}
	return bad
}

// Hunt drives a whole run on d without watching it: a simulation, or a test.
func Hunt(ctx context.Context, d Driver, st *judge.State, plan strategy.Strategy, tell func(record.Event)) error {
	return loop(ctx, d, st, plan, tell, func(*judge.State, record.Action) {})
}

// finish adds the end of the run to the record. It returns the error that says why the
// run is incomplete. That is nil where the run is complete, or where a limit of the
// user's ended it.
func finish(st *judge.State, err error, s *session.Session, journal Journal) error {
	e := Ending(st, err)
	if err == nil && e.By == result.EndedByFault {
		if err = s.Err(); err == nil {
			err = fault.Measuref("%s", e.Reason)
		}
	}
	st.Append(e) //nolint:errcheck // an end can always come
	if journal != nil {
		journal.Append(e) //nolint:errcheck // the journal keeps its first error for the one who opened it
	}
	return err
}

// Ending is the last event of a run that err ended, or that has nothing left to do. What
// ends a trial on a process of its own, or keeps that from being had, leaves a run
// complete: what was found before stands.
func Ending(st *judge.State, err error) record.Ended {
	e := record.Ended{T: st.Now}
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		e.By, e.Reason = result.EndedByUser, "interrupted"
	case err != nil:
		e.By, e.Reason = result.EndedByFault, err.Error()
	default:
		e.By, e.Reason = stopped(st)
		e.Complete = e.By == ""
	}
	return e
}

// stopped is who or what has stopped a run, and why; "" where that took nothing away.
func stopped(st *judge.State) (by, reason string) {
	_, trying := strategy.Hunt{}.Trying(st)
	if st.Header.Plan.Isolate {
		for _, s := range st.Segments {
			if s.Limited != nil && s.Only != nil {
				return result.EndedByLimit, fmt.Sprintf("%s: %s", st.Header.Items[*s.Only].Name, s.Limited.Reason)
			}
		}
	}
	switch stop := st.Stopped.(type) {
	case record.Limited:
		if st.Segment().Only == nil {
			return result.EndedByLimit, stop.Reason
		}
	case record.Lost:
		if !trying {
			return result.EndedByFault, stop.Reason
		}
	case record.Failed:
		if !trying {
			return result.EndedByFault, stop.Reason
		}
	case nil:
		if n := (strategy.Hunt{}).Unsettled(st); n > 0 {
			limit := time.Duration(st.Header.Plan.Limits.Time * float64(time.Second))
			return result.EndedByLimit, fmt.Sprintf("the time limit of %s left no time to measure %s to the end (limits.time)", limit, units.Quantity(float64(n), "URIs"))
		}
	}
	return "", ""
}
