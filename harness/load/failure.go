package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"leakhunt/harness/fault"
)

// The ways in which no whole answer comes. One of them, or the context's
// error, is in the chain of every Result.Err that concerns the connection.
var (
	ErrRefused   = errors.New("nobody listens there")
	ErrClosed    = errors.New("the server closed the connection without an answer")
	ErrTimeout   = errors.New("timed out")
	ErrMalformed = errors.New("malformed answer")
	ErrCutShort  = errors.New("the answer was cut short")
)

var (
	errManyInterim = errors.New("too many interim answers (1xx)")
	errLongHead    = errors.New("its head is longer than 1 MiB")
)

// protocolError is an answer that breaks its protocol.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// closedByPeer says whether err is what reading or writing gives on a
// connection that the other side has closed.
func closedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// unanswered words an error of an exchange of which no byte of an answer came.
func (c *Client) unanswered(ctx context.Context, err error, timeout time.Duration) error {
	no := fault.Measuref("no answer from %s", c.ep.Address)
	switch {
	case ctx.Err() != nil:
		return no.Because(context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Measuref("no answer from %s within %s", c.ep.Address, timeout).
			WithHint("Give the request more time with timeout:, or look at what the process waits for.").
			Because(ErrTimeout)
	case closedByPeer(err):
		return no.Because(ErrClosed)
	}
	return no.Because(err)
}

// broken words an error in the middle of an answer, size bytes into its body;
// -1: in its head.
func (c *Client) broken(ctx context.Context, err error, size int64, timeout time.Duration) error {
	bad := fault.Measuref("broken answer from %s", c.ep.Address)
	where := "in its head"
	if size >= 0 {
		where = fmt.Sprintf("%d bytes into its body", size)
	}
	switch {
	case ctx.Err() != nil:
		return bad.Because(context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Measuref("the answer from %s did not end within %s: it stopped %s", c.ep.Address, timeout, where).
			WithHint("Give the request more time with timeout:; an endless stream cannot be measured.").
			Because(ErrTimeout)
	case closedByPeer(err):
		return bad.Because(fmt.Errorf("%w %s", ErrCutShort, where))
	}
	return bad.WithHint("Is this the right protocol, with TLS where it is needed?").
		Because(fmt.Errorf("%w: %w", ErrMalformed, err))
}

// undialled words an error of connecting.
func (c *Client) undialled(ctx context.Context, err error, timeout time.Duration) error {
	var op net.Error
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	no := fault.Measuref("no connection to %s", c.ep.Address)
	switch {
	case ctx.Err() != nil:
		return no.Because(context.Cause(ctx))
	case errors.As(err, &op) && op.Timeout():
		return fault.Measuref("no connection to %s within %s", c.ep.Address, timeout).Because(ErrTimeout)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return no.WithHint("Is the server running, and is this its address?").Because(ErrRefused)
	case errors.Is(err, fs.ErrPermission):
		return no.WithHint("Run leakhunt as the user who runs the server, or with sudo.").Because(err)
	case errors.As(err, &verify):
		return no.WithHint("Where the certificate is your own, use insecure: true or --insecure.").Because(err)
	case errors.As(err, &record):
		return no.WithHint("The server does not speak TLS there: use http://.").Because(fmt.Errorf("%w: %w", ErrMalformed, err))
	case closedByPeer(err):
		return no.Because(ErrClosed)
	}
	return no.Because(err)
}
