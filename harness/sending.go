package harness

import (
	"context"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/target"
)

// Failures in a row after which a URI is given up: its requests do not work.
const giveUpAfter = 20

// send sends one request of t and keeps book of failures. It returns an error
// only where the run cannot go on.
func (s *session) send(ctx context.Context, t *track) (load.Result, error) {
	t.sent++
	s.fresh, s.last = false, t.Name
	res := s.client.Do(ctx, t.Template, s.values(t.sent))
	s.total += res.Sent // a request that a closing server may not have seen goes twice
	if res.OK() {
		t.failed = 0
		t.served++
		t.answers.add(res)
		return res, nil
	}
	if ctx.Err() != nil {
		return res, ctx.Err()
	}
	if e, ok := s.pinned.(target.Explainer); ok && res.Err != nil {
		res.Err = e.Explain(ctx, res.Err)
	}
	t.failed++
	if t.first == "" {
		t.first = failureText(res)
	}
	if res.Err != nil {
		if err := s.pinned.Check(ctx, nil); err != nil {
			t.died()
			return res, s.lost(err)
		}
	}
	return res, nil
}

func failureText(r load.Result) string {
	if r.Err != nil {
		return r.Err.Error()
	}
	return r.Failure
}

func (s *session) values(n int) load.Values {
	v := load.Values{N: n, Vars: s.vars}
	if rows := s.plan.Scenario.Data; len(rows) > 0 {
		v.Row = rows[(n-1)%len(rows)]
	}
	return v
}

// warm sends n requests that are not judged.
func (s *session) warm(ctx context.Context, t *track, n int) error {
	for range n {
		if t.failed >= giveUpAfter {
			t.broken = true
			return nil
		}
		if err := s.within(ctx); err != nil {
			return err
		}
		if _, err := s.send(ctx, t); err != nil {
			return err
		}
		now, err := s.sample()
		if err != nil {
			return s.broken(ctx, err)
		}
		s.tick(t, now)
	}
	return nil
}

// block sends n judged requests to one URI and appends them to its series.
func (s *session) block(ctx context.Context, t *track, n, round int, alone bool) error {
	start, err := s.edge(ctx)
	if err != nil {
		return err
	}
	b := block{round: round, first: len(t.pages), start: start, alone: alone, cut: true}
	defer func() {
		if b.n > 0 {
			t.blocks = append(t.blocks, b)
		}
	}()
	last := start.metric
	low, high := last, last
	stride, every := s.stride(t), s.swear(t, n, alone)
	for i := range n {
		if err := s.within(ctx); err != nil {
			return err
		}
		res, err := s.send(ctx, t)
		if err != nil {
			return err
		}
		if (i+1)%stride == 0 || i == n-1 {
			if last, err = s.sample(); err != nil {
				return s.broken(ctx, err)
			}
		}
		b.n++
		t.pages = append(t.pages, int32(float64(last)/pageBytes))
		t.at = append(t.at, float32(time.Since(s.began).Seconds()))
		b.end = s.passing(start, last)
		if res.OK() {
			t.latency = append(t.latency, uint32(min(res.Latency.Microseconds(), 1<<32-1)))
		} else if t.errors++; t.failed >= giveUpAfter {
			t.broken = true
			break
		}
		t.peak = max(t.peak, last)
		low, high = min(low, last), max(high, last)
		s.tick(t, last)
		if every > 0 && b.n%every == 0 {
			s.testify(t, every)
		}
	}
	t.spread = max(t.spread, high-low)
	end, err := s.edge(ctx)
	if err != nil {
		return err
	}
	b.end, b.cut = end, false
	return nil
}

// passing is the end of a block that is cut off now: the metric alone is known.
func (s *session) passing(start edge, metric int64) edge {
	e := edge{Reading: start.Reading, metric: metric, at: time.Since(s.began)}
	if !s.anon {
		e.RSS = metric
	}
	return e
}

// stride is how many requests go between two readings, so that reading costs
// under 2 % of the requests' time where they are quick; at most 16, which
// leaves every block of the growth test several readings.
func (s *session) stride(t *track) int {
	if len(t.latency) == 0 {
		return 1
	}
	var sum uint64
	tail := t.latency[max(0, len(t.latency)-64):]
	for _, us := range tail {
		sum += uint64(us)
	}
	each := time.Duration(sum/uint64(len(tail))) * time.Microsecond
	if each <= 0 {
		return 16
	}
	return min(16, max(1, int(50*s.readCost/each)))
}
