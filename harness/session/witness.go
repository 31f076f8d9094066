package session

import (
	"context"
	"time"

	"leakhunt/harness/proc"
	"leakhunt/harness/target"
)

const (
	// idle is less than any process needs to answer a request, and about what one needs
	// to be told of a request that another answers.
	idle = 5 * time.Microsecond
	// busy is what a process that answers by itself needs at least, but for the quickest:
	// one that needs less is compared with those that hold its connection, too.
	busy = 25 * time.Microsecond
	// lookAgain is how often that is done, at most: it looks at every process's files.
	lookAgain = 5 * time.Second
	// leastAnswers is from how many answers on it is looked at.
	leastAnswers = 20
)

// witness sees to it that it is the pinned process which answers: a child that it forked
// may do so on the connection that both hold, and what that one keeps nobody would see.
type witness struct {
	s      *Session
	b      target.Bystander // nil: it cannot be told
	ran    proc.Ran
	rivals map[int]proc.Ran // who held the connection, too, after an earlier block
	n      int              // answers
}

// witness is told how many answers there may be. Where too few may, nothing is read of
// /proc: a flow that is reduced has a block for each request.
func (s *Session) witness(most int) *witness {
	if most < leastAnswers {
		return &witness{}
	}
	w := &witness{s: s, rivals: map[int]proc.Ran{}}
	ran, err := proc.HasRun(s.pinned.Process().PID)
	if b, ok := s.pinned.(target.Bystander); ok && err == nil {
		w.b, w.ran = b, ran
	}
	for _, pid := range s.rivals {
		if ran, err := proc.HasRun(pid); err == nil {
			w.rivals[pid] = ran
		}
	}
	return w
}

// check returns the loss of the process where another one has answered.
func (w *witness) check(ctx context.Context) error {
	if w.b == nil || w.n < leastAnswers {
		return nil
	}
	now, err := proc.HasRun(w.s.pinned.Process().PID)
	if err != nil {
		return nil //nolint:nilerr // what is wrong with the process is said when it is needed
	}
	own := now.Since(w.ran)
	if own >= time.Duration(w.n)*busy {
		return nil
	}
	if own >= time.Duration(w.n)*idle && len(w.rivals) == 0 && time.Since(w.s.shared) < lookAgain {
		return nil
	}
	w.s.shared = time.Now()
	w.s.rivals = w.b.Bystanders(ctx, w.s.client.Conn())
	for _, pid := range w.s.rivals {
		before, known := w.rivals[pid]
		ran, err := proc.HasRun(pid)
		if own < time.Duration(w.n)*idle || known && err == nil && ran.Since(before) > own {
			return w.s.lost(w.b.Replaced(pid))
		}
	}
	return nil
}
