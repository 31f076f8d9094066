package load

import (
	"context"
	"errors"
	"os"
	"time"
)

// limit makes the connection ready for a request that ends with ctx or at until;
// a zero until is no deadline.
//
// To set a deadline costs 1 µs, so one of an earlier request is left where it is
// while it comes first: when it has passed, Read and Write set the present one
// and go on. Within TLS each is set, since a write that was interrupted cannot go
// on there.
func (l *link) limit(ctx context.Context, until time.Time) error {
	l.w.ctx, l.w.until, l.room, l.came = ctx, until, longestHead, false
	if !l.secure && comesFirst(l.reading, until) && comesFirst(l.writing, until) {
		return ctx.Err()
	}
	l.reading, l.writing = until, until
	// A ctx that has ended is either seen here, or its callback sets the
	// deadline again after this one.
	return errors.Join(l.SetDeadline(until), ctx.Err())
}

// comesFirst says that the deadline which is set passes no later than until. Zero
// is never.
func comesFirst(set, until time.Time) bool {
	if set.IsZero() || until.IsZero() {
		return until.IsZero()
	}
	return !set.After(until)
}

// early says whether err is a deadline that was set for an earlier request.
func (l *link) early(err error) bool {
	return err != nil && !l.secure && errors.Is(err, os.ErrDeadlineExceeded) &&
		(l.w.until.IsZero() || time.Now().Before(l.w.until))
}

// receive reads from the connection; it fails with the deadline of the request
// and of no other.
func (l *link) receive(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	for n == 0 && l.early(err) {
		l.reading = l.w.until
		if err = errors.Join(l.SetReadDeadline(l.reading), l.w.ctx.Err()); err != nil { // as in limit
			break
		}
		n, err = l.Conn.Read(p)
	}
	return n, err
}

// Write implements io.Writer for link.w; its deadline is as in receive. It may
// run beside Read.
func (l *link) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	for l.early(err) {
		l.writing = l.w.until
		if err = errors.Join(l.SetWriteDeadline(l.writing), l.w.ctx.Err()); err != nil {
			break
		}
		var more int
		more, err = l.Conn.Write(p[n:])
		n += more
	}
	return n, err
}
