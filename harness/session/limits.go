package session

import (
	"context"
	"fmt"
	"time"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
)

// limitError says that a limit of the scenario was reached.
type limitError struct{ limit, reason string }

func (e *limitError) Error() string { return e.reason }

// The limits, as record.Limited calls them.
const (
	limitRSS    = "rss"
	limitTime   = "time"
	limitMemory = "memory" // the machine's, or that of the process's cgroup
)

// limits are the scenario's, which a run that goes on may be given others of.
func (s *Session) limits() *record.Limits {
	l := s.cfg.Scenario.Limits
	return &record.Limits{RSS: l.RSS, Time: l.Time.Seconds(), Errors: l.Errors}
}

// within returns an error where a limit of the scenario is reached, or the
// process is lost. It is called before each request; now is when the one before
// it ended.
func (s *Session) within(ctx context.Context, now time.Time) error {
	if over := s.overdue(now); over != nil {
		return over
	}
	if l := s.cfg.Scenario.Limits.RSS; l > 0 && s.rss > l {
		return &limitError{limitRSS, fmt.Sprintf("the process reached the limit of RSS (limits.rss) with %s", units.Bytes(float64(s.rss)))}
	}
	if err := s.look(now); err != nil {
		return err
	}
	if now.Sub(s.checked) > checkEvery {
		return s.check(ctx)
	}
	return nil
}

// overdue is the error of a run whose time is over, or nil.
func (s *Session) overdue(now time.Time) error {
	if l := s.cfg.Scenario.Limits.Time; l > 0 && s.elapsed(now) > l {
		return &limitError{limitTime, fmt.Sprintf("the time limit of %s was reached (limits.time)", l)}
	}
	return nil
}

// untilOver is ctx until the run's time is over, so that no request outlasts it.
func (s *Session) untilOver(ctx context.Context) (context.Context, context.CancelFunc) {
	l := s.cfg.Scenario.Limits.Time
	if l <= 0 {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, s.cfg.Began.Add(l-s.cfg.Elapsed+time.Millisecond))
}

// orOver is err, or that the run's time is over where that is what ended it. ctx is the
// run's own.
func (s *Session) orOver(ctx context.Context, err error) error {
	if ctx.Err() != nil || fatal(err) {
		return err
	}
	if over := s.overdue(time.Now()); over != nil {
		return over
	}
	return err
}
