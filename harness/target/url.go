package target

import (
	"cmp"
	"context"
	"slices"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/scenarios"
)

// openURL is a target that runs already: the process that answers at a URL, or,
// without one, a process by its pid, wherever it listens.
func openURL(t *scenarios.Target) (Target, error) {
	if t.URL == "" && t.PID != 0 {
		return &urlTarget{pid: t.PID}, nil
	}
	at, err := parseURL(t.URL, t.Insecure)
	if err != nil {
		return nil, err
	}
	return &urlTarget{at: at, pid: t.PID}, nil
}

type urlTarget struct {
	at   address
	pid  int    // 0: any process that answers
	lane *place // in the pool of workers that lanes share; nil: no lanes
}

// Pin implements Target.
func (t *urlTarget) Pin(ctx context.Context) (Pinned, error) {
	at, err := t.at, error(nil)
	if at.network == "" {
		at, err = listensAt(t.pid)
	}
	if err == nil {
		at, err = at.local(ctx)
	}
	if err != nil {
		return nil, err
	}
	p := &pinned{at: at, probe: "/", info: Info{Kind: "url", URL: at.url}}
	var likely []int
	if t.pid != 0 {
		likely = family(t.pid)
	}
	busy, cancel := context.WithTimeout(ctx, busyLimit)
	defer cancel()
	first, err := at.answers(busy, likely...)
	if err != nil {
		return nil, cmp.Or(ctx.Err(), err)
	}
	if Identify(first.PID).Server == "php-fpm" {
		return nil, fastCGIOnly(first.PID)
	}
	defer t.lane.enter()()
	pid, err := t.lane.worker(ctx, at, first, t.pid)
	if err != nil {
		return nil, err
	}
	if err := p.choose(ctx, first, pid); err != nil {
		return nil, err
	}
	t.lane.has(p.id)
	return p, nil
}

// fastCGIOnly refuses a worker of php-fpm.
func fastCGIOnly(pid int) error {
	return fault.Measuref("%s speaks FastCGI", describe(pid)).
		WithHint("Write target: {fastcgi: {address: …, root: …}} in the scenario.")
}

// listensAt is the address at which a process is taken to serve its
// application.
func listensAt(pid int) (address, error) {
	if _, err := proc.Find(pid); err != nil {
		return address{}, fault.Measuref("there is no process %d", pid).Because(err).WithHint("leakhunt processes lists those there are.")
	}
	switch Identify(pid).Server {
	case "passenger":
		return address{}, fault.Measuref("%s is addressed through Passenger", describe(pid)).
			WithHint("Write target: {passenger: {pid: %d}} in the scenario.", pid)
	case "php-fpm":
		return address{}, fastCGIOnly(pid)
	}
	all, _, err := proc.Listeners()
	if err != nil {
		return address{}, fault.Measuref("cannot tell where pid %d listens", pid).Because(err)
	}
	slices.SortStableFunc(all, func(a, b proc.Listener) int { return cmp.Compare(preference(a), preference(b)) })
	for _, l := range all {
		if at, ok := reachable(l); ok && slices.Contains(l.PIDs, pid) {
			return at, nil
		}
	}
	return address{}, fault.Measuref("%s listens on no address that can be connected to from here", describe(pid)).
		WithHint("Give the address too: --target URL --pid %d. leakhunt processes lists who listens.", pid)
}

var _ Pinned = (*pinned)(nil)
