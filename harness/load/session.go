package load

import (
	"bufio"
	"encoding/binary"
	"net/http"
)

// Session is Phusion Passenger's session protocol, spoken on an application
// process's main socket: a frame of a 32-bit big-endian length and
// KEY NUL VALUE NUL…, then the body (phusion_passenger/request_handler/
// thread_handler.rb, parse_session_request; message_channel.rb, read_scalar).
// The answer is HTTP, or CGI with a Status field in old versions, and ends
// with the connection.
type Session struct {
	Password string // the app group's connect password; "" where it has none
}

// mostSessionHead is the longest frame that Passenger's Ruby handler reads.
const mostSessionHead = 128 << 10

// Write implements Protocol.
func (s Session) Write(w *Wire, r *Request) error {
	frame := make([]byte, 4, 1024)
	for _, p := range params(r) {
		// A Ruby application that reads a body of announced 0 bytes waits for
		// the end of the connection: such a body is not announced.
		if p.Name != "CONTENT_LENGTH" || len(r.Body) > 0 {
			frame = appendPair(frame, p.Name, p.Value)
		}
	}
	if s.Password != "" {
		frame = appendPair(frame, "PASSENGER_CONNECT_PASSWORD", s.Password)
	}
	if len(frame)-4 > mostSessionHead {
		return protocolError("the request's headers are longer than the 128 KiB that Passenger reads")
	}
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	if _, err := w.Write(frame); err != nil {
		return err
	}
	if len(r.Body) == 0 {
		return w.finish(nil)
	}
	return w.finishAndClose(r.Body) // else an application that rewinds its input waits for more
}

func appendPair(dst []byte, key, value string) []byte {
	dst = append(dst, key...)
	dst = append(dst, 0)
	dst = append(dst, value...)
	return append(dst, 0)
}

// Read implements Protocol.
func (Session) Read(r *bufio.Reader, method string) (*http.Response, error) {
	const status = "HTTP/"
	if b, err := r.Peek(len(status)); err != nil || string(b) != status {
		return readCGI(r, method)
	}
	return readHTTP(r, method)
}

// KeepAlive implements Protocol.
func (Session) KeepAlive() bool { return false }
