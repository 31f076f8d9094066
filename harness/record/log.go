package record

import (
	"fmt"
	"slices"
)

// Log is a record, folded: what is known after the events so far. Append is the
// only way to change it.
type Log struct {
	Header   Header
	Segments []*Segment // of URIs that share a process; never empty
	Lives    []*Life    // the processes, in order
	Blocks   int        // blocks so far, of all purposes
	Now      float64    // when the last event came
	Total    int        // requests put on a connection
	Reading  Edge       // the last reading between blocks
	Fresh    bool       // nothing was sent since Reading
	Notes    []Noted    // those with a code, each once
	Last     *Block     // the block that began last
	Losses   int        // of processes, in all segments
	Stopped  Event      // the Lost, Failed or Limited that nothing has gone on from
	Ended    *Ended
	Anew     float64 // when a run that a limit had ended went on last; 0: none has

	open *Block
}

// Segment is a part of the run in which the same URIs share a process: the first
// holds all of them, each later one a URI that is tried by itself. Where each URI has
// a process of its own (Plan.Isolate), nothing is sent in the first.
type Segment struct {
	Series []*Series
	Only   *int // the one URI that is tried by itself
	First  int  // the index of its first life
	Reads  []Read
	Traces []Traced
	Lost   []Lost
	// Limited is the limit that ended it; nil where none did.
	Limited *Limited

	started map[Purpose]float64 // when the last block for a purpose began: see Started
}

// Started is when the last block for that purpose began of which requests were answered. ok is
// false where there was none.
func (s *Segment) Started(p Purpose) (t float64, ok bool) {
	t, ok = s.started[p]
	return t, ok
}

// Life is one process.
type Life struct {
	Opened
	Index   int
	Peak    int64  // the highest metric and RSS seen
	Burned  int    // requests of its warm-up
	Warmed  int64  // the metric after them
	Holds   Counts // as read last
	Settled Edge   // the last reading with Counts and all counters; the zero value before one
	held    int    // of Columns, the last ones: see Column.Held
}

// NewLog is the log of a run in which nothing has happened yet.
func NewLog(h Header) *Log {
	l := &Log{Header: h}
	l.segment(nil)
	return l
}

func (l *Log) segment(only *int) {
	s := &Segment{Only: only, First: len(l.Lives), started: map[Purpose]float64{}}
	for i, it := range l.Header.Items {
		if only == nil || *only == i {
			s.Series = append(s.Series, &Series{Item: it, Index: i})
		}
	}
	l.Segments = append(l.Segments, s)
}

// Segment is the present one.
func (l *Log) Segment() *Segment { return l.Segments[len(l.Segments)-1] }

// Life is the present process; nil before the first.
func (l *Log) Life() *Life {
	if len(l.Lives) == 0 {
		return nil
	}
	return l.Lives[len(l.Lives)-1]
}

// Of is the series of a URI in the present segment; nil where it has none there.
func (l *Log) Of(uri int) *Series {
	all := l.Segment().Series
	if uri >= 0 && uri < len(all) && all[uri].Index == uri { // where all share the process
		return all[uri]
	}
	for _, s := range all {
		if s.Index == uri {
			return s
		}
	}
	return nil
}

// Open is the block that requests are being sent in; nil between blocks.
func (l *Log) Open() *Block { return l.open }

// Append adds what happened next. It returns an error for an event that cannot
// have happened then: such a record says nothing.
func (l *Log) Append(e Event) error {
	switch e := e.(type) {
	case Opened:
		return l.opened(e)
	case Began:
		return l.began(e)
	case Readings:
		return l.readings(e)
	case Finished:
		if l.open == nil {
			return fmt.Errorf("a block ended that had not begun")
		}
		e.End = l.hold(e.End)
		l.open.finish(e.End)
		l.close()
		l.read(e.End)
	case Read:
		e.Edge = l.hold(e.Edge)
		l.close()
		l.read(e.Edge)
		s := l.Segment()
		s.Reads = append(s.Reads, e)
	case Traced:
		return l.traced(e)
	case Noted:
		l.note(e)
	case Lost:
		l.close()
		l.Now, l.Stopped = max(l.Now, e.T), e
		l.Losses++
		l.Segment().Lost = append(l.Segment().Lost, e)
		if s := l.Of(e.URI); s != nil && e.Killed {
			s.died()
		}
	case Failed:
		l.close()
		l.Now, l.Stopped = max(l.Now, e.T), e
	case Limited:
		l.close()
		l.Now, l.Stopped = max(l.Now, e.T), e
		l.Segment().Limited = &e
	case Ended:
		l.close()
		l.Now, l.Ended = max(l.Now, e.T), &e
	case Unknown:
	default:
		return fmt.Errorf("an event of an unknown type %T", e)
	}
	return nil
}

func (l *Log) opened(e Opened) error {
	l.close()
	if e.Only != nil && (*e.Only < 0 || *e.Only >= len(l.Header.Items)) {
		return fmt.Errorf("a process was opened for URI %d of %d", *e.Only, len(l.Header.Items))
	}
	l.Now = max(l.Now, e.T)
	if l.Ended != nil && l.Ended.By == ByLimit && e.Why != Isolated {
		l.Anew = e.T
	}
	l.Stopped, l.Ended = nil, nil
	l.Total += e.Sent
	if e.Limits != nil {
		l.Header.Plan.Limits = *e.Limits
	}
	if e.Why == Isolated {
		l.segment(e.Only)
	}
	l.Segment().Limited = nil
	if e.Why == Rejoined && len(l.Lives) > 0 {
		return nil // the same process: nothing began anew
	}
	life := &Life{Opened: e, Index: len(l.Lives), Warmed: e.Fresh.Metric}
	l.Lives = append(l.Lives, life)
	for _, s := range l.Segment().Series {
		s.reborn()
	}
	l.read(e.Fresh)
	l.Fresh = false
	return nil
}

