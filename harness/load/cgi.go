package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// params are the variables of CGI/1.1 (RFC 3875, section 4.1) that both
// FastCGI and Passenger's session protocol send.
func params(r *Request) []Field {
	path, query, _ := strings.Cut(r.URI, "?")
	name, port := r.Host, "80"
	if h, p, err := net.SplitHostPort(r.Host); err == nil {
		name, port = h, p
	}
	ps := []Field{
		{"REQUEST_METHOD", r.Method},
		{"REQUEST_URI", r.URI},
		{"PATH_INFO", path}, // as sent: Passenger and its Ruby http socket leave it encoded
		{"QUERY_STRING", query},
		{"SCRIPT_NAME", ""},
		{"SERVER_NAME", name},
		{"SERVER_PORT", port},
		{"SERVER_PROTOCOL", "HTTP/1.1"},
		{"SERVER_SOFTWARE", "leakhunt"},
		{"REMOTE_ADDR", "127.0.0.1"},
		{"REMOTE_PORT", "0"},
	}
	if r.HasBody {
		ps = append(ps, Field{"CONTENT_LENGTH", strconv.Itoa(len(r.Body))})
	}
	if r.Host != "" {
		ps = append(ps, Field{"HTTP_HOST", r.Host})
	}
	for _, f := range r.Header {
		key := strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		switch {
		case key == "CONTENT_TYPE":
			ps = append(ps, Field{key, f.Value})
			continue
		case key == "X_FORWARDED_PROTO" && strings.EqualFold(f.Value, "https"):
			ps = append(ps, Field{"HTTPS", "on"})
		}
		ps = appendParam(ps, "HTTP_"+key, f.Value)
	}
	return ps
}

// appendParam joins repeated headers, since a variable has one value only.
func appendParam(ps []Field, name, value string) []Field {
	for i := range ps {
		if ps[i].Name == name {
			sep := ", "
			if name == "HTTP_COOKIE" {
				sep = "; "
			}
			ps[i].Value += sep + value
			return ps
		}
	}
	return append(ps, Field{name, value})
}

// unescapePath undoes percent-encoding as far as it is valid.
func unescapePath(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// readCGI reads the head of a CGI answer (RFC 3875, section 6), whose body goes
// to the end of r. Without a Status field it means 200, or 302 with a Location.
func readCGI(r *bufio.Reader, method string) (*http.Response, error) {
	head, err := textproto.NewReader(r).ReadMIMEHeader()
	if errors.Is(err, io.EOF) && len(head) > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	resp := &http.Response{
		StatusCode: http.StatusOK, Header: http.Header(head), ContentLength: -1,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(r),
	}
	if resp.Header.Get("Location") != "" {
		resp.StatusCode = http.StatusFound
	}
	if s := resp.Header.Get("Status"); s != "" {
		code, _, _ := strings.Cut(s, " ")
		if resp.StatusCode, err = strconv.Atoi(code); err != nil || len(code) != 3 {
			return nil, protocolError(fmt.Sprintf("its Status is %q", clip(s)))
		}
		resp.Header.Del("Status")
	}
	if s := resp.Header.Get("Content-Length"); s != "" && method != http.MethodHead {
		if resp.ContentLength, err = strconv.ParseInt(s, 10, 64); err != nil || resp.ContentLength < 0 {
			return nil, protocolError(fmt.Sprintf("its Content-Length is %q", clip(s)))
		}
		resp.Body = io.NopCloser(&declared{r: r, left: resp.ContentLength})
	}
	return resp, nil
}

// declared reports a body that ends before its declared length.
type declared struct {
	r    io.Reader
	left int64
}

func (d *declared) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.left -= int64(n)
	if errors.Is(err, io.EOF) && d.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
