package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// await waits until a started command is ready: it accepts connections, and
// answers ready.uri, where that is given, with a status of 2xx or 3xx, which is
// what Kubernetes takes for ready too. A 404 is not: it would hide a wrong path
// behind a run that measures nothing.
func (c *command) await(ctx context.Context, at *address, child *child) error {
	client, patience := at.client(), dialLimit
	return c.until(ctx, time.Now(), at, child, func(ctx context.Context) error {
		err := c.ask(ctx, *at, client, patience)
		if errors.Is(err, context.DeadlineExceeded) {
			patience *= 2 // the first request may load the whole application
		}
		return err
	})
}

// first awaits a started command and returns the process that answers. at becomes
// the address of another loopback interface where the command listens there.
//
// A server may bind its address long before it accepts: Tomcat while it deploys,
// gunicorn while a worker imports the application. The kernel takes connections
// for it meanwhile, so that one is accepted says nothing. That a process has read
// what was sent does, and ready.timeout counts for both.
func (c *command) first(ctx context.Context, at *address, child *child) (id proc.ID, err error) {
	began := time.Now()
	if err := c.await(ctx, at, child); err != nil {
		return id, err
	}
	// One connection is held until it is read: each that was given up would wait in
	// the server's queue, which may be short.
	var conn net.Conn
	drop := func() {
		if conn != nil {
			_ = conn.Close() // an unfinished request: nothing to lose
		}
		conn = nil
	}
	defer func() { drop() }()
	var other error
	err = c.until(ctx, began, at, child, func(ctx context.Context) (err error) {
		if conn == nil {
			if conn, err = at.opened(ctx); err != nil {
				return at.refused(err)
			}
		}
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		id, err = proc.Serving(ctx, conn, child.processes()...)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, proc.ErrClosed):
			drop()
		case !starting(err):
			other = at.unseen(err)
			return nil
		}
		return at.unseen(err)
	})
	return id, cmp.Or(err, other)
}

// starting says of a look at who answers that it may find somebody a moment later.
func starting(err error) bool {
	return errors.Is(err, proc.ErrNotAccepted) || errors.Is(err, proc.ErrUnread) || errors.Is(err, proc.ErrClosed)
}

// until calls ask until it returns nil. Its error is the context's, that the
// command has ended, or that ready.timeout has passed since began.
func (c *command) until(ctx context.Context, began time.Time, at *address, child *child, ask func(context.Context) error) error {
	told := began
	watch := lookout{c: c, child: child, at: at, looked: began}
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		why := ask(ctx)
		if why == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := child.over(); err != nil {
			return err
		}
		if err := watch.look(ctx, time.Now()); err != nil {
			return err
		}
		spent := time.Since(began)
		if spent > c.ready.Timeout {
			err := fault.Measuref("the command was not ready within %s: %s%s", c.ready.Timeout, why, child.out.said())
			if hint := watch.hint(); hint != "" {
				return err.WithHint("It listens at %s. %s", watch.other.url, hint)
			}
			if starting(why) {
				return err.WithHint("It has bound its port and takes no request yet: raise target.ready.timeout, or look into its log.")
			}
			if answered := (*unready)(nil); errors.As(why, &answered) {
				return err.WithHint("It listens, and answers so: mend what it says, or let target.ready.uri be one that it answers with 2xx or 3xx.")
			}
			return err.WithHint("Raise target.ready.timeout, or look whether the command listens on ${PORT} and answers target.ready.uri.")
		}
		if time.Since(told) > 5*time.Second && !watch.told && c.opt.Note != nil {
			told = time.Now()
			note := fmt.Sprintf("waiting for the command to be ready, %d s of %d s: %s", int(spent.Seconds()), int(c.ready.Timeout.Seconds()), why)
			c.opt.Note(note)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-child.Done:
		case <-time.After(wait):
		}
	}
}

// client sends each request on a connection of its own to what the address is by then.
func (a *address) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return a.dial(ctx) },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask returns nil where the command is ready, and otherwise says what it is
// like now. It waits for an answer as long as patience says: the error is a
// context.DeadlineExceeded then.
func (c *command) ask(ctx context.Context, at address, client *http.Client, patience time.Duration) error {
	limit := min(patience, c.ready.Timeout)
	if c.ready.URI != "" {
		_, err := get(ctx, at, c.ready.URI, client, limit)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := at.dial(ctx)
	if err != nil {
		return fmt.Errorf("nothing accepts connections at %s", at.at)
	}
	return conn.Close()
}

// get returns the header of an answer of 2xx or 3xx, and an error for any other and for
// none within the limit.
func get(ctx context.Context, at address, uri string, client *http.Client, limit time.Duration) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.host+uri, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "leakhunt")
	resp, err := client.Do(req)
	if err != nil {
		return nil, &unanswered{uri, err}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return nil, &unready{uri, resp.Status}
	}
	return resp.Header, nil
}

// unready is a request to target.ready.uri that was answered with an error.
type unready struct{ uri, status string }

func (e *unready) Error() string { return "GET " + e.uri + " answers " + e.status }

// unanswered is a request to target.ready.uri without an answer. What Go says of
// it names the address once more.
type unanswered struct {
	uri   string
	cause error
}

func (e *unanswered) Error() string { return "GET " + e.uri + " has no answer" }
func (e *unanswered) Unwrap() error { return e.cause }
