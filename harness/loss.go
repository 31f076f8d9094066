package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/units"
)

// stop ends a run early; what was measured is kept. err is nil where a limit of
// the scenario was reached, and says otherwise what the target is to blame for.
type stop struct {
	reason string
	err    error
}

func (s *stop) Error() string { return s.reason }

func (s *stop) Unwrap() error { return s.err }

// checkEvery is how often the pinned process is looked at within a block, which
// may last for minutes: a server that replaces a process may let the old one
// answer on a kept connection for as long as it likes.
const checkEvery = time.Second

// check makes sure that the process is still there and answers.
func (s *session) check(ctx context.Context) error {
	if err := s.pinned.Check(ctx, s.client.Conn()); err != nil {
		return s.broken(ctx, err)
	}
	s.checked = time.Now()
	return nil
}

// lost is the stop of a run that cannot go on with its process, for err, which
// pinned.Check has said. It names what was sent last.
func (s *session) lost(err error) error { return s.ended("the process was lost", err) }

// ended is the stop of a run after what happened, for err.
func (s *session) ended(what string, err error) error {
	if interrupted(err) {
		return err
	}
	told := fault.Measuref("%s before anything was sent", what).Because(err)
	if s.last != "" {
		n := "1 request"
		if s.total != 1 {
			n = units.Count(s.total) + " requests"
		}
		told = fault.Measuref("%s after %s, the last one to %s", what, n, s.last).Because(err)
	}
	if fault.HintOf(told) == "" {
		told = told.WithHint("The application's log may say why; what was measured until then is kept.")
	}
	return &stop{reason: told.Error(), err: told}
}

// broken is the stop of a run for an error of something else: a reading, a
// counter, a request. Those only show that something is wrong; where the process
// is gone, the pinned process says how, and who is there in its place. Where it
// is not, the process is not said to be lost.
func (s *session) broken(ctx context.Context, err error) error {
	for began := time.Now(); ; {
		err = s.unlessLost(ctx, err)
		var halt *stop
		switch {
		case errors.As(err, &halt), ctx.Err() != nil:
			return err
		case !gone(err) && time.Since(began) > closingLimit:
			return s.ended("measuring ended", err)
		case gone(err) && time.Since(began) > dyingLimit:
			return s.lost(err)
		}
		time.Sleep(5 * time.Millisecond) // between two looks
	}
}

// dyingLimit is how long a process may take to be gone whose memory is: the
// kernel frees that first.
const dyingLimit = 5 * time.Second

// closingLimit is how long one may take whose connections are: they are closed
// a moment before it is dead.
const closingLimit = 250 * time.Millisecond

func gone(err error) bool {
	return errors.Is(err, proc.ErrGone) || errors.Is(err, proc.ErrZombie) || errors.Is(err, proc.ErrReplaced)
}

// unlessLost is err, or what became of the process where that explains it.
func (s *session) unlessLost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// A successor that serves one connection at a time is recognised once it has
	// not to serve ours.
	s.client.Close()
	if gone := s.pinned.Check(ctx, nil); gone != nil {
		return s.lost(gone)
	}
	return err
}

// within returns a stop where a limit of the scenario is reached, or the
// process is lost.
func (s *session) within(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if over := s.overdue(); over != nil {
		return over
	}
	l := s.plan.Scenario.Limits
	if l.RSS > 0 && s.progress.rss > l.RSS {
		return &stop{reason: fmt.Sprintf("the process reached the limit of RSS (limits.rss) with %s", units.Bytes(float64(s.progress.rss)))}
	}
	if time.Since(s.checked) > checkEvery {
		return s.check(ctx)
	}
	return nil
}

// overdue is the stop of a run whose time is over, or nil.
func (s *session) overdue() error {
	if l := s.plan.Scenario.Limits.Time; l > 0 && time.Since(s.began) > l {
		return &stop{reason: fmt.Sprintf("the time limit of %s was reached (limits.time)", l)}
	}
	return nil
}

// interrupted says that the user, not the target, ended the run.
func interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
