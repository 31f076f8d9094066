// Package hunttest reads hunts as text: a process, what is done with it, and a table of
// what that means. So a reader who has never seen the code can tell what a verdict or a
// plan guards against.
//
// A process is exact: its routes say how many bytes a request adds to RSS and to
// what is alive. Where an allocator and a collector matter, a world of package
// simulate takes its place.
package hunttest

import (
	"context"

	"leakhunt/harness/record"
)

const (
	page = 4096
	base = 1e6 // what a counter of bytes counts in a fresh process
	// objectSize is what an object takes there, in bytes.
	objectSize = 100
)

// Process is a process whose memory is what its routes say, and no more. It answers
// actions with events, as a session does.
type Process struct {
	Header record.Header
	Opened record.Opened // of the first process: what is known of each
	routes []*route
	kind   kind

	now   float64 // seconds since the run began
	lives int
	memory
	edge     *record.Edge // the last reading, where nothing was sent since
	readings int          // of the counter
	misleads func(reading int, n float64) float64
	few      bool // a pass of less than 1,000 requests names no line
}

// memory is what a process holds, in bytes, objects and descriptors.
type memory struct {
	rss, files, free, touched, live, malloced, objects, opened float64
}

// kind is what a process is besides its routes.
type kind struct {
	fresh    memory
	startup  float64 // seconds that a process takes to start
	tells    bool    // it says what is free
	stubborn string  // why no fresh one can be had; "": it can
}

// Do implements harness.Driver.
func (p *Process) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch a := a.(type) {
	case record.Open:
		p.open(a, emit)
	case record.Send:
		p.send(a, emit)
	case record.Measure:
		p.now += a.Wait
		p.edge = nil
		emit(record.Read{Waited: a.Wait, Edge: p.settled()})
	case record.Name:
		p.name(a, emit)
	}
	return nil
}

func (p *Process) open(a record.Open, emit func(record.Event)) {
	if p.lives > 0 && p.kind.stubborn != "" {
		emit(record.Failed{T: p.now, Reason: p.kind.stubborn})
		return
	}
	p.now += p.kind.startup
	p.Restart()
	p.lives++
	for i, u := range p.routes {
		u.alone = a.Only != nil && *a.Only == i
	}
	e := p.Opened
	e.Why, e.Only, e.T, e.Took, e.Fresh = a.Why, a.Only, p.now, p.kind.startup, p.settled()
	e.Process.PID += p.lives - 1
	e.Process.Start += uint64(p.lives - 1)
	emit(e)
}

// Restart is a fresh process.
func (p *Process) Restart() {
	p.memory, p.edge = p.kind.fresh, nil
	for _, u := range p.routes {
		u.life = 0
	}
}

// settled is a full reading. That after a block stands for that before the next.
func (p *Process) settled() record.Edge {
	if p.edge != nil {
		return *p.edge
	}
	e := record.Edge{T: p.now, RSS: p.read(), Metric: p.read()}
	e.Anon = e.RSS - int64(p.files)
	if p.Header.Plan.Metric == "anon" {
		e.Metric = e.Anon
	}
	if p.Opened.Native {
		e.Native = max(0, e.Anon-int64(p.live))
	}
	if p.kind.tells {
		e.Free = int64(p.free)
		e.Native = max(0, e.Native-e.Free)
	}
	p.readings++
	for _, c := range p.Opened.Columns {
		v := base + p.live
		if c.Unit == "objects" {
			v = base/objectSize + p.objects
		}
		if p.misleads != nil {
			v = p.misleads(p.readings, p.objects)
		}
		e.Counters = append(e.Counters, v)
	}
	if p.opened > 0 {
		e.Counts.Descriptors = int(p.opened)
	}
	p.edge = &e
	return e
}

// read is RSS, in whole pages.
func (p *Process) read() int64 { return int64(p.rss/page) * page }

