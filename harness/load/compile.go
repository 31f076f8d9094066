package load

import (
	"encoding/json"
	"io"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"leakhunt/harness/fault"
)

// Template is a Spec made ready for many requests.
type Template struct {
	method   string
	uri      text
	header   []templateField
	body     text
	hasBody  bool
	contains text
	status   []int
	timeout  time.Duration
	fresh    bool
	keepBody bool
	to       io.Writer
}

// Visitor is the template of the same requests without cookies that were received.
func (t *Template) Visitor() *Template {
	v := *t
	v.fresh = true
	return &v
}

type templateField struct {
	name  string
	value text
}

// Compile makes a Spec ready. Placeholders {{n}}, {{name}} and {{data.column}}
// are allowed in the URI, in the values of headers, in the body and in
// Contains. A value is encoded for the place where it is inserted:
//
//   - in the path of a URI, percent-encoded with "/" as %2F;
//   - in its query, percent-encoded with " " as %20, "&" as %26, "+" as %2B;
//   - in a body of Content-Type application/x-www-form-urlencoded, the same as
//     in a query, where {{ and }} may also be written %7B%7B and %7D%7D;
//   - in a body of application/json (or …+json), escaped as the inside of a
//     JSON string, without quotes;
//   - in headers, in other bodies and in Contains, as it is.
//
// What a URI holds beside placeholders is sent as written. Bytes that no URI
// may hold are percent-encoded, and the fragment is cut off. Errors are Usage faults.
func Compile(s Spec) (*Template, error) {
	t := &Template{
		method: s.Method, hasBody: s.HasBody, status: slices.Clone(s.Status),
		timeout: s.Timeout, fresh: s.Fresh, keepBody: s.KeepBody, to: s.To,
	}
	if t.method == "" {
		t.method = "GET"
	}
	if !httpguts.ValidHeaderFieldName(t.method) {
		return nil, fault.Usagef("%q is no request method", clip(s.Method))
	}
	var err error
	if t.uri, err = parseURI(s.URI); err != nil {
		return nil, err
	}
	for _, h := range s.Header {
		if err := checkHeader(h[0], h[1]); err != nil {
			return nil, err
		}
		if strings.EqualFold(h[0], "Content-Length") {
			continue // it follows from the body
		}
		f := templateField{name: h[0]}
		if f.value, err = parseText(h[1], raw); err != nil {
			return nil, err
		}
		t.header = append(t.header, f)
	}
	body, escape := bodyEncoding(s)
	if t.body, err = parseText(body, escape); err != nil {
		return nil, err
	}
	if t.contains, err = parseText(s.Contains, raw); err != nil {
		return nil, err
	}
	return t, nil
}

// checkHeader refuses what would break out of a header line, and the headers
// that say how long a message is: two of them that disagree are an attack.
func checkHeader(name, value string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fault.Usagef("%q is no header name", clip(name))
	case !httpguts.ValidHeaderFieldValue(value):
		return fault.Usagef("the value of the header %s holds a line break or a control character", name)
	case strings.EqualFold(name, "Transfer-Encoding"):
		return fault.Usagef("the header Transfer-Encoding cannot be set: bodies are sent with a Content-Length")
	}
	return nil
}

// parseURI cuts a URI into its pieces; values before the first "?" are encoded
// for a path, those after it for a query.
func parseURI(s string) (text, error) {
	if s == "" {
		return text{}, fault.Usagef("the URI is empty").WithHint(`Write at least "/".`)
	}
	t, err := parseText(s, pathEscape)
	if err != nil {
		return text{}, err
	}
	if t.static {
		line, _, _ := strings.Cut(t.fixed, "#")
		t.fixed = escapeIllegal(line)
		return t, nil
	}
	query := false
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.kind != literal {
			if query {
				p.escape = queryEscape
			}
			continue
		}
		line, _, fragment := strings.Cut(p.s, "#")
		query = query || strings.Contains(line, "?")
		p.s = escapeIllegal(line)
		if fragment {
			t.pieces = t.pieces[:i+1]
			break
		}
	}
	return t, nil
}

// pathEscape is url.PathEscape, which encodes "/" as well as "?". A value of "." or
// ".." would be a step in the path, so its dots are encoded.
func pathEscape(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// queryEscape encodes for a query and for a form. A space becomes %20, which every
// reader of either understands. It does not become "+", which the reader of a query
// that is no form takes for a plus.
func queryEscape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// escapeIllegal percent-encodes the bytes that a request line cannot carry:
// controls, space, non-ASCII, and what RFC 3986 leaves out.
func escapeIllegal(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// encodedPlaceholder is a placeholder that a form encoder has been over.
var encodedPlaceholder = regexp.MustCompile(`(?i)%7B%7B((?:[\w.-]|%20|\+)+)%7D%7D`)

// bodyEncoding returns the body's template and how values are encoded in it,
// by the content type of the request.
func bodyEncoding(s Spec) (string, func(string) string) {
	for _, h := range s.Header {
		if !strings.EqualFold(h[0], "Content-Type") {
			continue
		}
		kind, _, _ := mime.ParseMediaType(h[1])
		switch {
		case kind == "application/x-www-form-urlencoded":
			return encodedPlaceholder.ReplaceAllStringFunc(s.Body, func(m string) string {
				name := strings.NewReplacer("%20", " ", "+", " ").Replace(m[6 : len(m)-6])
				return "{{" + name + "}}"
			}), queryEscape
		case kind == "application/json" || strings.HasSuffix(kind, "+json"):
			return s.Body, jsonEscape
		}
	}
	return s.Body, raw
}

// jsonEscape escapes s as the inside of a JSON string (RFC 8259, section 7).
func jsonEscape(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return "" // a string always encodes
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}