// mostReserved is for how many readings of a block there is room from its start:
// what a journal says of their number is believed no further.
const mostReserved = 1 << 15

func (l *Log) began(e Began) error {
	l.close()
	s := l.Of(e.URI)
	if s == nil || len(l.Lives) == 0 {
		return fmt.Errorf("a block began for URI %d, which no process was opened for", e.URI)
	}
	for _, uri := range e.Group {
		if uri < 0 || uri >= len(l.Header.Items) {
			return fmt.Errorf("a group began with URI %d of %d", uri, len(l.Header.Items))
		}
	}
	e.Start = l.hold(e.Start)
	l.Blocks++
	b := &Block{
		URI: e.URI, Purpose: e.Purpose, Round: e.Round, Planned: e.N, Life: len(l.Lives) - 1, Seq: l.Blocks,
		Start: e.Start, End: e.Start, Cut: true, Low: e.Start.Metric, High: e.Start.Metric,
	}
	// A run of 100 URIs keeps 400,000 readings: slices that grow would take half as
	// much again.
	n := min(max(0, e.N), mostReserved)
	b.Metric, b.At, b.Latency = reserved(n, kib), reserved(n, 0), reserved(n, 0)
	l.Now = max(l.Now, e.T)
	l.peak(e.Start)
	l.open, l.Last = b, b
	s.begin(b, e.Touched)
	return nil
}

func (l *Log) readings(e Readings) error {
	b := l.open
	if b == nil {
		return fmt.Errorf("readings came without a block")
	}
	if len(e.At) != len(e.Metric) || len(e.Latency) != len(e.Metric) {
		return fmt.Errorf("%d readings came with %d times and %d latencies", len(e.Metric), len(e.At), len(e.Latency))
	}
	l.Total += e.Sent
	if s := l.Of(b.URI); s.First == "" {
		s.First = e.Failure // also of a request that left no reading, for it ended the process
	}
	if len(e.Metric) == 0 && len(e.Touched) == 0 {
		return nil
	}
	l.Fresh = false
	b.add(e, l.Header.Plan.Metric == "anon")
	s, life := l.Of(b.URI), l.Life()
	s.add(b, e)
	if n := len(e.At); n > 0 {
		l.Segment().started[b.Purpose] = b.Start.T
		l.Now = max(l.Now, float64(e.At[n-1])/Ticks)
	}
	life.Peak = max(life.Peak, b.High)
	if b.Purpose == Warmup {
		life.Burned += len(e.Metric)
		life.Warmed = b.End.Metric
	}
	return nil
}

func (l *Log) traced(e Traced) error {
	l.close()
	if e.URI < 0 || e.URI >= len(l.Header.Items) {
		return fmt.Errorf("URI %d of %d was traced", e.URI, len(l.Header.Items))
	}
	l.Now = max(l.Now, e.T)
	l.Total += e.Cost.Requests
	l.Fresh = false
	s := l.Segment()
	s.Traces = append(s.Traces, e)
	return nil
}

func (l *Log) read(e Edge) {
	l.Now = max(l.Now, e.T)
	l.Reading, l.Fresh = e, true
	l.peak(e)
}

func (l *Log) peak(e Edge) {
	if life := l.Life(); life != nil {
		life.Peak = max(life.Peak, e.RSS, e.Metric)
	}
}

// close ends the open block; one in which nothing was sent is forgotten.
func (l *Log) close() {
	if b := l.open; b != nil && b.N() == 0 {
		l.Of(b.URI).forget(b)
	}
	l.open = nil
}

func (l *Log) note(e Noted) {
	if e.Code == "" {
		return
	}
	for _, have := range l.Notes {
		if have == e {
			return
		}
	}
	l.Notes = append(l.Notes, e)
	if e.Code == OneVisitor {
		l.welcome(e.URI)
	}
}

// welcome adds the item of requests to that URI without cookies, and its series to the
// first segment, where the number of requests is free.
func (l *Log) welcome(uri int) {
	items := l.Header.Items
	known := slices.ContainsFunc(items, func(it Item) bool { return it.Visitor != nil })
	if known || uri < 0 || uri >= len(items) || !items[uri].Requests.Auto || len(l.Segments) > 1 || len(l.Lives) == 0 {
		return
	}
	it := items[uri]
	it.Name, it.Visitor, it.Budget, it.Line, it.Ignore, it.Forced = NewVisitor, &uri, 0, 0, nil, false
	l.Header.Items = append(slices.Clip(items), it)
	s := &Series{Item: it, Index: len(items)}
	s.reborn()
	seg := l.Segment()
	seg.Series = append(seg.Series, s)
}

// Sent is how many requests a URI has got in all segments.
func (l *Log) Sent(uri int) (n int) {
	for _, s := range l.Segments {
		for _, u := range s.Series {
			if u.Index == uri {
				n += u.Sent
			}
		}
	}
	return n
}
