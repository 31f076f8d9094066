package harness

import (
	"context"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/verdict"
)

// switchLimit is how long the process may take to switch tracing on or off. It
// lists what is alive then, and a heap of gigabytes takes seconds.
const switchLimit = time.Minute

// costed keeps book of what a part of the pass for t costs.
func (h *hunt) costed(ctx context.Context, t *track, part func() error) error {
	began, sent := time.Now(), h.total
	before, err := h.meter.RSS()
	if err != nil {
		return h.broken(ctx, err)
	}
	high, ok := h.meter.(interface {
		ResetPeak() error
		Peak() (int64, error)
	})
	ok = ok && high.ResetPeak() == nil
	h.passPeak = before
	err = part()
	if ok {
		if peak, err := high.Peak(); err == nil {
			h.passPeak = max(h.passPeak, peak)
		}
	}
	if t.pass == nil {
		t.pass = &SitesPass{}
	}
	t.pass.Seconds += time.Since(began).Seconds()
	t.pass.Requests += h.total - sent
	t.pass.PeakExtraRSS = max(t.pass.PeakExtraRSS, h.passPeak-before)
	return err
}

// control is what survives of requests to a clean URI: what any request
// leaves behind for a while, to be taken off the culprits' sites. It is scaled
// to as many requests as a culprit gets.
func (h *hunt) control(ctx context.Context, tracer Tracer) ([]runtimes.Site, error) {
	for _, t := range h.tracks {
		if j, _, _ := h.judge(t); j.Label == verdict.Stable && !t.broken && !h.forced(t) {
			sites, err := h.trace(ctx, tracer, t, controlRequests)
			if err != nil {
				if err = h.unlessLost(ctx, err); ends(ctx, err) {
					return nil, err
				}
				return nil, nil // without a control the ranking is rougher, and still right
			}
			for i := range sites {
				sites[i].ObjectsPerRequest *= float64(siteRequests) / controlRequests
				sites[i].BytesPerRequest *= float64(siteRequests) / controlRequests
			}
			return sites, nil
		}
	}
	return nil, nil
}

// trace sends n requests with tracing on, and always switches it off.
func (h *hunt) trace(ctx context.Context, tracer Tracer, t *track, n int) ([]runtimes.Site, error) {
	if err := inTime(ctx, tracer.StartTrace); err != nil {
		return nil, err
	}
	sendErr := h.unjudged(ctx, t, n)
	var sites []runtimes.Site
	err := inTime(context.WithoutCancel(ctx), func(ctx context.Context) (err error) {
		sites, err = tracer.StopTrace(ctx)
		return err
	})
	if sendErr != nil {
		return nil, sendErr
	}
	return sites, err
}

// callers sends a few more requests to see who calls the sites of a library.
func (h *hunt) callers(ctx context.Context, c callerTracer, t *track, sites []runtimes.Site) ([]runtimes.Site, error) {
	var on bool
	err := inTime(ctx, func(ctx context.Context) (err error) {
		on, err = c.StartCallers(ctx, sites)
		return err
	})
	if err != nil || !on {
		return sites, err
	}
	sendErr := h.unjudged(ctx, t, callerRequests)
	var named []runtimes.Site
	err = inTime(context.WithoutCancel(ctx), func(ctx context.Context) (err error) {
		named, err = c.StopCallers(ctx, sites)
		return err
	})
	if sendErr != nil {
		return sites, sendErr
	}
	return named, err
}

func inTime(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, switchLimit)
	defer cancel()
	return do(ctx)
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
		rss, err := h.meter.RSS()
		if err != nil {
			return h.broken(ctx, err)
		}
		h.passPeak = max(h.passPeak, rss)
		h.tick(t, rss)
	}
	return nil
}
