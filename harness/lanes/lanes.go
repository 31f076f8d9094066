// Package lanes says what the record of a run with several lanes has shown, and what
// each lane hunts next. Lanes hunt side by side, each on a pinned process of its own. A
// lane's hunt is judged by itself, as a run with one lane is. Nothing here starts,
// sends or waits.
package lanes

import (
	"errors"
	"fmt"
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// Run is the record of a run, and what it has shown so far. Append changes it, and what
// drives a lane may append to the State of its last hunt itself.
type Run struct {
	Header record.Header
	Lanes  []*Lane
	Ended  *record.Ended // nil until the run ends; of one with one lane: see End

	assignments int
}

// Lane is what one lane has hunted, in order. A run with one lane has one hunt.
type Lane struct {
	Number int // from 1
	Hunts  []*Hunt
}

// Hunt is a part of a run: what a lane was assigned, and what came of it.
type Hunt struct {
	*judge.State
	Lane int
	URIs []int // by their index in the run's header; nil of a run with one lane
	Why  record.Assignment

	number   int  // in the order in which they were assigned
	over     bool // it has ended, and is not gone on with
	gone     bool // it was lost in a run that goes on: its lane hunts again
	findings map[int]judge.Finding
}

// New is a run in which nothing has happened yet.
func New(h record.Header) *Run {
	r := &Run{Header: h}
	for i := range min(max(1, h.Plan.Lanes), record.MaxLanes) {
		r.Lanes = append(r.Lanes, &Lane{Number: i + 1})
	}
	if len(r.Lanes) == 1 {
		r.Lanes[0].Hunts = []*Hunt{{State: judge.New(h), Lane: 1}}
	}
	return r
}

// Of is a run with one lane, of which that is the state.
func Of(st *judge.State) *Run {
	return &Run{Header: st.Header, Lanes: []*Lane{{Number: 1, Hunts: []*Hunt{{State: st, Lane: 1}}}}}
}

// Replay is the run after those events. An error is that of the first event that cannot
// have happened, a *judge.BadEvent.
func Replay(h record.Header, events []record.Event) (*Run, error) {
	r := New(h)
	for i, e := range events {
		if err := r.Append(e); err != nil {
			return r, &judge.BadEvent{Number: i + 1, Err: err}
		}
	}
	return r, nil
}

// Only is the state of a run with one lane; nil of others.
func (r *Run) Only() *judge.State {
	if len(r.Lanes) == 1 {
		return r.Lanes[0].Hunts[0].State
	}
	return nil
}

// Append adds what happened next. It returns an error for an event that cannot have
// happened then.
func (r *Run) Append(e record.Event) error {
	if st := r.Only(); st != nil {
		return st.Append(e)
	}
	switch e := e.(type) {
	case record.OfLane:
		if e.Lane < 1 || e.Lane > len(r.Lanes) {
			return fmt.Errorf("an event of lane %d of %d", e.Lane, len(r.Lanes))
		}
		r.Ended = nil
		return r.lane(r.Lanes[e.Lane-1], e.Event)
	case record.Ended:
		r.Ended = &e
	case record.Unknown:
	default:
		return fmt.Errorf("an event %T of no lane, in a run with %d", e, len(r.Lanes))
	}
	return nil
}

func (r *Run) lane(l *Lane, e record.Event) error {
	if a, ok := e.(record.Assigned); ok {
		return r.assigned(l, a)
	}
	h := l.Last()
	if h == nil {
		return errors.New("an event of a lane that nothing was assigned to")
	}
	if err := h.Append(e); err != nil {
		return err
	}
	_, ended := e.(record.Ended)
	h.over, h.findings = ended, nil
	return nil
}

// Over says that the last event of a hunt has come, which its driver has appended.
func (h *Hunt) Over() { h.over = true }

// known are the findings of a hunt that is over.
func (h *Hunt) known() map[int]judge.Finding {
	if h.findings == nil {
		h.findings = h.Findings()
	}
	return h.findings
}

// Resume is what each lane goes on with in a run that did not end, nil where it has
// nothing left to go on with.
func (r *Run) Resume() []*Hunt {
	out := make([]*Hunt, len(r.Lanes))
	for i, l := range r.Lanes {
		h := l.Last()
		switch {
		case h == nil, h.over && h.Ended.Complete:
		case h.over && slices.ContainsFunc(h.URIs, func(uri int) bool { return r.after(h, uri, record.Left) != nil }):
			h.gone = true
		default:
			h.over, h.findings = false, nil
			out[i] = h
		}
	}
	return out
}

func (r *Run) assigned(l *Lane, a record.Assigned) error {
	head := r.Header
	head.Items = nil
	for _, i := range a.URIs {
		if i < 0 || i >= len(r.Header.Items) {
			return fmt.Errorf("URI %d of %d was assigned", i, len(r.Header.Items))
		}
		head.Items = append(head.Items, r.Header.Items[i])
	}
	switch h := l.Last(); {
	case len(a.URIs) == 0:
		return errors.New("nothing was assigned")
	case h != nil && !h.over:
		return errors.New("a hunt was assigned to a lane whose hunt before has not ended")
	}
	r.assignments++
	l.Hunts = append(l.Hunts, &Hunt{State: judge.New(head), Lane: l.Number, URIs: a.URIs, Why: a.Why, number: r.assignments})
	return nil
}

// Last is the lane's present hunt; nil before the first.
func (l *Lane) Last() *Hunt {
	if len(l.Hunts) == 0 {
		return nil
	}
	return l.Hunts[len(l.Hunts)-1]
}

// Hunts are all of them, those of the first lane first.
func (r *Run) Hunts() (out []*Hunt) {
	for _, l := range r.Lanes {
		out = append(out, l.Hunts...)
	}
	return out
}

// Now is how many seconds the run has lasted.
func (r *Run) Now() (now float64) {
	for _, l := range r.Lanes {
		now = max(now, l.Now())
	}
	return now
}

// Now is when the lane's last event came.
func (l *Lane) Now() (now float64) {
	for _, h := range l.Hunts {
		now = max(now, h.Now)
	}
	return now
}

// Total is how many requests were sent.
func (r *Run) Total() (n int) {
	for _, h := range r.Hunts() {
		n += h.Total
	}
	return n
}

// Begun says that a process was opened.
func (r *Run) Begun() bool {
	return slices.ContainsFunc(r.Hunts(), func(h *Hunt) bool { return h.Life() != nil })
}

// End is the event that ended the run; nil where none has.
func (r *Run) End() *record.Ended {
	if st := r.Only(); st != nil {
		return st.Ended
	}
	return r.Ended
}

// Sent is how many requests a URI got in the hunts that are over, but for h, on any lane.
func (r *Run) Sent(h *Hunt, uri int) (n int) {
	for _, o := range r.Hunts() {
		if i := slices.Index(o.URIs, uri); i >= 0 && o != h && o.over {
			n += o.Sent(i)
		}
	}
	return n
}
