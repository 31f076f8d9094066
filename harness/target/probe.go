package target

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

const (
	dialLimit = 5 * time.Second
	// spreadConns are held open at once to see whether other processes take
	// some of them.
	spreadConns = 8
	// queued is how long a connection beside others may wait for a process to
	// take it. A server with one synchronous worker never does.
	queued = 150 * time.Millisecond
	// busyLimit is how long a process may take to read from a new connection while it
	// is being pinned: on a machine with more work than processors seconds go by.
	busyLimit = 10 * time.Second
)

// opened connects and sends the first letters of a request. No more: cut off
// there it is none, while a server may well answer a request whose headers end
// with the connection (Python's http.server does).
func (a address) opened(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(dialLimit))
	if _, err := io.WriteString(conn, "GET"); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// answers finds the process that answers, by a connection of its own.
func (a address) answers(ctx context.Context, likely ...int) (proc.ID, error) {
	conn, err := a.opened(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return proc.ID{}, ctx.Err()
		}
		return proc.ID{}, a.refused(err)
	}
	defer conn.Close() // an unfinished request: nothing to lose
	id, err := proc.Serving(ctx, conn, likely...)
	if err != nil {
		return proc.ID{}, a.unseen(err)
	}
	return id, nil
}

// unseen explains why the process behind a connection was not found.
func (a address) unseen(err error) error {
	var told *fault.Error
	if errors.As(err, &told) || errors.Is(err, context.Canceled) {
		return err
	}
	e := fault.Measuref("cannot tell which process answers at %s", a.url).Because(err)
	switch {
	case errors.Is(err, proc.ErrNotAccepted), errors.Is(err, proc.ErrUnread):
		return e.WithHint("It is busy or stopped, or serves one connection at a time and somebody else keeps it: end the other client.")
	case errors.Is(err, proc.ErrClosed):
		return e.WithHint("It accepts connections and closes them at once: look into its log.")
	case errors.Is(err, proc.ErrElsewhere), errors.Is(err, proc.ErrHidden):
		return e.WithHint("%s", together)
	}
	return e
}

// others finds the processes beside first that also answer: it holds several
// connections at once, so that every idle worker takes one. A server that
// takes no second one has one worker; so has one that ends connections early.
func (a address) others(ctx context.Context, first proc.ID) ([]proc.ID, error) {
	var found []proc.ID
	for range spreadConns {
		conn, err := a.opened(ctx)
		if err != nil {
			break
		}
		defer conn.Close() // held until all are open, on purpose
		brief, cancel := context.WithTimeout(ctx, queued)
		id, err := proc.Serving(brief, conn, family(first.PID)...)
		cancel()
		if err != nil {
			break
		}
		if id != first && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	return found, ctx.Err()
}

// siblings are processes that wait for connections at the address as first does:
// of the same program and the same parent, and with the listening socket, or
// workers of one Node cluster, whose primary alone holds it. That all probes went
// to one worker of several, or that the others are still starting, does not hide
// them then.
func (a address) siblings(first proc.ID) []proc.ID {
	parent, err := proc.Parent(first.PID)
	if err != nil || parent <= 1 {
		return nil
	}
	var found []proc.ID
	for _, pid := range append(a.listeners(), clustered(parent)...) {
		if p, err := proc.Parent(pid); err != nil || p != parent || pid == first.PID || !sameProgram(pid, first.PID) {
			continue
		}
		if id, err := proc.Find(pid); err == nil {
			found = append(found, id)
		}
	}
	return found
}

// listeners are the processes that hold a socket which listens at the address.
func (a address) listeners() []int {
	all, _, err := proc.Listeners()
	if err != nil {
		return nil
	}
	return a.holders(all)
}

// holders are those of some sockets that listen at the address.
func (a address) holders(all []proc.Listener) (pids []int) {
	at, _ := netip.ParseAddrPort(a.at)
	for _, l := range all {
		here := l.Path == a.at
		if a.network == "tcp" {
			ip := l.Addr.Addr()
			here = l.Network == "tcp" && l.Addr.Port() == at.Port() && (ip.IsUnspecified() || ip == at.Addr())
		}
		if here {
			pids = append(pids, l.PIDs...)
		}
	}
	return pids
}

// family are the processes near pid that may serve in its place: itself, its
// parent, and all that descend from either.
func family(pid int) []int {
	likely := []int{pid}
	if parent, err := proc.Parent(pid); err == nil && parent > 1 {
		likely = append(likely, parent)
		if more, err := proc.Descendants(parent); err == nil {
			likely = append(likely, more...)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(likely)))
}
