package harness

import (
	"context"
	"errors"
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
	if err == nil || ctx.Err() != nil || !errors.Is(within.Err(), context.DeadlineExceeded) {
		return err
	}
	if over := s.overdue(); over != nil {
		return over
	}
	// Its chain ends in the deadline of within, which is no user's interrupt.
	late := fault.Measuref("the counter gave no answer within %s: %v", limit.Round(time.Millisecond), err)
	if hint := fault.HintOf(err); hint != "" {
		return late.WithHint("%s", hint)
	}
	return late.WithHint("Is the process busy or stopped? A larger timeout: gives it more time.")
}
