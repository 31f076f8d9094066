// Package harness is the main job: it carries a scenario's plan out on one
// pinned process, keeps a memory series for each URI, and judges it.
//
//	scenario → plan → target → requests and readings → series → verdict → result
package harness

import (
	"context"

	"leakhunt/harness/memory"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/target"
)

// The three faces of a target are declared beside their implementations, which
// this package imports.
type (
	// Target pins exactly one process.
	Target = target.Target
	// Pinned is one process, for as long as it lives.
	Pinned = target.Pinned
	// Restarter is a Pinned that can be had again as a fresh process.
	Restarter = target.Restarter
)

// Meter reads the memory of one process. Its errors are those of proc.ID.Check
// where the process is lost.
type Meter interface {
	RSS() (int64, error)            // bytes; some 10 µs
	Read() (memory.Reading, error)  // RSS, anonymous and swap; some 30 µs
	Exact() (memory.Reading, error) // smaps_rollup: 0.6 ms at 50 MB, 25 ms at 2 GB
}

// Counter collects garbage, hands free pages back, and reads what is alive.
type Counter interface {
	// Name is how people are told of it: "agent", "inspector", "pprof", "class histogram".
	Name() string
	Columns() []runtimes.Column
	// Read settles, then returns one value for each column.
	Read(ctx context.Context) ([]float64, error)
	Close() error
}

// Tracer is a Counter that can also name the lines that made what survives.
type Tracer interface {
	StartTrace(ctx context.Context) error
	// StopTrace always switches tracing off, and returns the sites of what was
	// allocated since StartTrace and is still alive; counts and bytes are
	// totals, not yet per request.
	StopTrace(ctx context.Context) ([]runtimes.Site, error)
}
