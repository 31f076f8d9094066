package load

import (
	"strings"

	"golang.org/x/net/http/httpguts"

	"leakhunt/harness/fault"
)

// Request is one request as a protocol sends it. It is valid until the next.
type Request struct {
	Method string
	URI    string // as in a request line: path and query, encoded
	Host   string
	Header []Field // in order; without Host and Content-Length
	Body   []byte
	// HasBody asks for a Content-Length, also where the body is empty.
	HasBody bool
}

// Field is one header line.
type Field struct{ Name, Value string }

// idempotent says whether a server must treat the request, sent twice, as sent
// once (RFC 9110, section 9.2.2).
func (r *Request) idempotent() bool {
	switch r.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// fill makes r the request that t and v describe. buf is scratch space that is
// kept from request to request.
func (r *Request) fill(c *Client, t *Template, v *Values) error {
	*r = Request{
		Method: t.method, Host: c.ep.Host, Header: r.Header[:0], Body: r.Body[:0],
		HasBody: t.hasBody || t.method == "POST" || t.method == "PUT" || t.method == "PATCH",
	}
	var err error
	if r.URI, err = c.string(&t.uri, v); err != nil {
		return err
	}
	for _, f := range c.header {
		if !t.has(f.Name) {
			r.Header = append(r.Header, f)
		}
	}
	for i := range t.header {
		value, err := c.string(&t.header[i].value, v)
		if err != nil {
			return err
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return fault.Measuref("the value for the header %s holds a line break or a control character", t.header[i].name)
		}
		if strings.EqualFold(t.header[i].name, "Host") {
			r.Host = value
			continue
		}
		r.Header = append(r.Header, Field{t.header[i].name, value})
	}
	if t.hasBody {
		r.Body, err = t.body.appendTo(r.Body, v)
	}
	return err
}

// has says whether the template sets the header itself.
func (t *Template) has(name string) bool {
	for i := range t.header {
		if strings.EqualFold(t.header[i].name, name) {
			return true
		}
	}
	return false
}

// string fills a text; where it has no placeholder nothing is allocated.
func (c *Client) string(t *text, v *Values) (string, error) {
	if t.static {
		return t.fixed, nil
	}
	var err error
	c.scratch, err = t.appendTo(c.scratch[:0], v)
	return string(c.scratch), err
}
