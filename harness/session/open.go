package session

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/record"
	"leakhunt/harness/target"
)

// open carries a record.Open out.
func (s *Session) open(ctx context.Context, a record.Open) error {
	began := time.Now()
	if err := s.pin(ctx, a.Why); err != nil {
		return err
	}
	e := record.Opened{Why: a.Why, Only: a.Only, Took: time.Since(began).Seconds()}
	_, e.Restart = s.pinned.(Restarter)
	if err := s.connect(ctx); err != nil {
		return err
	}
	var err error
	if e.Facts, err = s.study(ctx); err != nil {
		return err
	}
	if e.Fresh, err = s.glance(ctx, s.exact); err != nil {
		return err
	}
	sent := s.total
	if err = s.login(ctx); err != nil {
		return err
	}
	e.Sent = s.total - sent
	if err = s.openCounter(ctx); err != nil {
		return err
	}
	if s.counter != nil {
		e.Counter = s.counter.Name()
		e.Columns, e.Native, e.Whole = columns(s.counter.Columns())
		_, e.Traces = s.tracer()
	}
	_, e.Touched = s.meter.(touching)
	e.Process = s.process()
	if a.Why == record.Resumed || a.Why == record.Rejoined {
		e.Limits = s.limits()
	}
	e.T = s.seconds(time.Now())
	s.ready = true
	s.emit(e)
	if p, ok := s.pinned.(target.Preparer); ok && a.More > 0 {
		p.Prepare(ctx, a.More)
	}
	return nil
}

// pin pins the process, or has a fresh one started where there was one before.
func (s *Session) pin(ctx context.Context, why record.Why) error {
	s.disconnect()
	if s.pinned == nil {
		s.note("", "pinning the process")
		p, err := s.cfg.Target.Pin(ctx)
		if err != nil {
			return err
		}
		s.pinned = p
		return s.rejoined(why)
	}
	fresh, ok := s.pinned.(Restarter)
	if !ok {
		return fault.Measuref("a fresh process cannot be had: pid %d was not started for the run", s.pinned.Process().PID).
			WithHint("Let target.command start it.")
	}
	return fresh.Restart(ctx)
}

// rejoined makes sure that a run which goes on with its process has found that one.
// With another one it closes the session and returns an error.
func (s *Session) rejoined(why record.Why) error {
	want, have := s.cfg.Rejoin, s.pinned.Process()
	if why != record.Rejoined || have == want {
		return nil
	}
	how := fault.Measuref("the process of the run, pid %d, is no longer there: pid %d answers", want.PID, have.PID)
	if have.PID == want.PID {
		how = fault.Measuref("the process of the run has ended, and its pid %d was given to another, which answers", want.PID)
	}
	return errors.Join(how.WithHint("Let the run go on with a fresh process."), s.Close())
}

// connect connects the load and the meter to the pinned process.
func (s *Session) connect(ctx context.Context) error {
	s.client = load.New(s.pinned.Endpoint(), true)
	id, info := s.pinned.Process(), s.pinned.Info()
	meter, err := s.cfg.OpenMeter(id)
	if err != nil {
		return s.unlessLost(ctx, fault.Measuref("cannot read the memory of pid %d", id.PID).Because(err))
	}
	s.meter = meter
	s.noteRoom()
	s.note("", "pinned pid %d (%s %s)", info.PID, info.Kind, info.URL)
	return nil
}

// disconnect closes what open opened, and forgets what was known of the process.
func (s *Session) disconnect() {
	if s.client != nil {
		s.client.Close()
	}
	if c, ok := s.meter.(io.Closer); ok {
		c.Close() //nolint:errcheck // files of /proc, only read
	}
	if s.counter != nil {
		s.counter.Close() //nolint:errcheck // its process may be gone
	}
	s.ready, s.client, s.meter, s.counter = false, nil, nil, nil
	s.roomy = nil
	s.settled, s.rss, s.touched, s.checked = false, 0, -1, time.Time{}
	clear(s.failing)
}

func (s *Session) process() record.Process {
	info := s.pinned.Info()
	return record.Process{
		Kind: info.Kind, PID: info.PID, Start: s.pinned.Process().Start, App: info.App, URL: info.URL, Server: info.Server,
		Runtime: info.Runtime, Dir: cmp.Or(s.dir, info.Dir), Settings: info.Settings,
	}
}
