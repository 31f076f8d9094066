// Package load sends one request at a time over one kept connection and says
// what came back. It knows HTTP/1.1, Passenger's session protocol and FastCGI;
// it does not know what the answers are for.
package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// Endpoint is where a pinned process answers, and how it is spoken to.
type Endpoint struct {
	Network  string // "tcp" or "unix"
	Address  string // host:port, or the socket's path
	TLS      bool
	Insecure bool   // with TLS: do not check the certificate
	Host     string // the Host header
	Header   http.Header
	// Header is added to every request; it may hold a connect password, so it
	// is never printed.
	Protocol Protocol // nil means HTTP{}
	// Close ends the connection after each answer, as some servers do without
	// announcing it: a request sent meanwhile would be lost.
	Close bool
	// Dial, where not nil, opens each connection, TLS included: a target whose
	// server has several workers hands out only connections to the pinned one.
	Dial func(context.Context) (net.Conn, error)
}

// Protocol writes a request and reads its answer on one connection. The three
// protocols are HTTP, Session and FastCGI.
type Protocol interface {
	// Write sends the request, its body included, and flushes.
	Write(w *Wire, r *Request) error
	// Read reads the head of the answer to a request with the given method;
	// the body is read through the response. It is called where at least one
	// byte of the answer has arrived.
	Read(r *bufio.Reader, method string) (*http.Response, error)
	// KeepAlive says whether the protocol can carry a second request on the
	// same connection. An answer may still forbid it.
	KeepAlive() bool
}

// Spec is a request as written in a scenario, with placeholders.
type Spec struct {
	Method, URI string
	Header      [][2]string
	Body        string
	HasBody     bool
	Timeout     time.Duration // 0: none
	Status      []int         // expected; empty: any 2xx or 3xx
	Contains    string        // expected in the body; "" : nothing
	Fresh       bool          // send no cookies that were received before
	To          io.Writer     // where the body is written as it comes; nil: nowhere. Its errors are not looked at
	KeepBody    bool          // hand the body back (captures, probes), at most its first 10 MiB
}

// Result is what one request came to.
type Result struct {
	Status  int
	Bytes   int64         // of the body, read to its end
	Latency time.Duration // from the first byte written to the last byte of the body; connecting is not in it
	Sent    int           // how often the request was put on a connection: 0, 1, or 2 after a retry
	Header  http.Header   // not to be changed: answers with the same head share it
	Body    []byte        // where asked for; of a longer one the first 10 MiB
	// Failure says in words which expectation was broken; "" means none.
	Failure string
	// Err is set when no whole answer came. It is a *fault.Error, and one of
	// ErrRefused, ErrClosed, ErrTimeout, ErrMalformed, ErrCutShort or the
	// context's error is in its chain.
	Err error
}

// OK says that a whole answer came and was as expected.
func (r *Result) OK() bool { return r.Err == nil && r.Failure == "" }
