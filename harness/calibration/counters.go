package main

import (
	"context"
	"fmt"
	"iter"

	"leakhunt/harness/calibration/simulate"
	"leakhunt/harness/verdict"
)

// counters is n simulated counters of each sort for each leak: five blocks of
// 50 requests that may not be followed, and as many as the horizon takes.
type counters struct {
	n    int
	seed uint64
}

// A counter's processes are burnt in for so many requests, and read in blocks
// of so many.
const (
	counterBurnIn = 200
	counterBlock  = 50
)

// counterKinds leaves caches out: a filling cache of objects is growth, to be
// told from a leak by its end alone.
var counterKinds = []simulate.Kind{simulate.Flat, simulate.Creep, simulate.WarmUp, simulate.Step, simulate.Wave}

func (c counters) Samples(ctx context.Context) iter.Seq2[sample, error] {
	return func(yield func(sample, error) bool) {
		cell := uint64(1 << 16)
		for _, m := range simulate.Meters() {
			for _, blocks := range []int{5, 42} {
				for _, l := range counterLeaks(m) {
					cell++
					for i := range c.n {
						if err := ctx.Err(); err != nil {
							yield(sample{}, err)
							return
						}
						if !yield(counterSample(c.seed+cell<<32+uint64(i), m, counterKinds[i%len(counterKinds)], l, blocks), nil) {
							return
						}
					}
				}
			}
		}
	}
}

func counterLeaks(m simulate.Meter) []simulate.Leak {
	switch m {
	case simulate.RubyObjects, simulate.PythonObjects:
		return []simulate.Leak{{}, {Bytes: 1}, {Bytes: 1, Every: 10}}
	case simulate.SettledRSS:
		return []simulate.Leak{{}, {Bytes: 1024}, {Bytes: 4096}}
	}
	return []simulate.Leak{{}, {Bytes: 512}, {Bytes: 4096}, {Bytes: 4096, Every: 10}}
}

func counterSample(seed uint64, m simulate.Meter, k simulate.Kind, l simulate.Leak, blocks int) sample {
	read := simulate.Counter(seed, m, k, l, counterBurnIn, blocks, counterBlock)
	edges := make([]verdict.Edge, len(read.Values))
	for i, v := range read.Values {
		edges[i] = verdict.Edge{Requests: i * counterBlock, Value: v}
	}
	unit := "bytes"
	if m == simulate.RubyObjects || m == simulate.PythonObjects {
		unit = "objects"
	}
	p := verdict.CounterParams{Unit: unit, Exact: m != simulate.SettledRSS, FixedN: blocks*counterBlock < 2048}
	return sample{
		Source: "simulated", Evidence: fmt.Sprintf("counter, %d requests", blocks*counterBlock),
		World: string(m) + rare(l),
		Unit:  unit, Leak: read.Rate, Growth: read.Rate,
		Judge: func() verdict.Judgement { return verdict.Counter(edges, p) },
	}
}
