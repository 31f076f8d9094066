package target

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
)

// pinned is a process that answers HTTP at an address.
//
// Where its server has other workers too, one connection is served by one of
// them for as long as it is kept alive. So the load is given only connections
// that the pinned process serves (Endpoint.Dial). A server that ends
// connections after each answer cannot be pinned in that way, and is refused.
type pinned struct {
	at     address
	probe  string // URI that a HEAD request may be sent to
	id     proc.ID
	parent int
	many   bool // other processes answer at the address too
	info   Info
	child  *child // the command that was started; nil for a process of others
}

func (p *pinned) Info() Info       { return p.info }
func (p *pinned) Process() proc.ID { return p.id }
func (p *pinned) Stopped() bool    { return p.id.Stopped() }

func (p *pinned) Endpoint() load.Endpoint {
	ep := p.at.endpoint()
	ep.Close = p.info.Server == "uwsgi"
	if p.many {
		ep.Dial = func(ctx context.Context) (net.Conn, error) { return p.at.kept(ctx, p.id, p.probe) }
	}
	return ep
}

// Close implements Pinned.
func (p *pinned) Close() error {
	if p.child != nil {
		p.child.Close()
	}
	return nil
}

// choose pins first, which answered a probe, or the process that the scenario
// names by its pid, and refuses where that cannot be certain.
func (p *pinned) choose(ctx context.Context, first proc.ID, pid int) error {
	others, err := p.at.others(ctx, first)
	if err != nil {
		return err
	}
	for _, id := range p.at.siblings(first) {
		if !slices.Contains(others, id) {
			others = append(others, id)
		}
	}
	all := append([]proc.ID{first}, others...)
	p.id, p.many = first, len(others) > 0
	if pid != 0 && pid != first.PID {
		if p.id, err = p.wanted(pid, all); err != nil {
			return err
		}
		p.many = true
	}
	what := Identify(p.id.PID)
	if pid == 0 && what.passesOn() && !p.itself() {
		return fault.Measuref("%s answers at %s, and passes requests on to an application", describe(p.id.PID), p.at.url).
			WithHint("Give the application's own address, use target.passenger or target.fastcgi, or, to measure %s itself, start it yourself and set target.url and target.pid: %d.", what.Server, p.id.PID)
	}
	if what.Server == "uwsgi" && routes(p.id.PID) {
		return fault.Measuref("pid %d, uwsgi's http router, answers at %s, and passes requests on to the workers", p.id.PID, p.at.url).
			WithHint("Let the worker itself answer: --http-socket in place of --http.")
	}
	p.info.PID, p.info.Server, p.info.Runtime = p.id.PID, what.Server, what.Runtime
	p.parent, _ = proc.Parent(p.id.PID)
	if !p.many {
		return nil
	}
	conn, err := p.at.kept(ctx, p.id, p.probe)
	if errors.Is(err, errNotKept) {
		e := fault.Measuref("%d processes answer at %s (%s), and no connection is kept", len(all), p.at.url, describeAll(all))
		if !slices.Contains(p.at.listeners(), p.parent) {
			return e.WithHint("They are no workers of one server: each listens there by itself (SO_REUSEPORT). End all but one.")
		}
		return e.WithHint("%s", what.single())
	}
	if err != nil {
		return err
	}
	return conn.Close()
}

// itself says that the process is what the scenario had started, and no
// application behind it was: who starts Caddy alone means Caddy.
func (p *pinned) itself() bool {
	if p.child == nil {
		return false
	}
	own := p.child.processes()
	all, _, err := proc.Listeners()
	return err == nil && slices.Contains(own, p.id.PID) && !slices.ContainsFunc(all, func(l proc.Listener) bool {
		return slices.ContainsFunc(l.PIDs, func(pid int) bool { return slices.Contains(own, pid) && !sameProgram(pid, p.id.PID) })
	})
}

