package sessiontest

import (
	"cmp"
	"context"
	"net"
	"os"
	"sync"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
)

// pinned is the process as a session sees it. Its pid is that of the test, whose
// folder in /proc stands for it.
type pinned struct{ p *Process }

// Info implements session.Pinned.
func (t pinned) Info() target.Info {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	return target.Info{
		Kind: cmp.Or(t.p.Kind, "command"), PID: os.Getpid(), URL: "http://" + t.p.addr, Runtime: t.p.Runtime,
		Settings: t.p.Settings, Restarts: t.p.Lives,
	}
}

// Process implements session.Pinned.
func (t pinned) Process() proc.ID {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	return ID(t.p.Lives)
}

// ID is the identity of the process after so many restarts.
func ID(lives int) proc.ID { return proc.ID{PID: os.Getpid(), Start: uint64(1000 + lives)} }

// Endpoint implements session.Pinned.
func (t pinned) Endpoint() load.Endpoint {
	return load.Endpoint{Network: "tcp", Address: t.p.addr, Host: t.p.addr, Dial: func(ctx context.Context) (net.Conn, error) {
		if t.Check(ctx, nil) != nil {
			return nil, refused()
		}
		return t.p.dial(ctx)
	}}
}

// Check implements session.Pinned.
func (t pinned) Check(ctx context.Context, _ net.Conn) error {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if t.p.Alone && t.p.Connected > 0 {
		return nil
	}
	return t.p.Gone
}

// Stopped implements session.Pinned.
func (t pinned) Stopped() bool {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	return t.p.Stopped
}

// Close implements session.Pinned.
func (t pinned) Close() error {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	t.p.Closed++
	return nil
}

// Advise implements target.Advisor.
func (t pinned) Advise(context.Context) []target.Advice { return t.p.Advice }

// Explain implements target.Explainer.
func (t pinned) Explain(_ context.Context, err error) error {
	if t.p.Explanation == "" {
		return err
	}
	return fault.Measuref("%s", t.p.Explanation).Because(err)
}

// restartable can be had as a fresh process.
type restartable struct{ pinned }

// Restart implements session.Restarter.
func (t restartable) Restart(context.Context) error {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if t.p.RestartFails != nil {
		return t.p.RestartFails
	}
	t.p.Lives++
	t.p.RSS, t.p.Swap, t.p.Live, t.p.Touched, t.p.Peak, t.p.Gone = Fresh, 0, 0, 0, Fresh, nil
	return nil
}

// pipes is a listener whose connections never leave the program.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipes) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.done:
		return nil, refused()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipes) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

// Addr implements net.Listener.
func (l *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// counted is a connection that is counted while it is open.
type counted struct {
	net.Conn
	p    *Process
	once sync.Once
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(func() { c.p.Locked(func() { c.p.Connected-- }) })
	return c.Conn.Close()
}
