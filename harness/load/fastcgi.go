package load

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

// FastCGI is the FastCGI protocol, version 1, in the responder role, one
// request at a time on a kept connection
// (https://fastcgi-archives.github.io/FastCGI_Specification.html).
type FastCGI struct {
	Root  string // document root on the server's side, absolute
	Index string // script for paths that name none; "" means index.php
}

// Record types and flags of the specification, section 8.
const (
	fcgiVersion   = 1
	fcgiBegin     = 1
	fcgiEnd       = 3
	fcgiParams    = 4
	fcgiStdin     = 5
	fcgiStdout    = 6
	fcgiStderr    = 7
	fcgiResponder = 1
	fcgiKeepConn  = 1
	fcgiRequestID = 1
	fcgiMost      = 65528 // content of a record, at most 65535, a multiple of 8
	fcgiMostError = 4 << 10
)

// Write implements Protocol.
func (f FastCGI) Write(w *Wire, r *Request) error {
	begin := [8]byte{0, fcgiResponder, fcgiKeepConn}
	if err := writeRecord(w, fcgiBegin, begin[:]); err != nil {
		return err
	}
	var ps []byte
	for _, p := range f.params(r) {
		ps = appendSize(ps, len(p.Name))
		ps = appendSize(ps, len(p.Value))
		ps = append(ps, p.Name...)
		ps = append(ps, p.Value...)
	}
	if err := writeStream(w, fcgiParams, ps); err != nil {
		return err
	}
	if err := writeStream(w, fcgiStdin, r.Body); err != nil {
		return err
	}
	return w.Flush()
}

// params are those of CGI and what php-fpm needs to find the script.
func (f FastCGI) params(r *Request) []Field {
	ps := params(r)
	full, _, _ := strings.Cut(r.URI, "?")
	script, info := f.split(unescapePath(full))
	set := func(name, value string) {
		for i := range ps {
			if ps[i].Name == name {
				ps[i].Value = value
				return
			}
		}
		ps = append(ps, Field{name, value})
	}
	set("GATEWAY_INTERFACE", "CGI/1.1")
	set("DOCUMENT_ROOT", f.Root)
	set("SCRIPT_NAME", script)
	set("SCRIPT_FILENAME", path.Join(f.Root, script))
	set("PATH_INFO", info)
	set("REDIRECT_STATUS", "200") // php-cgi with cgi.force_redirect
	return ps
}

// split cuts a path into the script's name and the path info behind it, at the
// first segment that ends in .php. A path that names no script goes whole to
// the index, as with try_files in nginx, and it is cleaned of "..".
func (f FastCGI) split(p string) (script, info string) {
	p = path.Clean("/" + p)
	for i := 0; i < len(p); {
		at := strings.Index(p[i:], ".php")
		if at < 0 {
			break
		}
		end := i + at + len(".php")
		if end == len(p) || p[end] == '/' {
			return p[:end], p[end:]
		}
		i = end
	}
	index := f.Index
	if index == "" {
		index = "index.php"
	}
	return path.Clean("/" + index), p
}

// Read implements Protocol.
func (FastCGI) Read(r *bufio.Reader, method string) (*http.Response, error) {
	s := &fcgiAnswer{r: r}
	resp, err := readCGI(bufio.NewReader(s), method)
	if err == nil {
		return resp, nil
	}
	if s.ended && closedByPeer(err) { // the records are whole, what they hold is not
		err = protocolError("it ends before its header does")
	}
	if len(s.stderr) > 0 {
		return nil, fmt.Errorf("%w; the server says: %s", err, strings.TrimSpace(string(s.stderr)))
	}
	return nil, err
}

// KeepAlive implements Protocol. php-fpm keeps the connection; a server that
// does not closes it, which the client notices.
func (FastCGI) KeepAlive() bool { return true }

