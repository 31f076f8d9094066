package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"leakhunt/harness/fault"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// The pass that names lines: enough requests that what survives by accident
// falls below one object a request, and a few more to see who calls a library.
const (
	siteRequests   = 200
	callerRequests = 20
)

// callerTracer is a Tracer whose sites have only their innermost frame: a
// short second pass notes who calls them.
type callerTracer interface {
	StartCallers(ctx context.Context, sites []runtimes.Site) (bool, error)
	StopCallers(ctx context.Context, sites []runtimes.Site) ([]runtimes.Site, error)
}

// remarker is a Tracer that may have named less than it could elsewhere.
type remarker interface {
	Remark() string // "" where all is well
}

// nameSites names, for each convicted URI, the lines that made what stays
// alive. It changes no verdict: whatever goes wrong is a sentence in the
// result. Tracing is on for these requests alone.
func (h *hunt) nameSites(ctx context.Context) error {
	if h.plan.Scenario.Sites == scenarios.SitesOff {
		return nil
	}
	var culprits []*track
	for _, t := range h.tracks {
		if j, _, _ := h.judge(t); (j.Label == verdict.Leak || h.forced(t)) && !t.broken {
			culprits = append(culprits, t)
		}
	}
	if len(culprits) == 0 {
		return nil
	}
	tracer, ok := h.counter.(Tracer)
	if why := h.untraceable(ok); why != "" {
		for _, t := range culprits {
			t.sitesNote = why
		}
		return nil
	}
	h.progress.phase = "naming lines"
	h.progress.expected = h.total + (len(culprits)+1)*(siteRequests+callerRequests)
	control, err := h.control(ctx, tracer)
	if err != nil {
		return err
	}
	for _, t := range culprits {
		err := h.sitesOf(ctx, tracer, t, control)
		if err == nil {
			continue
		}
		if err := h.revive(ctx, err); err != nil {
			return err
		}
		t.sitesNote = "no lines named: the process was lost meanwhile"
		if tracer, ok = h.counter.(Tracer); !ok {
			return nil
		}
	}
	return nil
}

// forced is whether the user wants this URI's sites whatever its verdict.
func (h *hunt) forced(t *track) bool {
	return slices.ContainsFunc(h.opt.SitesFor, func(glob string) bool { return scenarios.Match(glob, t.Name) })
}

// untraceable says why no line can be named here, "" where it can.
func (h *hunt) untraceable(traces bool) string {
	switch limit := h.plan.Scenario.Limits.RSS; {
	case limit > 0 && float64(h.reading.RSS) > 0.8*float64(limit):
		return "no lines named: tracing would need more memory than limits.rss leaves"
	case traces:
		return ""
	}
	switch runtime := h.pinned.Info().Runtime; runtime {
	case "ruby", "node", "python":
		return fmt.Sprintf("the agent would name the lines: leakhunt agent %s prints it, with the two lines that load it", runtime)
	case "go":
		return `a heap profile would name the lines: serve net/http/pprof on the address that is measured`
	default:
		return "nothing in this process can name the lines"
	}
}

// control is what survives of requests to a clean URI: what any request
// leaves behind for a while, to be taken off the culprits' sites.
func (h *hunt) control(ctx context.Context, tracer Tracer) ([]runtimes.Site, error) {
	for _, t := range h.tracks {
		if j, _, _ := h.judge(t); j.Label == verdict.Stable && !t.broken && !h.forced(t) {
			sites, err := h.trace(ctx, tracer, t, siteRequests)
			var halt *stop
			if err != nil && (interrupted(err) || errors.As(err, &halt)) {
				return nil, err
			}
			return sites, nil // without a control the ranking is rougher, and still right
		}
	}
	return nil, nil
}

func (h *hunt) sitesOf(ctx context.Context, tracer Tracer, t *track, control []runtimes.Site) error {
	j, _, _ := h.judge(t)
	sites, err := h.trace(ctx, tracer, t, siteRequests)
	if err != nil {
		return h.unnamed(ctx, t, err)
	}
	ranked, explained := runtimes.Rank(sites, control, siteRequests, j.Growth)
	if c, ok := tracer.(callerTracer); ok && len(ranked) > 0 {
		if ranked, err = h.callers(ctx, c, t, ranked); err != nil {
			return h.unnamed(ctx, t, err)
		}
	}
	if j.Label != verdict.Leak {
		t.sitesNote = fmt.Sprintf("traced because it was asked for; it is %s, so none of its sites is a culprit", j.Label)
		return nil
	}
	t.sites = runtimes.Local(ranked, h.dir)
	t.sitesNote = "nothing that was made in this pass stayed alive"
	if n := len(ranked); n > 0 {
		t.sitesNote = fmt.Sprintf("%s: %.0f %% of %s", these(n), 100*explained, units.Rate(j.Growth))
	}
	if r, ok := tracer.(remarker); ok && r.Remark() != "" {
		t.sitesNote += " (" + r.Remark() + ")"
	}
	return nil
}

func these(lines int) string {
	if lines == 1 {
		return "this line"
	}
	return fmt.Sprintf("these %d lines", lines)
}

// unnamed keeps the reason why a URI has no sites; only the loss of the
// process, a limit or an interrupt ends the pass.
func (h *hunt) unnamed(ctx context.Context, t *track, err error) error {
	var halt *stop
	if err = h.unlessLost(ctx, err); ctx.Err() != nil {
		return err
	}
	if interrupted(err) || errors.As(err, &halt) {
		return err
	}
	t.sitesNote = "no lines named: " + err.Error()
	return nil
}

// trace sends n requests with tracing on, and always switches it off.
func (h *hunt) trace(ctx context.Context, tracer Tracer, t *track, n int) ([]runtimes.Site, error) {
	if err := tracer.StartTrace(ctx); err != nil {
		return nil, err
	}
	sendErr := h.unjudged(ctx, t, n)
	sites, err := tracer.StopTrace(context.WithoutCancel(ctx))
	if sendErr != nil {
		return nil, sendErr
	}
	return sites, err
}

func (h *hunt) callers(ctx context.Context, c callerTracer, t *track, sites []runtimes.Site) ([]runtimes.Site, error) {
	on, err := c.StartCallers(ctx, sites)
	if err != nil || !on {
		return sites, err
	}
	sendErr := h.unjudged(ctx, t, callerRequests)
	named, err := c.StopCallers(context.WithoutCancel(ctx), sites)
	if sendErr != nil {
		return sites, sendErr
	}
	return named, err
}

// unjudged sends n requests that belong to no series.
func (h *hunt) unjudged(ctx context.Context, t *track, n int) error {
	for range n {
		if err := h.within(ctx); err != nil {
			return err
		}
		res, err := h.send(ctx, t)
		if err != nil {
			return err
		}
		if !res.OK() {
			return fault.Measuref("a request failed: %s", failureText(res))
		}
		h.tick(t, h.progress.rss)
	}
	return nil
}
