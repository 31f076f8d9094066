// Package harness is the main job: it carries a scenario's plan out on one
// pinned process, keeps a record of what happened, and judges it.
//
//	scenario → plan ─► strategy: what next? ─► action ─► session: does it
//	                       ▲                               │
//	                     record ◄──────── events ◄─────────┘
//	                       └─► judge: what does it mean? ─► result
//
// Run is the loop. What to do next is in strategy, how it is done in session, what
// it means in judge: none of the three knows the others' part.
package harness

import (
	"context"
	"time"

	"leakhunt/harness/lanes"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/harness/session"
	"leakhunt/harness/watch"
)

// Options are what a run needs from outside.
type Options struct {
	Version  string
	Command  []string // as result.Result has it
	Observer watch.Observer
	// OpenMeter opens the meter of the pinned process.
	OpenMeter func(proc.ID) (session.Meter, error)
	// OpenCounter opens the runtime's counter where there is one; nil without.
	OpenCounter func(context.Context, session.Pinned, *load.Client) (session.Counter, error)
	// Patience is how long a counter may take to answer. 0: a minute, for it walks
	// over the heap, or the scenario's timeout where that is more.
	Patience time.Duration
	// Stay is how long what a counter convicts for must have stayed, at least,
	// before the sweep may end. 0: 65 seconds.
	Stay time.Duration
	// Secret is told each captured value, which must then appear nowhere; Redact
	// takes secrets out of a text. Both may be nil.
	Secret func(string)
	Redact func(string) string
	// SitesFor are globs of URI names that are traced whatever their verdict.
	SitesFor []string
	// Journal opens the journal of the run, to which all events go; nil: none. An
	// error of it ends nothing: the journal keeps its own.
	Journal func(record.Header) (Journal, error)
	// Resume is the state that the run goes on from; nil: a run from the start.
	Resume *lanes.Run
	// Beside are the targets of the lanes beside the first; nil: a run with one lane.
	Beside []session.Target
}

// Journal is where the events of a run go.
type Journal interface{ Append(record.Event) error }

// Driver carries an action out and tells emit what happens, in order. Its error is
// that of a context that ended; whatever else goes wrong is an event.
type Driver interface {
	Do(ctx context.Context, a record.Action, emit func(record.Event)) error
}
