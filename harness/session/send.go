package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/record"
	"leakhunt/harness/target"
)

// block carries a record.Send out.
func (s *Session) block(ctx context.Context, a record.Send) error {
	if err := s.known(a.URI); err != nil {
		return err
	}
	if err := s.within(ctx, time.Now()); err != nil {
		return err
	}
	start, err := s.at(ctx, a.Settle)
	if err != nil {
		return err
	}
	began := record.Began{URI: a.URI, Purpose: a.Purpose, Round: a.Round, N: a.N, Start: start, Group: a.Group}
	if a.Touched.Anew {
		began.Touched = s.touchAnew(a.URI)
	}
	began.T = s.seconds(time.Now())
	s.emit(began)
	if err = s.requests(ctx, a); err != nil {
		return by(a.URI, err)
	}
	if a.Pause > 0 {
		if err = s.pause(ctx, a.Pause); err != nil {
			return by(a.URI, err)
		}
	}
	end, err := s.at(ctx, a.Settle)
	if err != nil {
		return by(a.URI, err)
	}
	s.emit(record.Finished{End: end})
	s.noteVisitor(a.URI)
	return nil
}

// requests sends the requests of a block, and reads memory after each. What was
// read is emitted whatever ends it.
func (s *Session) requests(ctx context.Context, a record.Send) error {
	now := time.Now()
	b := batch{s: s, left: a.N, since: now}
	defer b.flush()
	run := ctx
	ctx, cancel := s.untilOver(run)
	defer cancel()
	ctx, short := s.lookout(ctx)
	defer short() //nolint:errcheck // it is asked where something ended the block
	touch := a.Touched.Every
	answers := s.witness(a.N)
	for i := range a.N {
		if err := s.within(run, now); err != nil {
			return err
		}
		res, err := s.send(ctx, a.URI)
		b.sent += res.Sent
		if !res.OK() && ctx.Err() == nil {
			b.failed(&res)
		}
		if err != nil {
			if over := short(); over != nil {
				err, s.looked = over, time.Time{} // it is looked again before anything else is sent
			}
			return s.orOver(run, err)
		}
		if res.OK() {
			answers.n++
		}
		metric, err := s.sample()
		if err != nil {
			return s.broken(run, err)
		}
		now = time.Now()
		b.add(metric, now, &res)
		s.tick(now, a.URI, metric)
		if touch > 0 && (i+1)%touch == 0 && s.touched == a.URI {
			b.touch(i + 1)
		}
		if !res.OK() && (a.Strict || s.failing[a.URI].hopeless()) {
			break
		}
		if now.Sub(b.since) >= flushEvery || len(b.metric) == mostReadings {
			b.flush()
			b.since = now
		}
	}
	return answers.check(run)
}

// failing are failures in a row.
type failing struct {
	times int
	took  time.Duration
}

func (f failing) hopeless() bool { return record.Hopeless(f.times, f.took.Seconds()) }

// send sends one request to a URI. It returns an error only where the run cannot go
// on with the process.
func (s *Session) send(ctx context.Context, uri int) (load.Result, error) {
	it := &s.cfg.Items[uri]
	s.sent[uri]++
	s.settled, s.last = false, it.Name
	began := time.Now()
	res := s.client.Do(ctx, it.Template, s.values(s.sent[uri]))
	s.total += res.Sent // a request that a closing server may not have seen goes twice
	if res.OK() {
		s.failing[uri] = failing{}
		return res, nil
	}
	if res.Err != nil && !errors.Is(ctx.Err(), context.Canceled) && s.pinned.Stopped() {
		return res, s.stopped(uri)
	}
	if ctx.Err() != nil {
		return res, ctx.Err()
	}
	s.failing[uri].times++
	s.failing[uri].took += time.Since(began)
	if res.Err == nil {
		return res, nil
	}
	if e, ok := s.pinned.(target.Explainer); ok {
		res.Err = e.Explain(ctx, res.Err)
	}
	if err := s.pinned.Check(ctx, nil); err != nil {
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		return res, s.lostBy(uri, err)
	}
	return res, nil
}

// values fill the placeholders of a URI's n-th request.
func (s *Session) values(n int) load.Values {
	v := load.Values{N: n, Vars: s.vars}
	if rows := s.cfg.Scenario.Data; len(rows) > 0 {
		v.Row = rows[(n-1)%len(rows)]
	}
	return v
}

func failureText(r *load.Result) string {
	if r.Err != nil {
		return r.Err.Error()
	}
	return r.Failure
}

// noteVisitor notes once that all requests are one visitor's since those to that URI,
// where nobody has asked for that: what the application keeps for each visitor does not
// grow then. Requests without cookies may be sent from then on, too.
func (s *Session) noteVisitor(uri int) {
	if s.visitor || len(s.cfg.Scenario.Before) > 0 || !s.client.Visits() {
		return
	}
	s.visitor = true
	if slices.ContainsFunc(s.cfg.Items, func(it Item) bool { return it.Name == record.NewVisitor }) {
		return // the run went on from its journal
	}
	it := s.cfg.Items[uri]
	s.emit(record.Noted{Code: record.OneVisitor, URI: uri, Message: "the application set a cookie, and all requests send it, as one visitor's: " +
		"what it keeps for each visitor (sessions) does not grow then; cookies: fresh at a URI makes each of its requests a new visitor's"})
	s.cfg.Items = append(slices.Clip(s.cfg.Items), Item{Name: record.NewVisitor, Template: it.Template.Visitor()})
	s.sent, s.failing = append(s.sent, 0), append(s.failing, failing{})
}
