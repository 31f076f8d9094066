package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/lanes"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/session"
	"leakhunt/harness/strategy"
	"leakhunt/harness/watch"
)

// LaneDriver is what a lane is driven on for the length of one hunt.
type LaneDriver interface {
	Driver
	// Err is the error behind the last Lost or Failed; nil before one.
	Err() error
	// Close ends what was pinned.
	Close() error
}

// sideBySide drives the lanes of a run, each in a goroutine of its own. A lane's hunt is
// touched by its own goroutine alone until it is over.
type sideBySide struct {
	run   *lanes.Run
	begin func(*lanes.Hunt) (LaneDriver, *watch.Watch)
	now   func(*lanes.Lane) float64
	tell  func(record.Event) // one at a time
	on    []*lanes.Hunt      // what each lane goes on with first; nil: nothing

	mu      sync.Mutex // for run as a whole
	changed *sync.Cond // a hunt is over
	errs    []error    // of each lane, behind what it was lost by
	closed  error      // of what could not be ended in order
}

// runLanes is Run with several lanes.
func runLanes(ctx context.Context, plan *Plan, tgts []session.Target, opt Options) (*result.Result, error) {
	began := time.Now()
	s := &sideBySide{run: opt.Resume, tell: func(record.Event) {}}
	if s.run == nil {
		s.run = lanes.New(plan.Header(opt, began))
	}
	if opt.Journal != nil {
		journal, err := opt.Journal(s.run.Header)
		if err != nil {
			return result.OfRun(s.run, opt.Version), err
		}
		if journal != nil {
			s.tell = func(e record.Event) { journal.Append(e) } //nolint:errcheck // the journal keeps its first error for the one who opened it
		}
	}
	elapsed := time.Duration(s.run.Now() * float64(time.Second))
	s.now = func(*lanes.Lane) float64 { return (elapsed + time.Since(began)).Seconds() }
	if opt.Resume != nil {
		s.on = s.run.Resume()
	} else {
		tgts = session.Together(tgts)
	}
	board := watch.NewBoard(opt.Observer, s.run)
	s.begin = func(h *lanes.Hunt) (LaneDriver, *watch.Watch) {
		w := watch.New(board.Lane(h))
		part := plan.part(h.URIs)
		c := part.Session(tgts[h.Lane-1], opt, h.State, began, w.Tick)
		c.Elapsed = elapsed
		for i, uri := range h.URIs {
			c.Sent[i] += s.run.Sent(h, uri)
		}
		return session.New(c), w
	}
	err := s.drive(ctx)
	board.Ended(s.run)
	return result.OfRun(s.run, opt.Version), err
}

// HuntLanes drives all lanes of a run without watching them: a simulation, or a test. begin
// is asked for the process of each hunt.
func HuntLanes(ctx context.Context, run *lanes.Run, begin func(*lanes.Hunt) LaneDriver, tell func(record.Event)) error {
	s := &sideBySide{run: run, tell: tell, now: (*lanes.Lane).Now, on: run.Resume()}
	s.begin = func(h *lanes.Hunt) (LaneDriver, *watch.Watch) { return begin(h), watch.New(nil) }
	return s.drive(ctx)
}

// drive drives all lanes until none has anything left to do. Its error says why the run is
// incomplete, nil where it is not or where a limit of the user's ended it.
func (s *sideBySide) drive(ctx context.Context) error {
	s.changed = sync.NewCond(&s.mu)
	s.errs = make([]error, len(s.run.Lanes))
	tell, one := s.tell, sync.Mutex{}
	s.tell = func(e record.Event) {
		one.Lock()
		defer one.Unlock()
		tell(e)
	}
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer stop()
	var all sync.WaitGroup
	for _, l := range s.run.Lanes {
		all.Go(func() {
			for h := s.next(ctx, l); h != nil; h = s.next(ctx, l) {
				s.hunt(ctx, h)
			}
		})
	}
	all.Wait()
	e := EndingOf(s.run, ctx.Err())
	e.T = s.run.Now()
	s.run.Append(e) //nolint:errcheck // an end can always come
	s.tell(e)
	if err := s.why(ctx, e); err != nil || s.closed != nil {
		return errors.Join(err, s.closed)
	}
	return nil
}

// why is the error of a run that ended so.
func (s *sideBySide) why(ctx context.Context, e record.Ended) error {
	switch e.By {
	case result.EndedByUser:
		return ctx.Err()
	case result.EndedByFault:
		for i, err := range s.errs {
			if err != nil && s.run.Lanes[i].Lost() != nil {
				return err
			}
		}
		return fault.Measuref("%s", e.Reason)
	}
	return nil
}

// next is what the lane hunts next. It waits as long as another lane may leave something,
// and returns nil where nothing is left to do.
func (s *sideBySide) next(ctx context.Context, l *lanes.Lane) *lanes.Hunt {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := l.Number - 1; i < len(s.on) && s.on[i] != nil {
		h := s.on[i]
		s.on[i] = nil
		return h
	}
	for ctx.Err() == nil {
		a, ok, wait := s.run.Next(l.Number)
		switch {
		case ok:
			a.T = s.now(l)
			e := record.OfLane{Lane: l.Number, Event: a}
			if s.run.Append(e) != nil {
				return nil // it cannot be: Next names what there is
			}
			s.tell(e)
			return l.Last()
		case !wait:
			return nil
		}
		s.changed.Wait()
	}
	return nil
}

// hunt carries one hunt out.
func (s *sideBySide) hunt(ctx context.Context, h *lanes.Hunt) {
	s.mu.Lock()
	d, w := s.begin(h)
	s.mu.Unlock()
	err := loop(ctx, d, h.State, strategy.Hunt{}, func(e record.Event) {
		s.tell(record.OfLane{Lane: h.Lane, Event: e})
		w.Event(h.State, e)
	}, w.Action)
	e := Ending(h.State, err)
	h.Append(e) //nolint:errcheck // an end can always come
	s.tell(record.OfLane{Lane: h.Lane, Event: e})
	w.Ended(h.State)
	closed := end(ctx, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Over()
	s.closed = errors.Join(s.closed, closed)
	if e.By == result.EndedByFault {
		if err == nil {
			err = d.Err()
		}
		s.errs[h.Lane-1] = err
	}
	s.changed.Broadcast()
}

// EndingOf is the last event of a run with several lanes, once they hunt no more. The run
// is complete where each URI has come to its end in one of them.
func EndingOf(r *lanes.Run, interrupted error) (e record.Ended) {
	if interrupted != nil {
		return record.Ended{By: result.EndedByUser, Reason: "interrupted"}
	}
	same := 0 // lanes that ended for one reason
	for _, l := range r.Lanes {
		for _, h := range l.Hunts {
			end := h.Ended
			if end == nil || end.Complete || end.By == result.EndedByFault && len(r.Unsettled(h)) == 0 {
				continue
			}
			switch {
			case e.By == "", e.By == result.EndedByLimit && end.By != result.EndedByLimit:
				e.By, e.Reason, same = end.By, fmt.Sprintf("lane %d: %s", l.Number, end.Reason), 1
			case strings.HasSuffix(e.Reason, ": "+end.Reason):
				same++
			}
		}
	}
	if same == len(r.Lanes) {
		_, e.Reason, _ = strings.Cut(e.Reason, ": ")
	}
	e.Complete = e.By == ""
	return e
}
