package session

import (
	"context"

	"leakhunt/harness/memory"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/target"
)

// The three faces of a target are declared beside their implementations.
type (
	// Target pins exactly one process.
	Target = target.Target
	// Pinned is one process, for as long as it lives.
	Pinned = target.Pinned
	// Restarter is a Pinned that can be had again as a fresh process.
	Restarter = target.Restarter
)

// Meter reads the memory of one process. Its errors are those of proc.ID.Check
// where the process is lost. It is closed where it has a Close.
type Meter interface {
	RSS() (int64, error)            // bytes, after each request: a few µs
	Read() (memory.Reading, error)  // RSS, anonymous and swap; some 30 µs
	Exact() (memory.Reading, error) // smaps_rollup: 0.6 ms at 50 MB, 25 ms at 2 GB
}

// What a Meter may be able to do besides.
type (
	// studied knows the facts that matter to the readings of its process.
	studied interface {
		Facts() (memory.Facts, error)
	}
	// touching reads the touched set, in bytes: the resident pages that the process
	// has used since ResetTouched.
	touching interface {
		ResetTouched() error
		Touched() (int64, error)
	}
	// counting counts what the process holds beside memory.
	counting interface {
		Counts() (memory.Counts, error)
	}
	// peaking reads the highest RSS since ResetPeak, in bytes.
	peaking interface {
		ResetPeak() error
		Peak() (int64, error)
	}
)

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
	// allocated since StartTrace and is still alive. Counts and bytes are
	// totals, not yet per request.
	StopTrace(ctx context.Context) ([]runtimes.Site, error)
}

// What a Tracer may be able to do besides.
type (
	// callerTracer has sites with their innermost frame alone: a short second pass
	// notes who calls them. StartCallers says whether there is a need.
	callerTracer interface {
		StartCallers(ctx context.Context, sites []runtimes.Site) (bool, error)
		StopCallers(ctx context.Context, sites []runtimes.Site) ([]runtimes.Site, error)
	}
	// holderTracer can say what holds the objects of its sites. StartHolders is told
	// how many bytes more the process may take. It says whether requests are needed
	// before StopHolders, which fills in RetainedBy, or has a sentence for the reader
	// instead.
	holderTracer interface {
		StartHolders(ctx context.Context, room int64) (bool, error)
		StopHolders(ctx context.Context, sites []runtimes.Site) (held []runtimes.Site, note string, err error)
	}
	// remarker may have named less than it could elsewhere.
	remarker interface {
		Remark() string // "" where all is well
	}
	// sampler may have seen too little to name a line.
	sampler interface {
		Few() bool // more requests may name it
	}
)

// Without is the error of OpenCounter where the runtime's own counter should be
// there and is not: the run goes on with the Counter that was returned, or by
// RSS alone where that is nil.
type Without struct{ Err error }

func (w *Without) Error() string { return "judged without the runtime's own counter: " + w.Err.Error() }

func (w *Without) Unwrap() error { return w.Err }
