package harness

import (
	"context"
	"fmt"
	"maps"

	"leakhunt/harness/capture"
	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// login sends the scenario's before: steps, once for each process. Cookies
// stay in the client; what is captured goes into every later request.
func (s *session) login(ctx context.Context) error {
	s.vars = maps.Clone(s.plan.Scenario.Vars)
	if s.vars == nil {
		s.vars = map[string]string{}
	}
	for i, step := range s.plan.Scenario.Before {
		s.fresh, s.last = false, fmt.Sprintf("before: %s %s", step.Method, step.URI)
		res := s.client.Do(ctx, s.plan.Before[i], s.values(1))
		s.total += res.Sent
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !res.OK() {
			failed := stepFault(step, failureText(res))
			if res.Err == nil {
				failed = failed.WithHint("%s", capture.Instead(res.Header, res.Body))
			}
			return s.unlessLost(ctx, failed)
		}
		for _, c := range step.Capture {
			v, err := capture.Take(c, res.Header, res.Body)
			if err != nil {
				return stepFault(step, "").Because(err).WithHint("%s", fault.HintOf(err))
			}
			s.vars[c.As] = v
			s.keep(v)
		}
	}
	return nil
}

// keep tells what was captured to whoever redacts: a token or a cookie is a
// secret, whatever it is called.
func (s *session) keep(v string) {
	if s.secret != nil {
		s.secret(v)
	}
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

// compileBefore compiles the steps; their answers are kept for captures, and to
// say what they held where a step fails.
func (p *Plan) compileBefore() error {
	for _, step := range p.Scenario.Before {
		t, err := compile(p.Scenario, step.Request, true)
		if err != nil {
			return fault.Usagef("%s:%d: before: %s", p.Scenario.Path, step.Line, step.URI).Because(err)
		}
		p.Before = append(p.Before, t)
	}
	return nil
}
