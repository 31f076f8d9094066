package session

import (
	"context"
	"time"

	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
)

// restTime is how long a reading waits at most for the threads of a process to rest.
const restTime = 100 * time.Millisecond

// measure carries a record.Measure out.
func (s *Session) measure(ctx context.Context, a record.Measure) error {
	if err := s.pause(ctx, a.Wait); err != nil {
		return err
	}
	e, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.emit(record.Read{Waited: a.Wait, Edge: e})
	return nil
}

// pause sends nothing for so many seconds, or until the time limit.
func (s *Session) pause(ctx context.Context, seconds float64) error {
	wait := time.Duration(seconds * float64(time.Second))
	if l := s.cfg.Scenario.Limits.Time; l > 0 {
		wait = min(wait, l-s.elapsed(time.Now())+time.Millisecond)
	}
	for wait > 0 {
		step := min(wait, time.Second)
		if err := sleep(ctx, step); err != nil {
			return err
		}
		wait -= step
		s.tick(time.Now(), s.asked, s.edge.Metric)
	}
	return s.overdue(time.Now())
}

// sleep waits, and returns the error of ctx where that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// at is the edge of a block: settled, or memory alone. A settled one is that of the
// last block where nothing was sent since.
func (s *Session) at(ctx context.Context, settled bool) (record.Edge, error) {
	switch {
	case !settled:
		e, err := s.glance(ctx, false)
		if err == nil {
			err = s.counts(ctx, &e)
		}
		return e, err
	case s.settled:
		return s.edge, nil
	}
	return s.settle(ctx)
}

// settle reads memory, what the process holds beside it, and the counter, where there is one, once it has collected
// garbage. The pinned process is checked first, so no reading of another process
// is kept.
func (s *Session) settle(ctx context.Context) (record.Edge, error) {
	s.settled = false
	if err := s.check(ctx); err != nil {
		return record.Edge{}, err
	}
	var counters []float64
	if s.counter != nil {
		// What a request holds until its thread is done with it is no growth.
		proc.Rest(ctx, s.pinned.Process().PID, restTime)
		err := s.ask(ctx, func(ctx context.Context) (err error) {
			counters, err = s.counter.Read(ctx)
			return err
		})
		if err != nil {
			return record.Edge{}, s.broken(ctx, err)
		}
	}
	e, err := s.glance(ctx, s.exact)
	if err != nil {
		return record.Edge{}, err
	}
	if s.counter != nil {
		split(&e, s.counter.Columns(), counters)
	}
	if err := s.counts(ctx, &e); err != nil {
		return record.Edge{}, err
	}
	s.edge, s.settled = e, true
	return e, nil
}

// counts adds what the process holds beside memory.
func (s *Session) counts(ctx context.Context, e *record.Edge) error {
	c, ok := s.meter.(counting)
	if !ok {
		return nil
	}
	n, err := c.Counts()
	if err != nil {
		return s.broken(ctx, err)
	}
	e.Counts = record.Counts(n)
	return nil
}

// glance reads memory alone.
func (s *Session) glance(ctx context.Context, exact bool) (record.Edge, error) {
	read := s.meter.Read
	if exact {
		read = s.meter.Exact
	}
	r, err := read()
	if err != nil {
		return record.Edge{}, s.broken(ctx, err)
	}
	s.rss = r.RSS
	return record.Edge{T: s.seconds(time.Now()), RSS: r.RSS, Anon: r.Anon, Swap: r.Swap, Metric: s.metric(r)}, nil
}

func (s *Session) metric(r memory.Reading) int64 {
	if s.anon {
		return r.Anon + r.Swap
	}
	return r.RSS
}

// sample is the metric after one request, in bytes.
func (s *Session) sample() (metric int64, err error) {
	if s.anon {
		var r memory.Reading
		r, err = s.meter.Read()
		s.rss = r.RSS
		return s.metric(r), err
	}
	s.rss, err = s.meter.RSS()
	return s.rss, err
}
