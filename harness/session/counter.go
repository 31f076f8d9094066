package session

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
	"leakhunt/harness/runtimes"
)

// openCounter opens the runtime's counter, after the login: a probe or a settle
// hook of the application may want it.
func (s *Session) openCounter(ctx context.Context) error {
	if s.cfg.OpenCounter == nil {
		return nil
	}
	var without *Without
	err := s.ask(ctx, func(ctx context.Context) (err error) {
		if s.counter, err = s.cfg.OpenCounter(ctx, s.pinned, s.client); errors.As(err, &without) {
			return nil
		}
		return err
	})
	if err != nil || without != nil {
		err = s.unlessLost(ctx, err)
	}
	if without != nil && err == nil {
		s.note("no-counter", "%s", strings.TrimSpace(without.Error()+". "+fault.HintOf(without.Err)))
	}
	return err
}

// ask asks the counter for something, and gives up when that takes too long or the
// run's time is over: a counter that never answers must not hold the run up forever.
func (s *Session) ask(ctx context.Context, do func(context.Context) error) error {
	limit := cmp.Or(s.cfg.Patience, max(switchLimit, s.cfg.Scenario.Timeout))
	if l := s.cfg.Scenario.Limits.Time; l > 0 {
		limit = min(limit, l-s.elapsed(time.Now())+time.Millisecond)
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := do(within)
	// A connection's own deadline may be noticed before the context's end.
	if end, _ := within.Deadline(); err == nil || ctx.Err() != nil || time.Now().Before(end) {
		return err
	}
	if over := s.overdue(time.Now()); over != nil {
		s.note("no-answer", "the counter had not answered when the run's time was over: %v", err)
		return over
	}
	// Its chain ends in the deadline of within, which is no user's interrupt.
	late := fault.Measuref("the counter gave no answer within %s: %v", limit.Round(time.Millisecond), err)
	if hint := fault.HintOf(err); hint != "" {
		return late.WithHint("%s", hint)
	}
	return late.WithHint("Is the process busy or stopped? A larger timeout: gives it more time.")
}

// columns are those of what is alive, and whether native memory is known, and whole.
func columns(all []runtimes.Column) (alive []record.Column, native, whole bool) {
	for _, c := range all {
		if c.Beside != "" {
			native, whole = true, whole || c.Beside == runtimes.Held
			continue
		}
		alive = append(alive, record.Column{Name: c.Name, Unit: c.Unit, Exact: c.Exact, Native: c.Native})
	}
	return alive, native, whole
}

// split puts what the counters read into an edge, whose memory was read.
func split(e *record.Edge, all []runtimes.Column, values []float64) {
	for i, c := range all {
		switch c.Beside {
		case runtimes.Native:
			e.Native += int64(values[i])
		case runtimes.Free:
			e.Free += int64(values[i])
		case runtimes.Held:
			e.Native += max(0, e.Anon+e.Swap-int64(values[i]))
		default:
			e.Counters = append(e.Counters, values[i])
		}
	}
}
