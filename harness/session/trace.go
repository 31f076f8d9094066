package session

import (
	"context"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/runtimes"
)

// switchLimit is how long the process may take to switch tracing on or off. It
// lists what is alive then, and a heap of gigabytes takes seconds.
const switchLimit = time.Minute

func inTime(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}

// trace sends the requests with tracing on, and always switches it off.
func (p *pass) trace(ctx context.Context) ([]runtimes.Site, error) {
	if err := inTime(ctx, switchLimit, p.tracer.StartTrace); err != nil {
		return nil, err
	}
	sendErr := p.send(ctx, p.a.Requests)
	if sendErr == nil && p.a.Pause > 0 {
		sendErr = p.s.pause(ctx, p.a.Pause)
	}
	var sites []runtimes.Site
	err := inTime(context.WithoutCancel(ctx), switchLimit, func(ctx context.Context) (err error) {
		sites, err = p.tracer.StopTrace(ctx)
		return err
	})
	if sendErr != nil {
		return nil, sendErr
	}
	return sites, err
}

// callers sends a few more requests to see who calls the sites of a library. An
// error that it returns ends the run; any other is a text.
func (p *pass) callers(ctx context.Context, sites []runtimes.Site) ([]runtimes.Site, error) {
	c, ok := p.tracer.(callerTracer)
	if !ok || p.a.Callers <= 0 {
		return sites, nil
	}
	named, err := p.calledBy(ctx, c, sites)
	if err = p.s.unlessLost(ctx, err); fatal(err) || ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		p.out.Callers = err.Error()
		return sites, nil
	}
	return named, nil
}

func (p *pass) calledBy(ctx context.Context, c callerTracer, sites []runtimes.Site) ([]runtimes.Site, error) {
	var on bool
	err := inTime(ctx, switchLimit, func(ctx context.Context) (err error) {
		on, err = c.StartCallers(ctx, sites)
		return err
	})
	if err != nil || !on {
		return sites, err
	}
	sendErr := p.send(ctx, p.a.Callers)
	var named []runtimes.Site
	err = inTime(context.WithoutCancel(ctx), switchLimit, func(ctx context.Context) (err error) {
		named, err = c.StopCallers(ctx, sites)
		return err
	})
	if sendErr != nil {
		return sites, sendErr
	}
	return named, err
}

// send sends requests that belong to no block. The first that fails ends the pass.
func (p *pass) send(ctx context.Context, n int) error {
	for range n {
		if err := p.s.within(ctx, time.Now()); err != nil {
			return err
		}
		res, err := p.s.send(ctx, p.a.URI)
		if err != nil {
			return err
		}
		if !res.OK() {
			return fault.Measuref("a request failed: %s", failureText(&res))
		}
		metric, err := p.s.sample()
		if err != nil {
			return p.s.broken(ctx, err)
		}
		p.peak = max(p.peak, p.s.rss)
		p.s.tick(time.Now(), p.a.URI, metric)
	}
	return nil
}
