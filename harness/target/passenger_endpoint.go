package target

import (
	"context"
	"errors"
	"net/http"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/target/passenger"
)

// endpoint is where the process answers, and how it is spoken to:
//
//	Ruby      http on TCP, with the password in a header; or session
//	Python    session only, without a password of its own
//	Node      http on a Unix socket, without a password
//	generic   http on TCP, without a password
//
// A password goes to Ruby only: the others would hand it on to the application
// as a header of the request.
func (c *chosen) endpoint(protocol string) (load.Endpoint, error) {
	http1, hasHTTP := c.process.HTTP()
	session, hasSession := c.process.Session()
	switch {
	case protocol == "session" && hasSession, protocol != "http" && !hasHTTP && hasSession:
		return load.Endpoint{
			Network: session.Network, Address: session.Address, Host: "localhost",
			Protocol: load.Session{Password: string(c.process.Password)},
		}, nil
	case protocol == "session" || !hasHTTP:
		return load.Endpoint{}, c.speechless(protocol, hasHTTP || hasSession)
	}
	ep := load.Endpoint{Network: http1.Network, Address: http1.Address, Host: http1.Address, Protocol: load.HTTP{}}
	if http1.Network == "unix" {
		ep.Host = "localhost"
	}
	if c.guarded(http1) {
		ep.Protocol = load.HTTP{SplitBody: true}
		ep.Header = http.Header{"X-Passenger-Connect-Password": {string(c.process.Password)}}
	}
	return ep, nil
}

// guarded says whether a socket is that of Passenger's own Ruby handler, which
// wants the password. The text form does not say the language; only Ruby's has
// a password and TCP there.
func (c *chosen) guarded(s passenger.Socket) bool {
	ruby := c.app.Runtime() == "ruby" || c.app.Type == "" && c.app.UID < 0
	return ruby && s.Network == "tcp" && c.process.Password != ""
}

// speechless says which protocol would do.
func (c *chosen) speechless(protocol string, other bool) error {
	if !other {
		return fault.Measuref("the address of pid %d (%s) is not in what Passenger says", c.process.PID, c.app.Name).
			WithHint("Addresses are told to root, to the application's user, and with --verbose; the text form tells those of http sockets only: use passenger-status --show=xml --verbose.")
	}
	instead := "http"
	if protocol == "http" {
		instead = "session"
	}
	return fault.Measuref("pid %d (%s, %s) does not speak %s", c.process.PID, c.app.Name, c.app.Type, protocol).
		WithHint("It speaks %s: set target.passenger.protocol: auto.", instead)
}

// shown says for people where an endpoint is.
func shown(ep load.Endpoint) string {
	if _, ok := ep.Protocol.(load.Session); ok {
		return "session+unix://" + ep.Address
	}
	if ep.Network == "unix" {
		return "http+unix://" + ep.Address
	}
	return "http://" + ep.Address
}

// ping makes sure that the process answers and that the password is right. Only
// Passenger's Ruby handler knows PING: Python and Node would take it for a
// request to the application.
func (p *passengerPinned) ping(ctx context.Context) error {
	if p.info.Runtime != "ruby" {
		return p.connects(ctx)
	}
	err := load.Ping(ctx, p.ep)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, load.ErrClosed):
		return fault.Measuref("pid %d (%s) does not take the connect password that Passenger tells", p.id.PID, p.app.Name).
			WithHint("Is target.passenger.status_command reading an old status? Otherwise Passenger has just restarted the application: try again.").Because(err)
	case errors.Is(err, load.ErrTimeout):
		return fault.Measuref("pid %d (%s) does not answer at %s", p.id.PID, p.app.Name, p.at.url).
			WithHint("%s", p.occupied()).Because(err)
	case errors.Is(err, load.ErrRefused):
		return p.gone(ctx, err)
	}
	return err
}

// occupied says who may keep the process from answering: both of its sockets
// serve one connection at a time, and Passenger's core keeps one open on the
// session socket after a request (Socket::checkinConnection).
func (p *passengerPinned) occupied() string {
	if _, ok := p.ep.Protocol.(load.Session); ok {
		return "Its session socket serves one connection at a time, and the web server keeps one open to a process that it has sent a request: set target.passenger.protocol: http, or pin a process that has served none."
	}
	return "Its http socket serves one connection at a time: end other clients of it, or set target.passenger.protocol: session."
}

// connects returns an error where nobody can connect.
func (p *passengerPinned) connects(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := p.at.dial(ctx)
	if err != nil {
		return p.at.refused(err)
	}
	return conn.Close()
}

// gone says that the process ended while it was being pinned.
func (p *passengerPinned) gone(ctx context.Context, cause error) error {
	if err := p.id.Check(); err != nil {
		return p.lost(ctx, err)
	}
	return p.at.refused(cause)
}

// Explainer is a Pinned that can say why a request got no answer.
type Explainer interface {
	// Explain returns a better error than err, which a request came to, or err.
	Explain(ctx context.Context, err error) error
}

// Explain implements Explainer: a connection that is closed without a byte
// means a wrong password as well as an exception in the application. The
// method PING tells them apart.
func (p *passengerPinned) Explain(ctx context.Context, err error) error {
	if !errors.Is(err, load.ErrClosed) {
		return err
	}
	if gone := p.id.Check(); gone != nil {
		return p.lost(ctx, gone)
	}
	if p.info.Runtime == "ruby" {
		if failed := p.ping(ctx); failed != nil {
			return failed
		}
	}
	return fault.Measuref("the application raised an exception: pid %d lives, and ended the connection without an answer", p.id.PID).
		WithHint("Passenger answers no error page on this socket: the exception is in the application's log or the web server's.").Because(err)
}
