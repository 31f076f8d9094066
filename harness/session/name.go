package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leakhunt/harness/record"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/units"
)

// tracingRSS is what tracing may take for itself, in bytes: measured, at most
// 13 MiB (the JVM's flight recorder), and no more with two million live objects.
const tracingRSS = 32 << 20

// name carries a record.Name out. Whatever goes wrong with it is a text of Traced.
// The loss of the process, and the end of the run's time, are events of their own
// besides.
func (s *Session) name(ctx context.Context, a record.Name) error {
	if err := s.known(a.URI); err != nil {
		return err
	}
	if err := s.overdue(time.Now()); err != nil {
		return err
	}
	p := pass{s: s, a: a, out: record.Traced{URI: a.URI, Control: a.Control}}
	err := p.run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && len(p.out.Sites) == 0 {
		p.out.Failed = err.Error()
	}
	p.out.T = s.seconds(time.Now())
	s.emit(p.out)
	if fatal(err) {
		return by(a.URI, err)
	}
	return nil
}

// tracer is what can name lines: the counter, or the one of several that can.
func (s *Session) tracer() (Tracer, bool) {
	if j, ok := s.counter.(tracedJoin); ok {
		return j.Tracer, true // with what else it can do
	}
	t, ok := s.counter.(Tracer)
	return t, ok
}

// pass is a part of the run in which the runtime notes where objects are made.
type pass struct {
	s      *Session
	a      record.Name
	tracer Tracer
	peak   int64 // the highest RSS
	out    record.Traced
}

// run fills in what the pass finds.
func (p *pass) run(ctx context.Context) error {
	var ok bool
	if p.tracer, ok = p.s.tracer(); !ok {
		return errors.New("nothing in this process can name the lines")
	}
	before, err := p.s.meter.RSS()
	if err != nil {
		return p.s.broken(ctx, err)
	}
	if err := p.crowded(before); err != nil {
		return err
	}
	p.s.settled = false
	began, sent := time.Now(), p.s.total
	p.peak = before
	high, ok := p.s.meter.(peaking)
	ok = ok && high.ResetPeak() == nil
	err = p.sites(ctx)
	if ok {
		if peak, err := high.Peak(); err == nil {
			p.peak = max(p.peak, peak)
		}
	}
	p.out.Cost = record.Cost{Seconds: time.Since(began).Seconds(), Requests: p.s.total - sent, PeakExtra: p.peak - before}
	return err
}

// crowded is the error of a pass that would need more memory than limits.rss leaves.
func (p *pass) crowded(rss int64) error {
	limit := p.s.cfg.Scenario.Limits.RSS
	need := tracingRSS + int64(max(0, p.a.Growth))*int64(p.a.Requests+p.a.Callers)
	if left := limit - rss; limit > 0 && need > left {
		return fmt.Errorf("tracing may need %s, and limits.rss leaves %s", units.Bytes(float64(need)), units.Bytes(float64(max(0, left))))
	}
	return nil
}

// sites names the lines, and asks who calls them and what holds their objects where
// that is wanted.
func (p *pass) sites(ctx context.Context) error {
	found, err := p.trace(ctx)
	if err != nil {
		return p.s.unlessLost(ctx, err)
	}
	if r, ok := p.tracer.(remarker); ok {
		p.out.Remark = r.Remark()
	}
	if s, ok := p.tracer.(sampler); ok {
		p.out.Few = s.Few()
	}
	if p.a.Control {
		p.out.Sites = perRequest(found, p.a.Requests)
		return nil
	}
	ranked, explained := runtimes.Rank(found, inAll(p.a.Against, p.a.Requests), p.a.Requests, p.a.Growth-p.a.Native)
	p.out.Explained = explained
	p.local(ranked)
	if len(ranked) == 0 {
		return nil
	}
	if ranked, err = p.callers(ctx, ranked); err != nil {
		return err
	}
	p.local(ranked)
	if ranked, err = p.holders(ctx, ranked); err != nil {
		return err
	}
	p.local(ranked)
	return nil
}

// local are the sites that the pass has found, with shorter paths.
func (p *pass) local(sites []runtimes.Site) {
	p.out.Sites = nil
	for _, s := range runtimes.Local(sites, p.s.dir) {
		p.out.Sites = append(p.out.Sites, record.Site(s))
	}
}

// perRequest are a control's sites, with the paths that they have in the process,
// by which they are found again among those of others.
func perRequest(sites []runtimes.Site, requests int) []record.Site {
	out := make([]record.Site, 0, len(sites))
	for _, s := range sites {
		s.ObjectsPerRequest /= float64(max(1, requests))
		s.BytesPerRequest /= float64(max(1, requests))
		s.Stack, s.RetainedBy = nil, nil // nobody is told of them
		out = append(out, record.Site(s))
	}
	return out
}

// inAll are a control's sites as so many requests would have left them.
func inAll(sites []record.Site, requests int) []runtimes.Site {
	out := make([]runtimes.Site, 0, len(sites))
	for _, s := range sites {
		s.ObjectsPerRequest *= float64(requests)
		s.BytesPerRequest *= float64(requests)
		out = append(out, runtimes.Site(s))
	}
	return out
}
