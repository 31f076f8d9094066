package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"leakhunt/harness/fault"
)

const (
	// safeBody, in bytes, fits into any socket's buffers: writing it does not block,
	// even where a server answers before it has read.
	safeBody = 32 << 10
	// mostKept bounds Result.Body: of a longer one the beginning is kept.
	mostKept = 10 << 20
)

// try sends the request once. again says that it came to nothing in a way that
// a connection closed by the server in the meantime explains.
func (c *Client) try(ctx context.Context, t *Template, until time.Time) (res Result, again bool) {
	if err := c.connect(ctx, t, until); err != nil {
		return Result{Err: err}, false
	}
	l := c.link
	used := l.used
	l.used = true
	if err := l.limit(ctx, until); err != nil {
		c.drop()
		return Result{Err: c.unanswered(ctx, err, t.timeout)}, false
	}

	begin := time.Now()
	sending := c.send(l)
	res, again, keep := c.receive(ctx, l, t)
	res.Latency = time.Since(begin)
	res.Sent = 1
	if !keep || !sending.done() || l.w.ended {
		c.drop()
	}
	sending.wait()
	if unfit, ok := errors.AsType[protocolError](sending.err); ok {
		return Result{Err: fault.Measuref("the request cannot be sent to %s", c.ep.Address).Because(unfit)}, false
	}
	return res, again && used
}

// receive reads one answer to its end.
func (c *Client) receive(ctx context.Context, l *link, t *Template) (res Result, again, keep bool) {
	if _, err := l.r.Peek(1); err != nil {
		res.Err = c.unanswered(ctx, err, t.timeout)
		return res, errors.Is(res.Err, ErrClosed), false
	}
	resp, err := c.readHead(l)
	if err != nil {
		if _, known := errors.AsType[protocolError](err); !known && !closedByPeer(err) && l.end != nil {
			err = l.end
		}
		res.Err = c.broken(ctx, err, -1, t.timeout)
		return res, false, false
	}
	l.room = -1
	res.Status, res.Header = resp.StatusCode, resp.Header
	if err := c.readBody(resp.Body, t, &res); err != nil {
		res.Err = c.broken(ctx, err, res.Bytes, t.timeout)
		return res, false, false
	}
	_ = resp.Body.Close() // at its end: nothing is left to go wrong
	c.keepCookies(t, resp)
	res.Failure = c.judge(t, res.Status)
	return res, false, !resp.Close && !c.ep.Close && c.ep.Protocol.KeepAlive() && l.r.Buffered() == 0
}

// sending is a request on its way. A nil channel: it is sent, with err.
type sending struct {
	err  error
	left chan error
}

// send writes the request. A big body is written beside the reading, since a
// server may answer while it reads (an echo), and both would wait forever.
// An error of writing is no end: the server may have answered and closed.
func (c *Client) send(l *link) sending {
	if len(c.req.Body) <= safeBody {
		return sending{err: c.write(l)}
	}
	left := make(chan error, 1)
	go func() { left <- c.write(l) }()
	return sending{left: left}
}

func (c *Client) write(l *link) error {
	err := c.ep.Protocol.Write(&l.w, &c.req)
	if _, unfit := errors.AsType[protocolError](err); unfit {
		_ = l.w.plain.Close() // nobody will answer
	}
	return err
}

// done says, once the answer is here, whether the whole request was sent
// without an error. A server may answer without reading a big body; a writer
// that is only a moment behind the reader gets that moment.
func (s *sending) done() bool {
	if s.left == nil {
		return s.err == nil
	}
	moment := time.NewTimer(100 * time.Millisecond)
	defer moment.Stop()
	select {
	case s.err = <-s.left:
		s.left = nil
		return s.err == nil
	case <-moment.C:
		return false
	}
}

// wait returns when nobody writes any more.
func (s *sending) wait() {
	if s.left != nil {
		s.err = <-s.left
		s.left = nil
	}
}

// readBody reads the body to its end and counts it.
func (c *Client) readBody(body io.Reader, t *Template, res *Result) error {
	if body == http.NoBody {
		return nil
	}
	for {
		n, err := body.Read(c.buf)
		res.Bytes += int64(n)
		c.find.feed(c.buf[:n])
		if t.to != nil {
			_, _ = t.to.Write(c.buf[:n]) // who wants to know will
		}
		if t.keepBody {
			res.Body = kept(res.Body, c.buf[:n])
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// kept is body with as much of p behind it as there is room for.
func kept(body, p []byte) []byte {
	p = p[:min(len(p), mostKept-len(body))]
	if len(body)+len(p) > cap(body) && len(body) > mostKept/10 { // it is copied once more, and not again and again
		body = append(make([]byte, 0, mostKept), body...)
	}
	return append(body, p...)
}

// judge says which expectation was broken, "" where none was.
func (c *Client) judge(t *Template, status int) string {
	switch {
	case len(t.status) == 0 && (status < 200 || status > 399):
		return fmt.Sprintf("status %d, expected 2xx or 3xx", status)
	case len(t.status) > 0 && !slices.Contains(t.status, status):
		return fmt.Sprintf("status %d, expected %s", status, orList(t.status))
	case !c.find.found:
		return fmt.Sprintf("the body does not contain %q", clip(string(c.find.want)))
	}
	return ""
}

// orList is "200", "200 or 404", "200, 201 or 404".
func orList(codes []int) string {
	var b []byte
	for i, code := range codes {
		switch {
		case i > 0 && i == len(codes)-1:
			b = append(b, " or "...)
		case i > 0:
			b = append(b, ", "...)
		}
		b = fmt.Append(b, code)
	}
	return string(b)
}

// finder looks for a string in a stream.
type finder struct {
	want  []byte
	tail  []byte // the end of what was fed, shorter than want
	seam  []byte // the tail and the beginning of what is fed
	found bool
}

func (f *finder) reset(want string) {
	f.want, f.tail = append(f.want[:0], want...), f.tail[:0]
	f.found = want == ""
}

func (f *finder) feed(p []byte) {
	if f.found {
		return
	}
	if f.found = bytes.Contains(p, f.want); f.found {
		return
	}
	overlap := len(f.want) - 1
	f.seam = append(append(f.seam[:0], f.tail...), p[:min(overlap, len(p))]...)
	if f.found = bytes.Contains(f.seam, f.want); f.found {
		return
	}
	if len(p) >= overlap {
		f.tail = append(f.tail[:0], p[len(p)-overlap:]...)
		return
	}
	f.tail = append(f.tail[:0], f.seam[max(0, len(f.seam)-overlap):]...)
}
