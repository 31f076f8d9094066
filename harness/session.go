package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/harness/units"
	"leakhunt/scenarios"
)

// session is one pinned process with its load, its meter and its counter.
type session struct {
	plan     *Plan
	pinned   Pinned
	client   *load.Client
	meter    Meter
	counter  Counter // nil without one
	vars     map[string]string
	secret   func(string) // told what must appear nowhere; may be nil
	observer Observer
	began    time.Time
	total    int    // every request sent
	last     string // what was sent last, as people call it
	reading  edge   // the last reading between blocks
	fresh    bool   // reading still holds: nothing was sent since
	anon     bool   // metric: anon
	readCost time.Duration
	settings []string // of the environment, all those that make a process tight, or none
	exact    bool     // readings between blocks come from smaps_rollup
	peak     int64
	progress progress
	warnings warnings
	checked  time.Time // when the pinned process was looked at last
}

// stop ends a run early; what was measured is kept. lost says that the target
// is to blame, so that the run could not measure what it was asked to.
type stop struct {
	reason string
	err    error
}

func (s *stop) Error() string { return s.reason }
func (s *stop) Unwrap() error { return s.err }

// checkEvery is how often the pinned process is looked at within a block, which
// may last for minutes: a server that replaces a process may let the old one
// answer on a kept connection for as long as it likes.
const checkEvery = time.Second

// Failures in a row after which a URI is given up: its requests do not work.
const giveUpAfter = 20

// edge reads memory between blocks: settled where there is a counter. The
// pinned process is checked first, so no reading of another process is kept.
func (s *session) edge(ctx context.Context) (edge, error) {
	if s.fresh {
		return s.reading, nil
	}
	if err := s.check(ctx); err != nil {
		return edge{}, err
	}
	e := edge{at: time.Since(s.began)}
	var err error
	if s.counter != nil {
		if e.counters, err = s.counter.Read(ctx); err != nil {
			return edge{}, s.broken(ctx, err)
		}
	}
	if e.Reading, err = s.read(); err != nil {
		return edge{}, s.broken(ctx, err)
	}
	e.metric = s.metricOf(e.Reading)
	s.peak = max(s.peak, e.RSS)
	s.reading, s.fresh = e, true
	return e, nil
}

// check makes sure that the process is still there and answers.
func (s *session) check(ctx context.Context) error {
	if err := s.pinned.Check(ctx, s.client.Conn()); err != nil {
		return s.broken(ctx, err)
	}
	s.checked = time.Now()
	return nil
}

func (s *session) metricOf(r memory.Reading) int64 {
	if s.anon {
		return r.Anon + r.Swap
	}
	return r.RSS
}

// lost is the stop of a run that cannot go on with its process, for err, which
// pinned.Check has said. It names what was sent last.
func (s *session) lost(err error) error {
	if interrupted(err) {
		return err
	}
	told := fault.Measuref("the process was lost before anything was sent").Because(err)
	if s.last != "" {
		n := "1 request"
		if s.total != 1 {
			n = units.Count(s.total) + " requests"
		}
		told = fault.Measuref("the process was lost after %s, the last one to %s", n, s.last).Because(err)
	}
	return &stop{reason: told.Error(), err: told}
}

// broken is lost, for an error of something else: a reading, a counter, a
// request. Those only show that something is wrong; where the process is gone,
// the pinned process says how, and who is there in its place.
func (s *session) broken(ctx context.Context, err error) error {
	for until := time.Now().Add(dyingLimit); ; {
		err = s.unlessLost(ctx, err)
		var halt *stop
		switch {
		case errors.As(err, &halt), ctx.Err() != nil:
			return err
		case !gone(err), time.Now().After(until):
			return s.lost(err)
		}
		time.Sleep(5 * time.Millisecond) // between two looks
	}
}

// dyingLimit is how long a process may take to be gone whose memory is: the
// kernel frees that first.
const dyingLimit = 5 * time.Second

func gone(err error) bool {
	return errors.Is(err, proc.ErrGone) || errors.Is(err, proc.ErrZombie) || errors.Is(err, proc.ErrReplaced)
}

// unlessLost is err, or what became of the process where that explains it.
func (s *session) unlessLost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// A successor that serves one connection at a time is recognised once it has
	// not to serve ours.
	s.client.Close()
	if gone := s.pinned.Check(ctx, nil); gone != nil {
		return s.lost(gone)
	}
	return err
}

// sample is the metric after one request.
func (s *session) sample() (int64, error) {
	if s.anon {
		r, err := s.meter.Read()
		return s.metricOf(r), err
	}
	return s.meter.RSS()
}

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

// warm sends n requests that are not judged, and notes the largest step.
func (s *session) warm(ctx context.Context, t *track, n int) error {
	before, err := s.sample()
	if err != nil {
		return s.broken(ctx, err)
	}
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
		if d := now - before; d > t.step.bytes {
			t.step = firstStep{bytes: d, request: t.sent}
		}
		before = now
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

// within returns a stop where a limit of the scenario is reached, or the
// process is lost.
func (s *session) within(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l := s.plan.Scenario.Limits
	if l.Time > 0 && time.Since(s.began) > l.Time {
		return &stop{reason: fmt.Sprintf("the time limit of %s was reached (limits.time)", l.Time)}
	}
	if l.RSS > 0 && s.progress.rss > l.RSS {
		return &stop{reason: fmt.Sprintf("the process reached the limit of RSS (limits.rss) with %d bytes", s.progress.rss)}
	}
	if time.Since(s.checked) > checkEvery {
		return s.check(ctx)
	}
	return nil
}

// warnings are kept once for each code and text.
type warnings []Warning

func (w *warnings) add(code, format string, args ...any) {
	n := Warning{Code: code, Message: fmt.Sprintf(format, args...)}
	for _, have := range *w {
		if have == n {
			return
		}
	}
	*w = append(*w, n)
}

// metered is whether the scenario judges anonymous memory.
func metered(sc *scenarios.Scenario) bool { return sc.Metric == scenarios.MetricAnon }

// interrupted says that the user, not the target, ended the run.
func interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
