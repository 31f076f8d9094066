package main

import (
	"context"
	"iter"
	"time"

	"leakhunt/harness/verdict"
)

// sample is one series whose truth is known.
type sample struct {
	Source   string  // where it comes from: "simulated", "recorded", …
	Evidence string  // what is judged, and how: "rss, sequential", "agent", …
	World    string  // the process: a runtime, a simulated world, a counter
	Unit     string  // of the rates: "bytes" or "objects"
	Leak     float64 // what leaks, in units/request; 0 for a clean one
	Growth   float64 // the true growth that goes on, in units/request: what the interval should hold
	Within   float64 // by how much Growth is known, in units/request
	// Judge is the verdict. Its Requests are those that were used for it.
	Judge func() verdict.Judgement
	// Spent is how long it took to measure and judge; 0: as long as Judge takes.
	Spent time.Duration
}

// source yields samples: simulated ones, recorded ones, or those of live
// applications. It yields an error at most once, and last; ctx ends it.
type source interface {
	Samples(ctx context.Context) iter.Seq2[sample, error]
}