func (p *Process) send(a record.Send, emit func(record.Event)) {
	u := p.routes[a.URI]
	start := record.Edge{T: p.now, RSS: p.read(), Metric: p.read()}
	if a.Settle {
		start = p.settled()
	}
	b := record.Began{T: p.now, URI: a.URI, Purpose: a.Purpose, Round: a.Round, N: a.N, Start: start, Group: a.Group}
	if a.Touched.Anew {
		p.touched = 0
		b.Touched = new(int64)
	}
	emit(b)
	r := record.Readings{Answers: record.Answers{Status: map[int]int{}}}
	p.edge = nil
	failing := 0
	for i := range a.N {
		end := p.request(u)
		p.now += u.latency
		r.Sent++
		lost := record.Lost{T: p.now, URI: a.URI, Killed: end.died, Reason: "the process was lost with a request to " + u.name + ": it has ended"}
		if end.died {
			r.Failure = "no answer"
			emit(r)
			emit(lost)
			return
		}
		r.Metric = append(r.Metric, p.metric())
		r.At = append(r.At, uint32(p.now*record.Ticks))
		if a.Touched.Every > 0 && (i+1)%a.Touched.Every == 0 {
			r.Touched = append(r.Touched, record.Touch{After: i + 1, Bytes: int64(p.touched)})
		}
		if end.failed {
			r.Latency = append(r.Latency, 0)
			r.Failure = "status 500"
			if failing++; a.Strict || failing >= record.GiveUp {
				break
			}
			continue
		}
		failing = 0
		r.Latency = append(r.Latency, uint32(max(1, u.latency*1e6)))
		r.Answers.Status[u.status()]++
		r.Answers.Bytes += 500
		if end.ended {
			emit(r)
			emit(lost)
			return
		}
	}
	emit(r)
	if limit := p.Header.Plan.Limits.RSS; limit > 0 && int64(p.rss) > limit {
		emit(record.Limited{T: p.now, Limit: "rss", Reason: "limits.rss was reached"})
		return
	}
	if a.Settle {
		emit(record.Finished{End: p.settled()})
		return
	}
	emit(record.Finished{End: record.Edge{T: p.now, RSS: p.read(), Metric: p.metric()}})
}

func (p *Process) metric() int64 {
	if p.Header.Plan.Metric == "anon" {
		return p.read() - int64(p.files)
	}
	return p.read()
}

// name answers with one line, which has made all that a request to the URI keeps.
func (p *Process) name(a record.Name, emit func(record.Event)) {
	before := p.live - p.malloced
	began := p.now
	for range a.Requests {
		p.request(p.routes[a.URI])
		p.now += p.routes[a.URI].latency
	}
	p.edge = nil
	e := record.Traced{T: p.now, URI: a.URI, Control: a.Control, Cost: record.Cost{Seconds: p.now - began, Requests: a.Requests}}
	if each := (p.live - p.malloced - before) / float64(max(1, a.Requests)); each > 0 {
		e.Sites = []record.Site{{File: "app" + p.routes[a.URI].name, Line: 7, ObjectsPerRequest: 1, BytesPerRequest: each}}
		if growth := a.Growth - a.Native; growth > 0 {
			e.Explained = min(1, each/growth)
		}
		if e.Few = p.few && a.Requests < 1000; e.Few {
			e.Sites[0].File, e.Sites[0].Line, e.Remark = "", 0, "too few samples"
		}
	}
	emit(e)
}

// Answer lets one request to a path do what its route says, and returns what becomes
// of it: a status, and whether the process has died instead of an answer, or after it.
func (p *Process) Answer(path string) (status int, died, ended bool) {
	for _, u := range p.routes {
		if u.name != path {
			continue
		}
		end := p.request(u)
		if end.failed {
			return 500, end.died, end.ended
		}
		return u.status(), end.died, end.ended
	}
	return 404, false, false
}

// Latency is how many seconds a path takes to answer.
func (p *Process) Latency(path string) float64 {
	for _, u := range p.routes {
		if u.name == path {
			return u.latency
		}
	}
	return 0
}

// Holds is what the process has: RSS, of that what is alive, and what was touched, in
// bytes.
func (p *Process) Holds() (rss, live, touched float64) { return p.rss, p.live, p.touched }
