package session

import (
	"context"
	"errors"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/units"
)

// lostError says that the process cannot be measured any longer.
type lostError struct {
	err    *fault.Error
	uri    int  // whose request found out; -1: none
	killed bool // while it was to answer that request
}

func (e *lostError) Error() string { return e.err.Error() }

func (e *lostError) Unwrap() error { return e.err }

// by is err, where it is a loss that a request to the URI found out.
func by(uri int, err error) error {
	var gone *lostError
	if errors.As(err, &gone) {
		gone.uri = uri
	}
	return err
}

// lost is the loss of the process, for what pinned.Check has said.
func (s *Session) lost(err error) *lostError { return s.ended("the process was lost", err) }

// lostBy is the loss of the process while it was to answer a request to the URI.
func (s *Session) lostBy(uri int, err error) *lostError {
	lost := s.lost(err)
	lost.uri, lost.killed = uri, true
	return lost
}

// stopped is the loss of a process that lives, and left a request to the URI without an
// answer since it is stopped.
func (s *Session) stopped(uri int) *lostError {
	return s.lostBy(uri, fault.Measuref("pid %d is stopped, by a signal (SIGSTOP) or a debugger", s.pinned.Process().PID).
		WithHint("Let it go on (kill -CONT), then the run (--resume)."))
}

// ended is the loss of the process for err. It names what was sent last.
func (s *Session) ended(what string, err error) *lostError {
	why := fault.Measuref("%s before anything was sent", what).Because(err)
	if s.last != "" {
		n := "1 request"
		if s.total != 1 {
			n = units.Count(s.total) + " requests"
		}
		why = fault.Measuref("%s after %s, the last one to %s", what, n, s.last).Because(err)
	}
	if fault.HintOf(why) == "" {
		why = why.WithHint("The application's log may say why; what was measured until then is kept.")
	}
	return &lostError{err: why, uri: -1}
}

const (
	// checkEvery is how often the pinned process is looked at within a block, which
	// may last for minutes: a server that replaces a process may let the old one
	// answer on a kept connection for as long as it likes.
	checkEvery = time.Second
	// dyingLimit is how long a process may take to be gone whose memory is: the
	// kernel frees that first.
	dyingLimit = 5 * time.Second
	// closingLimit is how long one may take whose connections are: they are closed
	// a moment before it is dead.
	closingLimit = 250 * time.Millisecond
	// lookEvery is the time between two looks at a process that may be dying.
	lookEvery = 5 * time.Millisecond
)

// check makes sure that the process is still there and answers.
func (s *Session) check(ctx context.Context) error {
	if err := s.pinned.Check(ctx, s.client.Conn()); err != nil {
		return s.broken(ctx, err)
	}
	s.checked = time.Now()
	return nil
}

// broken is the loss for an error of something else: a reading, a counter, a
// connection. Those only show that something is wrong; where the process is gone,
// the pinned process says how, and who is there in its place. Where it is not, the
// process is not said to be lost.
func (s *Session) broken(ctx context.Context, err error) error {
	for began := time.Now(); ; {
		err = s.unlessLost(ctx, err)
		switch since := time.Since(began); {
		case fatal(err), ctx.Err() != nil:
			return err
		case !gone(err) && since > closingLimit:
			return s.ended("measuring ended", err)
		case gone(err) && since > dyingLimit:
			return s.lost(err)
		}
		if err := sleep(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// fatal says that an error ends more than what was being done: the process is lost,
// or the run's time is over. That the limit of RSS was reached ends a pass that names
// lines alone, which needs memory of its own.
func fatal(err error) bool {
	var gone *lostError
	var over *limitError
	return errors.As(err, &gone) || errors.As(err, &over) && over.limit == limitTime
}

func gone(err error) bool {
	return errors.Is(err, proc.ErrGone) || errors.Is(err, proc.ErrZombie) || errors.Is(err, proc.ErrReplaced)
}

// unlessLost is err, or what became of the process where that explains it.
func (s *Session) unlessLost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *lostError
	if errors.As(err, &known) {
		return err
	}
	// A successor that serves one connection at a time is recognised once it has
	// not to serve ours.
	s.client.Close()
	if gone := s.pinned.Check(ctx, nil); gone != nil && ctx.Err() == nil {
		return s.lost(gone)
	}
	return err
}
