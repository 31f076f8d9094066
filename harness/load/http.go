package load

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
)

// HTTP is HTTP/1.1 (RFC 9112), over TCP, TLS or a Unix socket.
type HTTP struct {
	// SplitBody sends the body only when the server has read the head, and ends our
	// half of the connection behind it. Passenger's Ruby http socket throws away what
	// it reads behind the empty line in the same read. Then it waits for the body
	// forever (phusion_passenger/request_handler/thread_handler.rb,
	// parse_http_request). Where an application rewinds its input, as Rack does for
	// every form, it waits for the end of the connection (utils/tee_input.rb,
	// socket_drained?). An empty body is not announced there, for the same reason.
	SplitBody bool
}

// Write implements Protocol.
func (p HTTP) Write(w *Wire, r *Request) error {
	b := w.AvailableBuffer()
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.URI...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Host...)
	for i := range r.Header {
		b = append(b, "\r\n"...)
		b = append(b, r.Header[i].Name...)
		b = append(b, ": "...)
		b = append(b, r.Header[i].Value...)
	}
	if r.HasBody && (len(r.Body) > 0 || !p.SplitBody) {
		b = append(b, "\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.Body)), 10)
	}
	b = append(b, "\r\n\r\n"...)
	if _, err := w.Write(b); err != nil {
		return err
	}
	if !p.SplitBody || len(r.Body) == 0 {
		return w.finish(r.Body)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := w.awaitRead(); err != nil {
		return err
	}
	return w.finishAndClose(r.Body)
}

// Read implements Protocol.
func (HTTP) Read(r *bufio.Reader, method string) (*http.Response, error) {
	return readHTTP(r, method)
}

// KeepAlive implements Protocol.
func (HTTP) KeepAlive() bool { return true }

// mostInterim bounds the interim answers (1xx) before the answer; net/http
// allows five.
const mostInterim = 5

// readHTTP reads the head of an HTTP answer behind any interim ones.
func readHTTP(r *bufio.Reader, method string) (*http.Response, error) {
	var req *http.Request // nil stands for GET; after HEAD there is no body
	if method == http.MethodHead {
		req = &http.Request{Method: method}
	}
	if err := beginsWith(r, "HTTP/"); err != nil {
		return nil, err
	}
	for range mostInterim + 1 {
		resp, err := http.ReadResponse(r, req)
		if err != nil {
			return nil, err
		}
		switch {
		case resp.StatusCode == http.StatusSwitchingProtocols:
			resp.Close = true // what follows is not HTTP
			return resp, nil
		case resp.StatusCode >= 200 || resp.StatusCode < 100:
			return resp, nil
		}
	}
	return nil, errManyInterim
}

// beginsWith checks the first bytes of an answer, so that one of another
// protocol is not mistaken for a short one.
func beginsWith(r *bufio.Reader, prefix string) error {
	got, err := r.Peek(len(prefix))
	if string(got) == prefix[:len(got)] {
		return err
	}
	return protocolError(fmt.Sprintf("it begins with %q instead of %q", got, prefix))
}
