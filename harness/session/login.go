package session

import (
	"context"
	"fmt"
	"maps"

	"leakhunt/harness/capture"
	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/scenarios"
)

// login sends the scenario's before: steps, once for each process. Cookies stay in
// the client; what is captured goes into every later request.
func (s *Session) login(ctx context.Context) error {
	s.vars = maps.Clone(s.cfg.Scenario.Vars)
	if s.vars == nil {
		s.vars = map[string]string{}
	}
	run := ctx
	ctx, cancel := s.untilOver(run)
	defer cancel()
	for i, step := range s.cfg.Scenario.Before {
		s.last = fmt.Sprintf("before: %s %s", step.Method, step.URI)
		res := s.client.Do(ctx, s.cfg.Before[i], s.values(1))
		s.total += res.Sent
		if ctx.Err() != nil {
			return s.orOver(run, ctx.Err())
		}
		if !res.OK() {
			failed := stepFault(step, failureText(&res))
			if res.Err == nil {
				failed = failed.WithHint("%s", capture.Instead(res.Header, res.Body))
			}
			return s.unlessLost(ctx, failed)
		}
		if err := s.capture(step, &res); err != nil {
			return err
		}
	}
	s.client.Keep()
	return nil
}

// capture takes what a step asks for out of its answer. A token or a cookie is a
// secret, whatever it is called.
func (s *Session) capture(step scenarios.Step, res *load.Result) error {
	for _, c := range step.Capture {
		v, err := capture.Take(c, res.Header, res.Body)
		if err != nil {
			return stepFault(step, "").Because(err).WithHint("%s", fault.HintOf(err))
		}
		s.vars[c.As] = v
		if s.cfg.Secret != nil {
			s.cfg.Secret(v)
		}
	}
	return nil
}

// stepFault is the end of a run in one of its first steps: every later request
// would have been sent without what that step brings.
func stepFault(step scenarios.Step, what string) *fault.Error {
	f := fault.Measuref("before: %s %s (line %d)", step.Method, step.URI, step.Line)
	if what != "" {
		f = fault.Measuref("before: %s %s (line %d): %s", step.Method, step.URI, step.Line, what)
	}
	return f.WithHint("Nothing was measured: every later request would have been sent without what this step brings.")
}
