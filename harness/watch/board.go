package watch

import (
	"fmt"
	"sync"

	"leakhunt/harness/lanes"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
)

// Board tells an observer where several lanes stand, which tell it from goroutines of
// their own.
type Board struct {
	mu       sync.Mutex
	observer Observer
	order    []string // names of the URIs, as the scenario has them
	rows     map[string]result.URI
	at       []Progress // of each lane's present hunt
	before   []int      // requests of those that it has had
	run      *lanes.Run
}

// NewBoard is that of a run; a nil observer is told nothing.
func NewBoard(o Observer, run *lanes.Run) *Board {
	if o == nil {
		o = Silent{}
	}
	b := &Board{observer: o, rows: map[string]result.URI{}, at: make([]Progress, len(run.Lanes)), before: make([]int, len(run.Lanes)), run: run}
	for _, it := range run.Header.Items {
		b.order = append(b.order, it.Name)
	}
	return b
}

// Lane is the observer of one hunt, which begins or goes on.
func (b *Board) Lane(h *lanes.Hunt) Observer {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := h.Lane - 1
	b.before[i] = 0
	for _, o := range b.run.Lanes[i].Hunts {
		if o != h {
			b.before[i] += o.Total
		}
	}
	b.at[i] = Progress{Sent: h.Total, Expected: h.Total}
	return &side{b, i, h.Why == record.Second}
}

// side is one lane's.
type side struct {
	*Board
	lane   int
	second bool // it shows a second process what another convicts
}

func (s *side) Progress(p Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[s.lane] = p
	sum := p
	sum.Lane, sum.Sent, sum.Expected = s.lane+1, 0, 0
	for i := range s.at {
		sum.Sent += s.before[i] + s.at[i].Sent
		sum.Expected += s.before[i] + max(s.at[i].Sent, s.at[i].Expected)
		sum.Left = max(sum.Left, s.at[i].Left)
	}
	sum.Phase = fmt.Sprintf("lane %d, %s", s.lane+1, p.Phase)
	if s.second {
		sum.Phase = fmt.Sprintf("lane %d, second process, %s", s.lane+1, p.Phase)
	}
	s.observer.Progress(sum)
}

func (s *side) Note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observer.Note(fmt.Sprintf("lane %d: %s", s.lane+1, text))
}

// Standing is that of all lanes: what each has said last.
func (s *side) Standing(rows []result.URI) {
	if s.second {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range rows {
		if u.Scope == "" {
			s.rows[u.Name] = result.Unshown(u, "")
		}
	}
	var all []result.URI
	for _, name := range s.order {
		if u, ok := s.rows[name]; ok {
			all = append(all, u)
		}
	}
	result.Rank(all)
	s.observer.Standing(all)
}

// Ended is told that the run is over.
func (b *Board) Ended(run *lanes.Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.observer.Standing(result.OfRun(run, "").URIs)
}
