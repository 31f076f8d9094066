package simulate

import (
	"math"
	"slices"

	"leakhunt/harness/record"
)

// block is the readings of a block that are still to be emitted.
type block struct {
	w       *World
	emit    func(record.Event)
	metric  []int64
	at      []uint32
	latency []uint32
	sent    int
	ok      int
	failure string
	touched []record.Touch
	next    float64 // when they are due
}

// flushEvery is how often readings are emitted at least, in seconds.
const flushEvery = 1

// flush emits what there is. The slices are the reader's from then on; what
// follows goes to the rest of their memory.
func (b *block) flush(u *route) {
	b.next = b.w.p.now + flushEvery
	n := len(b.metric)
	if n == 0 && b.sent == 0 {
		return
	}
	e := record.Readings{
		Metric: b.metric[:n:n], At: b.at[:n:n], Latency: b.latency[:n:n],
		Sent: b.sent, Failure: b.failure, Touched: b.touched,
	}
	if b.ok > 0 {
		e.Answers = record.Answers{Status: map[int]int{200: b.ok}, Bytes: int64(b.ok) * u.answers}
	}
	b.emit(e)
	b.metric, b.at, b.latency = b.metric[n:], b.at[n:], b.latency[n:]
	b.sent, b.ok, b.failure, b.touched = 0, 0, "", nil
}

// send is a block of requests to one URI.
func (w *World) send(a record.Send, emit func(record.Event)) {
	start, ok := w.blockEdge(a.Settle, emit)
	if !ok {
		return
	}
	p := w.p
	u := &p.routes[a.URI]
	began := record.Began{T: w.time(), URI: a.URI, Purpose: a.Purpose, Round: a.Round, N: a.N, Start: start, Group: a.Group}
	every := 0
	if p.touch.able {
		every = a.Touched.Every
		if a.Touched.Anew && every > 0 {
			p.touch.anew(p)
			held := p.touch.read(p)
			began.Touched = &held
		}
	}
	emit(began)
	n := max(0, a.N)
	b := block{
		w: w, emit: emit, next: p.now + flushEvery,
		metric: make([]int64, 0, n), at: make([]uint32, 0, n), latency: make([]uint32, 0, n),
	}
	metric, now := start.Metric, w.time()
	if n > 0 {
		w.reading = nil
	}
	for i := range n {
		if u.failing >= record.GiveUp {
			break
		}
		if l := w.limited(metric, now); l != nil {
			b.flush(u)
			emit(*l)
			return
		}
		before := p.now
		end := p.request(u)
		b.sent++
		if end == killed {
			b.flush(u)
			w.lose(emit, p.obituary(a.URI))
			return
		}
		metric, now = w.metric(), w.time()
		b.add(metric, now, p.now-before, end)
		if every > 0 && (i+1)%every == 0 {
			b.touched = append(b.touched, record.Touch{After: i + 1, Bytes: p.touch.read(p)})
		}
		if p.now >= b.next {
			b.flush(u)
		}
		if end == failed && a.Strict {
			break
		}
	}
	b.flush(u)
	w.now = p.now
	w.advance(max(0, a.Pause))
	if e, ok := w.blockEdge(a.Settle, emit); ok {
		emit(record.Finished{End: e})
		w.welcome(a.URI, emit)
	}
}

// welcome notes once that requests to the URI have set a cookie, where something is kept
// for each visitor: from then on requests without one may be sent, too.
func (w *World) welcome(uri int, emit func(record.Event)) {
	r := w.spec.routes[uri]
	if w.visited || r.visitors || !slices.ContainsFunc(r.parts, func(p part) bool { return p.visitor }) {
		return
	}
	w.visited = true
	emit(record.Noted{Code: record.OneVisitor, URI: uri, Message: "the application set a cookie"})
	r.name, r.visitors = record.NewVisitor, true
	w.spec.routes = append(slices.Clip(w.spec.routes), r)
	w.p.routes = append(w.p.routes, w.p.route(&w.spec.routes[len(w.spec.routes)-1], w.p.routes[uri].linger))
	w.p.watch(w.p.routes[len(w.p.routes)-1].parts)
}

// add notes one request.
func (b *block) add(metric int64, t, took float64, end outcome) {
	us := uint32(0)
	if end == answered {
		us = uint32(max(1, int64(took*1e6+0.5)))
		b.ok++
	} else if b.failure == "" {
		b.failure = "status 500"
	}
	b.metric = append(b.metric, metric)
	b.at = append(b.at, uint32(min(int64(t*record.Ticks), math.MaxUint32)))
	b.latency = append(b.latency, us)
}

// blockEdge is the reading at an edge of a block. It is a full one if settle is true,
// and has the metric and what is held beside memory if not.
func (w *World) blockEdge(settle bool, emit func(record.Event)) (record.Edge, bool) {
	if settle {
		return w.settled(emit)
	}
	e := record.Edge{T: w.time(), Metric: w.metric(), Counts: w.p.counts()}
	if w.spec.metric != "anon" {
		e.RSS = e.Metric
	}
	return e, true
}

// obituary says how the process was lost, with a request to that URI.
func (p *process) obituary(uri int) record.Lost {
	e := record.Lost{
		URI: uri, Killed: !p.doom.gone, Reason: p.doom.cause,
		Hint: "The application's log may say why; what was measured until then is kept.",
	}
	if e.Reason == "" {
		e.Reason = "the process ended while it was to answer " + p.routes[uri].spec.name
	}
	return e
}
