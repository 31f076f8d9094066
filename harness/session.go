package harness

import (
	"context"
	"fmt"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
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
	told     []string // settings of others by which the runtime may collect later
	exact    bool     // readings between blocks come from smaps_rollup
	peak     int64
	progress progress
	warnings warnings
	checked  time.Time // when the pinned process was looked at last
	patience time.Duration
}

// restTime is how long a reading waits at most for the threads of a process to rest.
const restTime = 100 * time.Millisecond

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
		// What a request holds until its thread is done with it is no growth.
		proc.Rest(ctx, s.pinned.Process().PID, restTime)
		err = s.patiently(ctx, func(ctx context.Context) (err error) {
			e.counters, err = s.counter.Read(ctx)
			return err
		})
		if err != nil {
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

func (s *session) metricOf(r memory.Reading) int64 {
	if s.anon {
		return r.Anon + r.Swap
	}
	return r.RSS
}

// sample is the metric after one request.
func (s *session) sample() (int64, error) {
	if s.anon {
		r, err := s.meter.Read()
		return s.metricOf(r), err
	}
	return s.meter.RSS()
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
