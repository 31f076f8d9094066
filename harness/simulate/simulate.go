// Package simulate carries actions out as package session does. Its process is
// arithmetic, and its clock a number. A world is put together from parts: a runtime
// with its allocator and collector, counters with what they miss, what the URIs of an
// application do to memory, and faults. What it leaks is known. The same world and the
// same actions give the same events.
//
// A world is made at random (New) or read from a text (Parse). String writes it as
// text, so that what went wrong in it can be repeated and read.
package simulate

import (
	"fmt"
	"strings"

	"leakhunt/harness/record"
)

// World is one simulated application, its process, and its clock.
type World struct {
	spec     spec
	p        *process // nil before the first, and when it is lost
	lives    int
	visited  bool    // requests without cookies may be sent
	now      float64 // seconds since the run began, while there is no process
	takes    float64 // seconds that a process takes to start
	settling float64 // seconds that a settled reading takes
	reading  *record.Edge
}

// New is a world of that kind, one of Worlds, put together by the seed; of any
// kind where name is "".
func New(seed uint64, name string) (*World, error) {
	d := newDraw(seed, 0x776f726c)
	if name == "" {
		name = draws(d)
	}
	for _, k := range kinds {
		if k.name == name {
			s := k.make(d)
			s.kind, s.seed = name, seed
			if err := s.check(); err != nil {
				return nil, fmt.Errorf("world %s of seed %d: %w", name, seed, err)
			}
			return newWorld(s), nil
		}
	}
	return nil, fmt.Errorf("%q is no kind of world; there are %s", name, strings.Join(Worlds(), ", "))
}

func newWorld(s spec) *World {
	d := newDraw(s.seed, 0x74696d65)
	w := &World{spec: s, takes: d.between(0.3, 3), settling: d.scale(0.003, 0.15)}
	return w
}

// Name is the kind of world.
func (w *World) Name() string { return w.spec.kind }

// Header is the header of a run in this world, with the defaults of a real one.
func (w *World) Header() record.Header {
	s := &w.spec
	h := record.Header{
		Version: record.Version, Tool: "simulate", StartedAt: "2026-01-01T00:00:00Z", Seed: int64(s.seed>>11) | 1,
		Scenario:    record.Scenario{Name: s.kind, Path: s.kind + ".yaml"},
		Environment: record.Environment{OS: "linux", Kernel: "6.8.0", CPUs: 2, PageBytes: page},
		Plan: record.Plan{
			Target: s.target, Runtime: "auto", Metric: s.metric, Rounds: s.rounds, Warmup: record.Count{Auto: true},
			Restarts: s.restarts, Sites: "auto", Stay: 65,
			Strategy: s.strategy, Isolate: s.isolate,
			Limits: record.Limits{RSS: s.limitRSS, Time: float64(s.limit) / 1e6},
		},
	}
	if s.counter == "" {
		h.Plan.Runtime = "none"
	}
	for i := range s.routes {
		r := &s.routes[i]
		n := max(r.requests, 0)
		if n == 0 {
			n = s.requests
		}
		h.Items = append(h.Items, record.Item{
			Name: r.name, Method: "GET", URI: r.uri(), Requests: record.Count{Auto: n == 0, N: n}, Line: 10 + i,
		})
	}
	return h
}

// uri is what a scenario has for the URI: with a placeholder where each request
// asks for something else.
func (r *routeSpec) uri() string {
	keyed, keys := r.keyed, r.keys > 0
	for _, p := range r.parts {
		keyed = keyed || p.keyed
		keys = keys || p.keys > 0
	}
	switch {
	case keyed:
		return r.name + "/{{n}}"
	case keys:
		return r.name + "/{{row.id}}"
	}
	return r.name
}
