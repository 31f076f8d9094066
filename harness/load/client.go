package load

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"

	"leakhunt/harness/fault"
)

// Client sends one request at a time over one connection, which it keeps as
// long as the server does. It is not safe for concurrent use.
//
// Before each request on a kept connection the client looks whether the server has
// closed it, and connects anew where it has. A server may still close just while the
// request is on its way; then no byte of an answer comes. On a kept connection, and
// with an idempotent method (RFC 9110, section 9.2.2), the request is then sent again,
// once, on a new connection. Result.Sent counts it. A POST is never sent twice.
// Redirects are not followed.
type Client struct {
	ep       Endpoint
	header   []Field // of the endpoint, and what every client sends
	badField string  // name of an endpoint header that cannot be sent
	jar      *jar    // nil: none are kept
	filled   bool    // the jar was given a cookie

	mu   sync.Mutex // guards link and done against the context's callback
	link *link
	done <-chan struct{} // of the context that stop watches
	stop func() bool

	connections int
	req         Request
	scratch     []byte
	find        finder
	last        head
	buf         []byte
}

// New is a client that has not connected yet. With cookies, it keeps what
// servers set and sends it back, across connections.
func New(ep Endpoint, cookies bool) *Client {
	if ep.Protocol == nil {
		ep.Protocol = HTTP{}
	}
	c := &Client{ep: ep, buf: make([]byte, 32<<10)}
	for _, f := range [...]Field{{"User-Agent", "leakhunt"}, {"Accept", "*/*"}} {
		if _, ok := ep.Header[f.Name]; !ok {
			c.header = append(c.header, f)
		}
	}
	for name, values := range ep.Header {
		for _, v := range values {
			if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(v) {
				c.badField = name
			}
			c.header = append(c.header, Field{name, v})
		}
	}
	slices.SortStableFunc(c.header, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	if cookies {
		c.jar = newJar()
	}
	return c
}

// Conn is the live connection, nil where there is none: before the first
// request, after an error, and after each request where the server or the
// protocol does not keep it.
func (c *Client) Conn() net.Conn {
	if c.link == nil {
		return nil
	}
	return c.link.Conn
}

// Connections is how many times the client has connected.
func (c *Client) Connections() int { return c.connections }

// Close ends the connection. The client may be used again.
func (c *Client) Close() {
	c.drop()
	c.unwatch(nil)
}

// Do sends one request and reads its answer to the end. Whatever goes wrong is
// in the Result. Cancelling ctx interrupts it at any point.
func (c *Client) Do(ctx context.Context, t *Template, v Values) Result {
	if c.badField != "" {
		return Result{Err: fault.Measuref("the header %s of the target cannot be sent: it holds a control character", c.badField)}
	}
	if err := c.req.fill(c, t, &v); err != nil {
		return Result{Err: err}
	}
	c.sendCookies(t)
	want, err := c.string(&t.contains, &v)
	if err != nil {
		return Result{Err: err}
	}
	c.find.reset(want)
	c.watch(ctx)
	var until time.Time
	if t.timeout > 0 {
		until = time.Now().Add(t.timeout)
	}
	res, again := c.try(ctx, t, until)
	if again && c.req.idempotent() {
		res, _ = c.try(ctx, t, until)
		res.Sent++
	}
	return res
}

// watch sees to it that the end of ctx interrupts a blocked read or write. It
// stays for the requests that follow with the same context.
func (c *Client) watch(ctx context.Context) {
	done := ctx.Done()
	if c.done == done {
		return
	}
	c.unwatch(done)
	if done == nil {
		return
	}
	c.stop = context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.link != nil && c.done == done {
			_ = c.link.SetDeadline(time.Unix(1, 0))
		}
	})
}

// unwatch releases the context before: its end may have been noticed already,
// and must not touch the requests that follow, which next is for.
func (c *Client) unwatch(next <-chan struct{}) {
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
	c.mu.Lock()
	c.done = next
	c.mu.Unlock()
}

// connect gives a connection that is ready for a request.
func (c *Client) connect(ctx context.Context, t *Template, until time.Time) error {
	if c.link != nil {
		if c.link.alive() {
			return nil
		}
		c.drop()
	}
	limited := ctx
	if !until.IsZero() {
		var cancel context.CancelFunc
		limited, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	l, err := dial(limited, &c.ep)
	if err != nil {
		return c.undialled(ctx, err, t.timeout)
	}
	c.connections++
	c.mu.Lock()
	c.link = l
	c.mu.Unlock()
	return nil
}

// drop closes the connection.
func (c *Client) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		_ = c.link.Close()
		c.link = nil
	}
}