// fcgiAnswer reads the standard output out of an answer's records. io.EOF comes
// with the end of the request only, so that nothing of it is left to be read.
type fcgiAnswer struct {
	r      *bufio.Reader
	left   int // of the current stdout record
	pad    int // behind it
	ended  bool
	stderr []byte // the beginning
	err    error  // stays: what came after it would be read out of step
}

func (s *fcgiAnswer) Read(p []byte) (int, error) {
	for s.left == 0 {
		if s.ended {
			return 0, io.EOF
		}
		if s.err == nil {
			s.err = s.next()
		}
		if s.err != nil {
			return 0, s.err
		}
	}
	n, err := s.r.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, cut(err)
}

// next reads up to the content of the next stdout record, or the end.
func (s *fcgiAnswer) next() error {
	if _, err := s.r.Discard(s.pad); err != nil {
		return cut(err)
	}
	s.pad = 0
	var h [8]byte
	if _, err := io.ReadFull(s.r, h[:]); err != nil {
		return cut(err)
	}
	size, pad := int(binary.BigEndian.Uint16(h[4:])), int(h[6])
	if h[0] != fcgiVersion {
		return protocolError(fmt.Sprintf("it begins with %q and not with a FastCGI record", h))
	}
	if id := binary.BigEndian.Uint16(h[2:]); id != fcgiRequestID {
		return protocolError(fmt.Sprintf("a record of type %d is for request %d, which was not made", h[1], id))
	}
	switch h[1] {
	case fcgiStdout:
		s.left, s.pad = size, pad
		return nil
	case fcgiStderr:
		return s.readError(size, pad)
	case fcgiEnd:
		return s.readEnd(size, pad)
	}
	return protocolError(fmt.Sprintf("a record has the unknown type %d", h[1]))
}

// readError keeps the beginning of what the server writes to its error stream.
func (s *fcgiAnswer) readError(size, pad int) error {
	take := min(size, fcgiMostError-len(s.stderr))
	text := make([]byte, take)
	if _, err := io.ReadFull(s.r, text); err != nil {
		return cut(err)
	}
	s.stderr = append(s.stderr, text...)
	_, err := s.r.Discard(size - take + pad)
	return cut(err)
}

// readEnd reads FCGI_EndRequestBody: 32 bits of the application's exit status,
// then the protocol's status.
func (s *fcgiAnswer) readEnd(size, pad int) error {
	var b [8]byte
	if size < len(b) {
		return protocolError("its end record is too short")
	}
	if _, err := io.ReadFull(s.r, b[:]); err != nil {
		return cut(err)
	}
	if _, err := s.r.Discard(size - len(b) + pad); err != nil {
		return cut(err)
	}
	switch b[4] {
	case 0:
		s.ended = true
		return nil
	case 1:
		return protocolError("the server cannot multiplex (FCGI_CANT_MPX_CONN)")
	case 2:
		return protocolError("the server is overloaded (FCGI_OVERLOADED)")
	case 3:
		return protocolError("the server is no responder (FCGI_UNKNOWN_ROLE)")
	}
	return protocolError(fmt.Sprintf("it ends with the unknown status %d", b[4]))
}

// cut turns an end of the stream, which may come nowhere here, into an error.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// writeStream writes p as records of a stream, with the empty one that ends it.
func writeStream(w *Wire, kind byte, p []byte) error {
	for len(p) > 0 {
		n := min(len(p), fcgiMost)
		if err := writeRecord(w, kind, p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return writeRecord(w, kind, nil)
}

// writeRecord writes one record.
func writeRecord(w *Wire, kind byte, p []byte) error {
	pad := -len(p) & 7
	head := [8]byte{fcgiVersion, kind, 0, fcgiRequestID, 0, 0, byte(pad)}
	binary.BigEndian.PutUint16(head[4:], uint16(len(p)))
	for _, part := range [...][]byte{head[:], p, make([]byte, pad)} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// appendSize appends the length of a name or value: one byte up to 127, else
// four with the highest bit set (section 3.4).
func appendSize(dst []byte, n int) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	return binary.BigEndian.AppendUint32(dst, uint32(n)|1<<31)
}
