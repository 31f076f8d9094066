package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/target/passenger"
	"leakhunt/harness/units"
	"leakhunt/scenarios"
)

// OpenLanes makes a target for each lane of the scenario. No two of them pin one process:
// each starts its own, or takes another worker of a pool that runs already. had is the
// process that each lane had in a run that is gone on with.
func OpenLanes(sc *scenarios.Scenario, opt Options, had []proc.ID) ([]Target, error) {
	out := make([]Target, max(1, sc.Lanes))
	p := &pool{of: make([]proc.ID, len(out))}
	copy(p.of, had)
	for i := range out {
		t, err := Open(sc, opt)
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case *urlTarget:
			t.lane = p.place(i)
		case *passengerTarget:
			if t.command == nil {
				t.lane = p.place(i)
			}
		}
		out[i] = t
	}
	return out, nil
}

// pool is what the lanes of a pool know of each other.
type pool struct {
	mu sync.Mutex
	of []proc.ID // the process of each lane; the zero ID before it has one
}

// place is one lane's in a pool; nil where there is one lane.
type place struct {
	*pool
	lane int
}

func (p *pool) place(lane int) *place {
	if len(p.of) == 1 {
		return nil
	}
	return &place{p, lane}
}

// enter keeps other lanes from choosing until leave is called.
func (l *place) enter() (leave func()) {
	if l == nil {
		return func() {}
	}
	l.mu.Lock()
	return l.mu.Unlock
}

// own is the lane's process, while it lives.
func (l *place) own() (proc.ID, bool) {
	id := l.of[l.lane]
	return id, id.PID != 0 && id.Check() == nil
}

// others says that another lane has that process.
func (l *place) others(pid int) bool {
	for i, id := range l.of {
		if i != l.lane && id.PID == pid {
			return true
		}
	}
	return false
}

// has says which process the lane has now.
func (l *place) has(id proc.ID) {
	if l != nil {
		l.of[l.lane] = id
	}
}

// worker is the pid of the worker that the lane pins, of those that answer at the
// address as first does. It is pid without lanes, and 0 where the first to answer will
// do.
func (l *place) worker(ctx context.Context, at address, first proc.ID, pid int) (int, error) {
	if l == nil {
		return pid, nil
	}
	others, err := at.others(ctx, first)
	if err != nil {
		return 0, err
	}
	all := []proc.ID{first}
	for _, id := range append(others, at.siblings(first)...) {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	if id, ok := l.own(); ok && slices.Contains(all, id) {
		return id.PID, nil
	}
	free := slices.DeleteFunc(slices.Clone(all), func(id proc.ID) bool { return l.others(id.PID) })
	switch {
	case len(free) == 0:
		answer := "processes answer"
		if len(all) == 1 {
			answer = "process answers"
		}
		return 0, fault.Measuref("lanes: %d, and %d %s at %s: %s", len(l.of), len(all), answer, at.url, describeAll(all)).
			WithHint("Let its server have as many workers as there are lanes, ask for fewer lanes, or let target: command: start a process for each.")
	case free[0] == first:
		return 0, nil
	}
	return free[0].PID, nil
}

// choose is choose, for a process that no other lane has.
func (l *place) choose(found []passenger.Instance, want scenarios.Passenger, not []string) (chosen, error) {
	if l == nil {
		return choose(found, want, not)
	}
	if id, ok := l.own(); ok && len(not) == 0 {
		mine := want
		mine.PID = id.PID
		if c, err := choose(found, mine, nil); err == nil {
			return c, nil
		}
	}
	theirs := slices.Clone(not)
	for _, in := range found {
		for _, app := range in.Apps {
			for i := range app.Processes {
				if p := &app.Processes[i]; l.others(p.PID) {
					theirs = append(theirs, name(p))
				}
			}
		}
	}
	c, err := choose(found, want, theirs)
	if err == nil {
		id, _ := proc.Find(c.process.PID) // where it has ended, that is told when it is pinned
		l.has(id)
	}
	var later *notYet
	if there, known := choose(found, want, nil); errors.As(err, &later) && !later.coming && known == nil && len(not) == 0 {
		var pids []string
		for _, p := range there.app.Processes {
			pids = append(pids, fmt.Sprint(p.PID))
		}
		return c, &notYet{fault.Measuref("lanes: %d, and Passenger runs %s of %s: pid %s", len(l.of), units.Quantity(float64(len(pids)), "processes"), there.app.Name, strings.Join(pids, ", ")).
			WithHint("Set PassengerMinInstances to the number of lanes, or ask for fewer lanes."), false}
	}
	return c, err
}
