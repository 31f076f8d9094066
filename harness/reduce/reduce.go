// Package reduce makes what leaks as small as it can be without ceasing to: a flow of
// several steps, or the parts of one request. It sends subsets to a pinned process, and
// package strategy/minimize says which.
package reduce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/judge"
	"leakhunt/harness/load"
	"leakhunt/harness/record"
	"leakhunt/harness/session"
	"leakhunt/harness/strategy/minimize"
)

// Flow is what leaks, and is to be made as small as it can be without ceasing to: the
// URIs of a plan, sent in order, or the parts of its one URI's request.
type Flow struct {
	Plan  *harness.Plan
	Parts []string // what can be left out, as people are told of it
	// Part compiles the one request with only those parts, by index. nil: the parts are
	// the plan's URIs.
	Part func(keep []int) (*load.Template, error)
}

// Minimal is the smallest subset of a flow that leaks, as far as is known.
type Minimal struct {
	Minimal  []string `json:"minimal"`
	Complete bool     `json:"complete"`
	Why      string   `json:"incomplete_reason,omitempty"`
	Of       int      `json:"of"` // parts of the whole
	Tests    int      `json:"tests"`
	Requests int      `json:"requests_total"`
	Growth   float64  `json:"growth_bytes_per_request"`
	Round    float64  `json:"growth_bytes_per_round"` // one request to each step
	Evidence string   `json:"evidence"`               // what the tests were judged by
	Rounds   int      `json:"rounds_per_test"`
	Seconds  float64  `json:"duration_s"`

	Keep []int `json:"-"` // Minimal, by index in Flow.Parts
}

// Reduction is what one test showed, for an observer.
type Reduction struct {
	Test     int   // how many there were
	Set      []int // what was sent
	Leaks    bool
	Growth   float64 // in Unit per round
	Unit     string
	Smallest []int // that leaked so far
}

// Minimize pins the target and tests subsets of the flow on it until it knows the
// smallest that leaks. The result is nil where nothing was found to leak; it is
// incomplete where the error says what ended the search early.
func Minimize(ctx context.Context, flow *Flow, tgt session.Target, opt harness.Options, tell func(Reduction)) (*Minimal, error) {
	began := time.Now()
	st := judge.New(flow.Plan.Header(opt, began))
	m := &minimizer{flow: flow, s: session.New(flow.Plan.Session(tgt, opt, st, began, nil)), failed: map[int]string{}, ok: map[int]bool{}}
	res, err := m.minimize(ctx, tell)
	if res != nil {
		res.Requests, res.Seconds = m.requests, time.Since(began).Seconds()
	}
	if closed := m.s.Close(); err == nil {
		err = closed
	}
	return res, err
}

// minimizer tests subsets on one process.
type minimizer struct {
	flow     *Flow
	s        *session.Session
	opened   record.Opened
	edge     record.Edge // as read last
	requests int
	failed   map[int]string // the first failure of each step
	ok       map[int]bool   // steps that were answered as expected
	stop     error          // why the process cannot be tested any longer
	lost     bool           // by the loss of the process
	losses   int

	gauge gauge
}

func (m *minimizer) minimize(ctx context.Context, tell func(Reduction)) (*Minimal, error) {
	if err := m.do(ctx, record.Open{}); err != nil {
		return nil, err
	}
	all := make([]int, len(m.flow.Parts))
	for i := range all {
		all[i] = i
	}
	if err := m.whole(ctx, all); err != nil {
		return nil, err
	}
	search := minimize.Search{Steps: len(all), Bare: m.flow.Part != nil}
	for {
		o := search.Next()
		if o.Status == minimize.Open {
			grew, err := m.test(ctx, o.Test)
			if err != nil {
				return m.partial(&search, o, err), err
			}
			leaks := grew >= leastShare*m.gauge.growth
			search.Tell(leaks)
			tell(Reduction{
				Test: len(search.Results), Set: o.Test, Leaks: leaks, Growth: grew, Unit: m.gauge.unit, Smallest: search.Next().Set,
			})
			continue
		}
		if o.Status != minimize.Found {
			return nil, m.unrepeated(ctx, all, len(search.Results))
		}
		return m.found(ctx, &search, o)
	}
}

// found measures what the smallest set grows by.
func (m *minimizer) found(ctx context.Context, search *minimize.Search, o minimize.Outcome) (*Minimal, error) {
	before := m.edge
	if _, err := m.test(ctx, o.Set); err != nil {
		return m.partial(search, o, err), err
	}
	res := m.result(search, o.Set)
	res.Complete = true
	res.Round = m.gauge.bytes(before, m.edge) / float64(m.gauge.rounds)
	res.Growth = res.Round / float64(m.perRound(o.Set))
	return res, nil
}

