// Package target finds or starts the one process that is measured, and says where it
// answers. It knows at any moment whether the process is still the same.
package target

import (
	"context"
	"net"

	"leakhunt/harness/load"
	"leakhunt/harness/proc"
)

// Target pins exactly one process. Every error is a *fault.Error.
type Target interface {
	// Pin finds or starts the process and waits until it is ready.
	Pin(ctx context.Context) (Pinned, error)
}

// Pinned is one process, for as long as it lives. Its methods are for one
// goroutine at a time.
type Pinned interface {
	Info() Info
	Process() proc.ID
	Endpoint() load.Endpoint
	// Check returns an error that says how the process was lost: ended,
	// replaced, no longer the one that answers. conn, where not nil, is a
	// live connection of the load that has carried an answer already: the
	// pinned process must hold its other end.
	Check(ctx context.Context, conn net.Conn) error
	// Stopped is whether a signal or a debugger has stopped the process: it lives, and
	// answers nothing until it goes on.
	Stopped() bool
	// Close ends what Pin started, and only that; it leaves no child behind.
	// A second call does nothing.
	Close() error
}

// Restarter is a Pinned that can be had again as a fresh process: afterwards
// Process, Endpoint and Info are those of the new one, Info.Restarts one more.
type Restarter interface {
	Restart(ctx context.Context) error
}

// Preparer is a Restarter whose next process can start while the present one is
// measured.
type Preparer interface {
	// Prepare begins to start the next one, and more where n will be asked for, and does
	// not wait. Restart then takes them in order, and Close ends those that are left. It
	// does nothing where two cannot be had at once.
	Prepare(ctx context.Context, n int)
}

// Info describes a pinned process for people and for the result file. It holds
// no secret.
type Info struct {
	Kind     string `json:"kind"` // "demo", "command", "url", "passenger", "fastcgi"
	PID      int    `json:"pid"`
	App      string `json:"app,omitempty"`
	URL      string `json:"url,omitempty"`
	Server   string `json:"server,omitempty"`  // "puma", "gunicorn", … where recognised
	Runtime  string `json:"runtime,omitempty"` // "ruby", "node", "python", "go", "java", "php", where recognised
	Restarts int    `json:"restarts"`
	// RestartedAt is when the process was started afresh, in seconds since the
	// run began, where that is known.
	RestartedAt []float64 `json:"restarted_at_s,omitempty"`
	// Dir is the process's working directory, which the files of its own code
	// are told from; "" where it is not known.
	Dir string `json:"dir,omitempty"`
	// Settings are the environment variables that tighten: set, NAME=value.
	Settings []string `json:"settings,omitempty"`
}
