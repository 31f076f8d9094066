package harness

import (
	"context"
	"time"

	"leakhunt/harness/fault"
)

// patiently asks a counter, and gives up when that takes too long or the run's
// time is over: what never answers must not hold the run up for ever.
func (s *session) patiently(ctx context.Context, do func(context.Context) error) error {
	limit := s.patience
	if l := s.plan.Scenario.Limits.Time; l > 0 {
		limit = min(limit, l-time.Since(s.began)+time.Millisecond)
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := do(within)
	// A connection's own deadline may be noticed before the context's end.
	if end, _ := within.Deadline(); err == nil || ctx.Err() != nil || time.Now().Before(end) {
		return err
	}
	if over := s.overdue(); over != nil {
		s.warnings.add("no-answer", "the counter had not answered when the run's time was over: %v", err)
		return over
	}
	// Its chain ends in the deadline of within, which is no user's interrupt.
	late := fault.Measuref("the counter gave no answer within %s: %v", limit.Round(time.Millisecond), err)
	if hint := fault.HintOf(err); hint != "" {
		return late.WithHint("%s", hint)
	}
	return late.WithHint("Is the process busy or stopped? A larger timeout: gives it more time.")
}