func (m *minimizer) result(search *minimize.Search, set []int) *Minimal {
	r := &Minimal{
		Minimal: []string{}, Of: len(m.flow.Parts), Keep: set, Tests: len(search.Results), Evidence: m.gauge.name, Rounds: m.gauge.rounds,
	}
	for _, i := range set {
		r.Minimal = append(r.Minimal, m.flow.Parts[i])
	}
	return r
}

// partial is what was known when err ended the search.
func (m *minimizer) partial(search *minimize.Search, o minimize.Outcome, err error) *Minimal {
	r := m.result(search, o.Set)
	if r.Why = err.Error(); errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		r.Why = "interrupted"
	}
	return r
}

// perRound is how many requests a round of a subset has.
func (m *minimizer) perRound(set []int) int {
	if m.flow.Part != nil {
		return 1
	}
	return max(1, len(set))
}

// test sends a subset as often as the gauge says, and returns what the process grew
// by, per round and in the gauge's unit. A process that is lost is started again where
// that can be had, and the test begins anew.
func (m *minimizer) test(ctx context.Context, set []int) (float64, error) {
	before := m.edge
	err := m.send(ctx, set, m.gauge.rounds)
	if err == nil {
		err = m.do(ctx, record.Measure{})
	}
	if err == nil {
		return m.gauge.of(before, m.edge) / float64(m.gauge.rounds), nil
	}
	const most = 3 // processes that may be lost
	if !m.lost || !m.opened.Restart || m.losses >= most {
		return 0, err
	}
	m.losses++
	if err = m.do(ctx, record.Open{Why: record.Revived}); err != nil {
		return 0, err
	}
	all := make([]int, len(m.flow.Parts))
	for i := range all {
		all[i] = i
	}
	if err = m.send(ctx, all, warmRounds); err != nil {
		return 0, err
	}
	if err = m.do(ctx, record.Measure{}); err != nil {
		return 0, err
	}
	return m.test(ctx, set)
}

// send sends a subset, in order, so many times over.
func (m *minimizer) send(ctx context.Context, set []int, rounds int) error {
	if m.flow.Part != nil {
		t, err := m.flow.Part(set)
		if err != nil {
			return err
		}
		m.s.Replace(0, t)
		return m.do(ctx, record.Send{URI: 0, N: rounds, Purpose: record.Sweep})
	}
	for round := range rounds {
		for _, uri := range set {
			if err := m.do(ctx, record.Send{URI: uri, N: 1, Purpose: record.Sweep, Round: round + 1}); err != nil {
				return err
			}
		}
	}
	return nil
}

// do carries an action out. Its error says why the process cannot be tested any longer.
func (m *minimizer) do(ctx context.Context, a record.Action) error {
	m.stop, m.lost = nil, false
	uri := -1
	err := m.s.Do(ctx, a, func(e record.Event) {
		switch e := e.(type) {
		case record.Opened:
			m.opened = e
		case record.Began:
			uri = e.URI
		case record.Read:
			m.edge = e.Edge
		case record.Readings:
			m.requests += e.Sent
			if e.Failure != "" && m.failed[uri] == "" {
				m.failed[uri] = e.Failure
			}
			m.ok[uri] = m.ok[uri] || slices.ContainsFunc(e.Latency, func(l uint32) bool { return l > 0 })
		case record.Lost:
			m.lost, m.stop = true, m.s.Err()
			if m.stop == nil {
				m.stop = fault.Measuref("%s", e.Reason)
			}
		case record.Failed:
			m.stop = m.s.Err()
		case record.Limited:
			m.stop = fault.Measuref("%s", e.Reason).WithHint("Raise the limit, under limits: or by --max-time.")
		}
	})
	if err != nil {
		return err
	}
	return m.stop
}

// broken is the error of a step that never was answered as expected, nil without one.
func (m *minimizer) broken() error {
	var bad []string
	for i, it := range m.flow.Plan.Items {
		if !m.ok[i] && m.failed[i] != "" {
			bad = append(bad, fmt.Sprintf("%s: %s", it.Name, m.failed[i]))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return fault.Measuref("in the whole, no answer is as expected to %s", strings.Join(bad, "; ")).
		WithHint("Correct the scenario, or say with expect: which answer is right.")
}
