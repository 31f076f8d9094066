// Package session carries actions out on one pinned process, and answers with
// events: what was sent, what was read, what went wrong. It holds all that a run
// has of clocks, connections, meters and counters. It neither plans nor judges.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/scenarios"
)

// Config is what a session needs from outside.
type Config struct {
	Scenario *scenarios.Scenario
	Items    []Item
	Before   []*load.Template // of Scenario.Before, step by step; their bodies are kept
	Target   Target
	// OpenMeter opens the meter of the pinned process.
	OpenMeter func(proc.ID) (Meter, error)
	// OpenCounter opens the runtime's counter. It returns nil where there is none,
	// and a *Without where one was expected. nil: no counter is looked for.
	OpenCounter func(context.Context, Pinned, *load.Client) (Counter, error)
	// Patience is how long a counter may take to answer. 0: a minute, for it walks
	// over the heap, or the scenario's timeout where that is more.
	Patience time.Duration
	// Secret is told each captured value, which must then appear nowhere; may be nil.
	Secret func(string)
	// Redact takes secrets out of a text of an event; nil: texts stay as they are.
	Redact func(string) string
	// Tick is told where the run stands, at most every 100 ms, from Do's own
	// goroutine; may be nil.
	Tick func(Tick)

	// Began is when the run began, or was resumed. Zero: when New is called.
	Began time.Time
	// Elapsed is how long the run had lasted before it was resumed. Times of events
	// and limits.time count it.
	Elapsed time.Duration
	// Sent is, for each URI, how many requests it got before the run was resumed:
	// {{n}} and the rows of data: go on from there. nil: none.
	Sent []int
	// Total is how many requests the run had sent before it was resumed.
	Total int
	// Rejoin is the process that an Open whose Why is Rejoined must find.
	Rejoin proc.ID
}

// Item is one URI, by its index in the record.
type Item struct {
	Name     string
	Template *load.Template
}

// Tick is where a run stands.
type Tick struct {
	URI     int   // the URI of the last request
	Metric  int64 // what is judged, in bytes: RSS, or anonymous memory and swap
	RSS     int64 // bytes
	Sent    int   // requests, in all
	Elapsed time.Duration
}

// Session is one pinned process at a time, with its connection, its meter and its
// counter. It is not safe for concurrent use.
type Session struct {
	cfg     Config
	emit    func(record.Event)
	pinned  Pinned // nil before the first Open
	ready   bool   // Opened was emitted, and no Open came after it
	client  *load.Client
	meter   Meter
	counter Counter // nil without one
	vars    map[string]string
	err     error // behind the last Lost or Failed

	anon  bool   // metric: anon
	exact bool   // settled readings come from smaps_rollup
	dir   string // the process's working directory, "" where it is not known

	sent    []int     // of each URI, for {{n}}
	failing []failing // of each URI, on the present process
	total   int       // requests put on a connection
	last    string
	rss     int64       // as read last
	edge    record.Edge // the last settled reading
	settled bool        // nothing was sent since
	touched int         // the URI whose touched set began anew last; -1: none

	checked time.Time // when the pinned process was looked at last
	roomy   roomy     // nil where it is not known what memory is left
	first   memory.Room
	looked  time.Time // when it was looked for what memory is left
	until   int64     // the RSS with which it is looked for again
	before  int64     // the RSS before the last request
	took    [16]int64 // what the last requests have added to it, each in the place of the oldest
	oldest  int
	ticked  time.Time
	asked   int       // the URI of the last request
	shared  time.Time // when it was looked for others that hold the connection
	rivals  []int     // who held the connection, too, after the last block
	visitor bool      // it was noted that all requests are one visitor's
}

// New is a session that has nothing pinned yet.
func New(cfg Config) *Session {
	if cfg.Began.IsZero() {
		cfg.Began = time.Now()
	}
	if cfg.Redact == nil {
		cfg.Redact = func(text string) string { return text }
	}
	s := &Session{
		cfg: cfg, total: cfg.Total, touched: -1, anon: cfg.Scenario.Metric == scenarios.MetricAnon,
		sent: make([]int, len(cfg.Items)), failing: make([]failing, len(cfg.Items)),
	}
	copy(s.sent, cfg.Sent)
	return s
}

// Do carries one action out and tells emit what happens, in order. It returns an
// error only where ctx has ended; whatever else goes wrong is an event.
func (s *Session) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	s.emit = func(e record.Event) { emit(redacted(e, s.cfg.Redact)) }
	err := s.act(ctx, a)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t := s.seconds(time.Now())
	var pinned *record.Process // which no Opened has told
	if !s.ready && s.pinned != nil {
		p := s.process()
		pinned = &p
	}
	var over *limitError
	var gone *lostError
	switch {
	case errors.As(err, &over):
		s.emit(record.Limited{T: t, Limit: over.limit, Reason: over.reason})
	case errors.As(err, &gone):
		s.err = gone.err
		s.emit(record.Lost{T: t, URI: gone.uri, Killed: gone.killed, Reason: gone.Error(), Hint: fault.HintOf(gone.err), Process: pinned})
	default:
		s.err = err
		s.emit(record.Failed{T: t, Reason: err.Error(), Hint: fault.HintOf(err), Process: pinned})
	}
	return nil
}

func (s *Session) act(ctx context.Context, a record.Action) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if a, ok := a.(record.Open); ok {
		return s.open(ctx, a)
	}
	if !s.ready {
		return fmt.Errorf("%T before a process was opened", a)
	}
	switch a := a.(type) {
	case record.Send:
		return s.block(ctx, a)
	case record.Measure:
		return s.measure(ctx, a)
	case record.Name:
		return s.name(ctx, a)
	}
	return fmt.Errorf("an action of an unknown type %T", a)
}

// Err is the error behind the last Lost or Failed, with its kind and its causes;
// nil before one.
func (s *Session) Err() error { return s.err }

// Close ends what was pinned. A second call does nothing.
func (s *Session) Close() error {
	s.disconnect()
	if s.pinned == nil {
		return nil
	}
	p := s.pinned
	s.pinned = nil
	return p.Close()
}

// elapsed is how long the run has lasted at a moment.
func (s *Session) elapsed(at time.Time) time.Duration { return s.cfg.Elapsed + at.Sub(s.cfg.Began) }

func (s *Session) seconds(at time.Time) float64 { return s.elapsed(at).Seconds() }

// known says whether the scenario has the URI of an action.
func (s *Session) known(uri int) error {
	if uri < 0 || uri >= len(s.cfg.Items) {
		return fmt.Errorf("URI %d of %d", uri, len(s.cfg.Items))
	}
	return nil
}

func (s *Session) note(code, format string, args ...any) {
	s.emit(record.Noted{Code: code, Message: fmt.Sprintf(format, args...)})
}

// tickEvery is how often Tick is called at most, so that telling costs nothing.
const tickEvery = 100 * time.Millisecond

func (s *Session) tick(now time.Time, uri int, metric int64) {
	s.asked = uri
	if s.cfg.Tick == nil || now.Sub(s.ticked) < tickEvery {
		return
	}
	s.ticked = now
	s.cfg.Tick(Tick{URI: uri, Metric: metric, RSS: s.rss, Sent: s.total, Elapsed: s.elapsed(now)})
}

// Connections is how many connections the load has opened to the present process.
func (s *Session) Connections() int { return s.client.Connections() }
