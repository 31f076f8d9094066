package target

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
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
	// keepLimit is how long the pinned worker of several may take to take a
	// connection, while others take theirs.
	keepLimit = 15 * time.Second
	// heldConns of theirs are held open meanwhile.
	heldConns = 48
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
	at, _ := netip.ParseAddrPort(a.at)
	var pids []int
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

// errNotKept: the server ends the connection after each answer.
var errNotKept = errors.New("the server ends the connection after each answer")

// kept opens a connection that want serves and keeps after an answer. A HEAD
// request for uri is sent on each that is tried: one, then two at once, four and
// eight, so that several workers take some of them. Its errors are errNotKept,
// those of dialling, and those of proc.ID.Check.
func (a address) kept(ctx context.Context, want proc.ID, uri string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, keepLimit)
	defer cancel()
	var held []net.Conn // who holds one takes the next less readily
	defer func() {
		for _, conn := range held {
			_ = conn.Close()
		}
	}()
	for tries, batch := 0, 1; ; tries, batch = tries+batch, min(2*batch, 8) {
		if over := len(held) - heldConns; over > 0 {
			for _, conn := range held[:over] {
				_ = conn.Close()
			}
			held = held[over:]
		}
		conns, err := a.answeredAll(ctx, uri, batch)
		held = append(held, conns...)
		if err != nil {
			if ctx.Err() == nil {
				return nil, err
			}
			return nil, fault.Measuref("pid %d took none of %d connections to %s within %s", want.PID, tries, a.url, keepLimit).Because(ctx.Err())
		}
		for i, conn := range held[len(held)-len(conns):] {
			id, err := proc.Serving(ctx, conn, family(want.PID)...)
			if err == nil && id == want {
				held = slices.Delete(held, len(held)-len(conns)+i, len(held)-len(conns)+i+1)
				return conn, nil
			}
			if errors.Is(err, proc.ErrClosed) {
				return nil, errNotKept // uwsgi does not say so
			}
			if err != nil && ctx.Err() == nil {
				return nil, a.unseen(err)
			}
		}
		if err := want.Check(); err != nil {
			return nil, err
		}
	}
}

// answeredAll opens n connections at once that have carried an answer.
func (a address) answeredAll(ctx context.Context, uri string, n int) ([]net.Conn, error) {
	conns := make([]net.Conn, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { conns[i], errs[i] = a.answered(ctx, uri) })
	}
	wg.Wait()
	return slices.DeleteFunc(conns, func(c net.Conn) bool { return c == nil }), errors.Join(errs...)
}

// answered opens a connection that has carried one whole answer and is kept.
func (a address) answered(ctx context.Context, uri string) (net.Conn, error) {
	conn, err := a.dial(ctx)
	if err != nil {
		return nil, a.refused(err)
	}
	_ = conn.SetDeadline(time.Now().Add(dialLimit))
	_, err = fmt.Fprintf(conn, "HEAD %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: leakhunt\r\n\r\n", uri, a.host)
	if err == nil {
		var resp *http.Response
		resp, err = http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodHead})
		if err == nil {
			_ = resp.Body.Close() // a HEAD request's: empty
			if resp.Close {
				err = errNotKept
			}
		}
	}
	if err != nil {
		_ = conn.Close()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errNotKept
		}
		return nil, err
	}
	return conn, conn.SetDeadline(time.Time{})
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