// wanted is the process that the scenario names, where it may answer as well
// as those that did.
func (p *pinned) wanted(pid int, answering []proc.ID) (proc.ID, error) {
	id, err := proc.Find(pid)
	for _, a := range answering {
		if pid == InContainer(a.PID) {
			return id, fault.Measuref("pid %d is what %s is called in its container", pid, describe(a.PID)).
				WithHint("Set target.pid to %d, which it is called here.", a.PID)
		}
	}
	who, does, answers := describeAll(answering), "does", "answers"
	if len(answering) > 1 {
		does, answers = "do", "answer"
	}
	if err != nil {
		return id, fault.Measuref("there is no process %d (target.pid); at %s %s %s", pid, p.at.url, who, answers).
			WithHint("Leave target.pid out, or set it to the pid that answers.")
	}
	if slices.Contains(answering, id) {
		return id, nil
	}
	mine, _ := proc.Parent(pid)
	theirs, _ := proc.Parent(answering[0].PID)
	if mine == theirs && mine > 1 && slices.Contains(p.at.listeners(), pid) {
		return id, nil // a worker beside those that were quicker
	}
	e := fault.Measuref("pid %d does not answer at %s: %s %s", pid, p.at.url, who, does)
	if theirs == pid && slices.Contains(p.at.listeners(), pid) {
		return id, e.WithHint("%d is the master of its workers, which answer: name a worker, or leave target.pid out.", pid)
	}
	if inner := InContainer(pid); inner > 0 {
		return id, e.WithHint("pid %d runs in a container, where it is pid %d: give an address at which it answers.", pid, inner)
	}
	return id, e.WithHint("Set target.pid to the process that answers, or leave it out.")
}

func describeAll(ids []proc.ID) string {
	var names []string
	for _, id := range ids {
		names = append(names, describe(id.PID))
	}
	return strings.Join(names, ", ")
}

const (
	// checkLimit bounds the look at who serves a connection.
	checkLimit = time.Second
	// dyingLimit is how long a process may take to be gone whose connections
	// are closed already, while the kernel frees its memory.
	dyingLimit = time.Second
)

// Check implements Pinned. Without a connection it makes one of its own and
// looks who takes it, unless other workers would be right to. A process that
// is too busy to take a connection is not lost.
func (p *pinned) Check(ctx context.Context, conn net.Conn) error {
	if err := p.id.Check(); err != nil {
		return p.lost(ctx, err)
	}
	id, err := p.serving(ctx, conn)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var shared proc.SharedError
	switch {
	case err == nil && id == p.id:
		return nil
	case err == nil:
		if gone := p.dying(ctx); gone != nil {
			return p.lost(ctx, gone)
		}
		return p.moved(ctx, id)
	case errors.Is(err, proc.ErrNotAccepted), errors.Is(err, proc.ErrUnread), errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.As(err, &shared) && slices.Contains(shared, p.id.PID):
		return nil // a child that it forked inherited the connection
	}
	if gone := p.dying(ctx); gone != nil {
		return p.lost(ctx, gone)
	}
	return fault.Measuref("the pinned process (pid %d) still runs, and does not answer", p.id.PID).
		WithHint("%s", cmp.Or(fault.HintOf(err), "Look into the application's log.")).Because(err)
}

// serving is who serves conn, or a connection made for the purpose.
func (p *pinned) serving(ctx context.Context, conn net.Conn) (proc.ID, error) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	if conn != nil {
		id, err := proc.Serving(ctx, conn, p.id.PID)
		if !errors.Is(err, proc.ErrClosed) {
			return id, err
		}
		// The server has closed it, which says nothing about the process.
	}
	if p.many {
		return p.id, nil
	}
	return p.at.answers(ctx, p.id.PID)
}

// dying looks for a while whether the process ends: its connections close
// before it is gone.
func (p *pinned) dying(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dyingLimit)
	defer cancel()
	for {
		if gone := p.id.Check(); gone != nil {
			return gone
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}
