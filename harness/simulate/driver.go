package simulate

import (
	"context"
	"fmt"

	"leakhunt/harness/record"
)

// Do carries out one action on the simulated process, and emits what happens. Its
// error is the context's; that is asked once for each action.
func (w *World) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch a := a.(type) {
	case record.Open:
		w.open(a, emit)
	case record.Send:
		if w.has(a.URI, emit) {
			w.send(a, emit)
		}
	case record.Measure:
		if w.has(0, emit) {
			w.measure(a, emit)
		}
	case record.Name:
		if w.has(a.URI, emit) {
			w.name(a, emit)
		}
	default:
		return fmt.Errorf("an action of an unknown type %T", a)
	}
	return nil
}

// has says whether there is a process, and such a URI; where not, nothing can be
// done.
func (w *World) has(uri int, emit func(record.Event)) bool {
	switch {
	case uri < 0 || uri >= len(w.spec.routes):
		emit(record.Failed{T: w.time(), Reason: fmt.Sprintf("there is no URI %d of %d", uri, len(w.spec.routes))})
	case w.p == nil:
		emit(record.Lost{T: w.time(), URI: -1, Reason: "there is no process"})
	default:
		return true
	}
	return false
}

// time is what the clock shows, in seconds since the run began. Steps of the clock
// may let it fall, but not below the beginning.
func (w *World) time() float64 {
	t := w.now
	if w.p != nil {
		t = w.p.now
		if len(w.p.doom.faults) > 0 {
			t += w.p.doom.stepped(w.p.requests)
		}
	}
	return max(0, t)
}

// advance lets so many seconds pass in which nothing is sent.
func (w *World) advance(seconds float64) {
	if w.p == nil {
		w.now += seconds
		return
	}
	w.p.wait(seconds)
	w.now = w.p.now
}

func (w *World) open(a record.Open, emit func(record.Event)) {
	switch {
	case a.Only != nil && (*a.Only < 0 || *a.Only >= len(w.spec.routes)):
		emit(record.Failed{T: w.time(), Reason: fmt.Sprintf("there is no URI %d of %d", *a.Only, len(w.spec.routes))})
		return
	case a.Why == record.Rejoined && w.p == nil:
		emit(record.Failed{T: w.time(), Reason: "the process of before is gone", Hint: "Let the run go on with a fresh process."})
		return
	case w.lives > 0 && w.spec.target == "url" && a.Why != record.Rejoined:
		emit(record.Failed{T: w.time(), Reason: "no fresh process can be had: the target is a URL"})
		return
	case w.unready() && a.Why != record.Rejoined:
		w.p = nil
		w.now += patience
		emit(record.Failed{T: w.time(), Reason: "the process was not ready within 1m0s", Hint: "See what it printed; a larger ready_timeout: gives it more time."})
		return
	}
	took := 0.0
	if a.Why != record.Rejoined {
		if w.p != nil {
			w.now = w.p.now
		}
		took = w.takes
		w.now += took
		w.p = start(&w.spec, w.lives, w.now, a.Only)
		w.lives++
	}
	w.reading = nil
	e := w.p.opened()
	e.T, e.Why, e.Only, e.Took = w.time(), a.Why, a.Only, took
	e.Fresh = w.edge()
	emit(e)
}

// unready says that the next process does not come up.
func (w *World) unready() bool {
	for _, f := range w.spec.faults {
		if f.trouble == unready && int64(w.lives+1) >= f.at {
			return true
		}
	}
	return false
}

func (w *World) measure(a record.Measure, emit func(record.Event)) {
	w.advance(max(0, a.Wait))
	w.reading = nil
	if e, ok := w.settled(emit); ok {
		emit(record.Read{Waited: max(0, a.Wait), Edge: e})
	}
}

// edge is a reading of memory alone.
func (w *World) edge() record.Edge {
	e := record.Edge{T: w.time(), RSS: w.p.rss(), Anon: w.p.anon()}
	e.Metric = w.metric()
	return e
}

// metric is what is judged.
func (w *World) metric() int64 {
	if w.spec.metric == "anon" {
		return w.p.anon()
	}
	return w.p.rss()
}

// settled is a full reading, after a collection where there is a counter; the last
// one still holds where nothing has happened since. Without an answer the process
// cannot be measured any longer.
func (w *World) settled(emit func(record.Event)) (record.Edge, bool) {
	if w.reading != nil {
		return *w.reading, true
	}
	var values []float64
	var native int64
	if w.spec.counter != "" {
		w.advance(w.settling)
		var ok bool
		if values, ok = w.p.count(); !ok {
			w.advance(patience)
			w.lose(emit, record.Lost{
				URI: -1, Reason: "measuring ended: the counter gave no answer within 1m0s",
				Hint: "Is the process busy or stopped? A larger timeout: gives it more time.",
			})
			return record.Edge{}, false
		}
		native = w.p.beyond()
	}
	e := w.edge()
	e.Counters, e.Native, e.Counts = values, native, w.p.counts()
	w.reading = &e
	return e, true
}

// patience is how long a counter may take to answer, in seconds.
const patience = 60

// lose ends the present process.
func (w *World) lose(emit func(record.Event), e record.Lost) {
	e.T = w.time()
	emit(e)
	w.now, w.p, w.reading = w.p.now, nil, nil
}

// limited says which limit of the plan is reached, nil for none.
func (w *World) limited(rss int64, now float64) *record.Limited {
	s := &w.spec
	switch {
	case s.limit > 0 && now > float64(s.limit)/1e6:
		return &record.Limited{T: now, Limit: "time", Reason: "the time limit of " + spanText(s.limit) + " was reached (limits.time)"}
	case s.limitRSS > 0 && rss > s.limitRSS:
		return &record.Limited{T: now, Limit: "rss", Reason: "the process reached the limit of RSS (limits.rss) with " + sizeText(rss)}
	}
	return nil
}
