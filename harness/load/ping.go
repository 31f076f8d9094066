package load

import (
	"context"
	"io"
	"time"

	"leakhunt/harness/fault"
)

// pingTimeout bounds a Ping where ctx does not: the answer is three lines of
// Ruby away, behind at most the request that is being served.
const pingTimeout = 10 * time.Second

// Ping asks a Passenger application process, over a new connection, with the method
// PING, which is answered by "pong" and nothing else
// (phusion_passenger/request_handler/thread_handler.rb, process_ping). It tells why a
// request got no answer. nil means that the process lives and the connect password is
// right, so the application raised. ErrClosed means that the password is wrong,
// ErrRefused that the process is gone.
func Ping(ctx context.Context, ep Endpoint) error {
	t, err := Compile(Spec{Method: "PING", URI: "/", Timeout: pingTimeout})
	if err != nil {
		return err
	}
	c := New(ep, false)
	defer c.Close()
	if err := c.req.fill(c, t, &Values{}); err != nil {
		return err
	}
	c.watch(ctx)
	until := time.Now().Add(pingTimeout)
	if err := c.connect(ctx, t, until); err != nil {
		return err
	}
	l := c.link
	if err := l.limit(ctx, until); err != nil {
		return c.unanswered(ctx, err, pingTimeout)
	}
	if err := c.ep.Protocol.Write(&l.w, &c.req); err != nil && !closedByPeer(err) {
		return c.unanswered(ctx, err, pingTimeout)
	}
	var got [4]byte
	if _, err := io.ReadFull(l.r, got[:]); err != nil {
		return c.unanswered(ctx, err, pingTimeout)
	}
	if string(got[:]) != "pong" {
		return fault.Measuref("PING was answered by %q and not by pong", got[:]).
			WithHint("Is this an application process of Passenger?").Because(ErrMalformed)
	}
	return nil
}
