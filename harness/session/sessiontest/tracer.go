package sessiontest

import (
	"context"
	"slices"

	"leakhunt/harness/runtimes"
)

// Tracer is a Counter that can name one line. All that came to be alive since it began
// is said to be made there, one object a request, whatever the route. Starting and
// stopping it can fail.
type Tracer struct {
	Counter
	StartFails, StopFails error
	Started               func(p *Process) // what starting does to the process; may be nil

	On     bool // tracing is on
	Starts int
	seen   int
	live   float64
}

// StartTrace implements session.Tracer.
func (t *Tracer) StartTrace(context.Context) error {
	t.Starts++
	if t.StartFails != nil {
		return t.StartFails
	}
	t.P.mu.Lock()
	defer t.P.mu.Unlock()
	t.On, t.seen, t.live = true, t.requests(), t.P.Live
	if t.Started != nil {
		t.Started(t.P)
	}
	return nil
}

func (t *Tracer) requests() (n int) {
	for _, k := range t.P.Seen {
		n += k
	}
	return n
}

// StopTrace implements session.Tracer.
func (t *Tracer) StopTrace(ctx context.Context) ([]runtimes.Site, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.On = false
	if t.StopFails != nil {
		return nil, t.StopFails
	}
	t.P.mu.Lock()
	defer t.P.mu.Unlock()
	if t.P.Live <= t.live {
		return nil, nil
	}
	return []runtimes.Site{{
		File: "/gems/rack/pool.rb", Line: 50, Owner: runtimes.OwnerLibrary, Stack: []string{"/gems/rack/pool.rb:50 add"},
		ObjectsPerRequest: float64(t.requests() - t.seen), BytesPerRequest: t.P.Live - t.live,
	}}, nil
}

// FullTracer is a Tracer that can also say who calls its line, what holds the
// objects, and what it could not do.
type FullTracer struct {
	*Tracer
	Said string // its remark
	Saw  bool   // it saw too few objects

	NoCallers                           bool // there is no need to ask who calls
	StartCallersFails, StopCallersFails error

	Quiet                               bool     // it finds holders without requests
	Note                                string   // instead of holders
	Held                                []string // what holds the objects; nil: something
	StartHoldersFails, StopHoldersFails error
	HoldersStarted                      func(p *Process) // what starting does to the process; may be nil

	Room  int64 // what it was told the process may take
	Holds int   // times that StopHolders was called
	Asked int   // times that StopCallers was called
}

// Remark is what it could not do.
func (t *FullTracer) Remark() string { return t.Said }

// Few says that it saw too few objects.
func (t *FullTracer) Few() bool { return t.Saw }

// StartCallers begins a pass that sees who calls the sites.
func (t *FullTracer) StartCallers(context.Context, []runtimes.Site) (bool, error) {
	return !t.NoCallers, t.StartCallersFails
}

// StopCallers ends that pass.
func (t *FullTracer) StopCallers(_ context.Context, sites []runtimes.Site) ([]runtimes.Site, error) {
	t.Asked++
	sites = slices.Clone(sites)
	sites[0].Caller = "/srv/app.rb:3 show"
	return sites, t.StopCallersFails
}

// StartHolders begins a pass that sees what holds the objects.
func (t *FullTracer) StartHolders(_ context.Context, room int64) (bool, error) {
	t.Room = room
	if t.HoldersStarted != nil {
		t.P.Locked(func() { t.HoldersStarted(t.P) })
	}
	return !t.Quiet, t.StartHoldersFails
}

// StopHolders ends that pass.
func (t *FullTracer) StopHolders(_ context.Context, sites []runtimes.Site) ([]runtimes.Site, string, error) {
	t.Holds++
	sites = slices.Clone(sites)
	if t.StopHoldersFails == nil && t.Note == "" {
		sites[0].RetainedBy = t.Held
		if t.Held == nil {
			sites[0].RetainedBy = []string{"Pool (class)", "String"}
		}
	}
	return sites, t.Note, t.StopHoldersFails
}
