package target

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

const (
	// keepLimit is how long the pinned worker of several may take to take a
	// connection, while others take theirs.
	keepLimit = 15 * time.Second
	// heldConns of theirs are held open meanwhile.
	heldConns = 48
)

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
