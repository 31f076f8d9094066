package imports

import (
	"bytes"
	"encoding/json"
)

// scratch is what the parsers of lines use again and again.
type scratch struct {
	json jsonLine
	buf  []byte
}

// parse reads a line by its looks: JSON, lograge's name=value, or what nginx and
// Apache write.
func (s *scratch) parse(line []byte) (kind string, r request, why reason) {
	if line[0] == '{' {
		return s.parseJSON(line)
	}
	if at := bytes.Index(line, []byte("] \"")); at >= 0 {
		return s.parseCommon(line, at)
	}
	if at := bytes.Index(line, []byte("method=")); at >= 0 && (at == 0 || line[at-1] == ' ') {
		r, why = parseLograge(line[at:])
		return "lograge", r, why
	}
	if at := bytes.Index(line, []byte(": {")); at >= 0 && line[len(line)-1] == '}' { // a logger's prefix
		return s.parseJSON(line[at+2:])
	}
	return "", request{}, garbled
}

// parseCommon reads the common log format and its extensions (combined, vhost,
// Traefik's): host ident user [time] "request line" status bytes …. The time ends
// at at. https://httpd.apache.org/docs/2.4/logs.html
func (s *scratch) parseCommon(line []byte, at int) (kind string, r request, why reason) {
	start := bytes.IndexByte(line[:at], '[')
	if start < 0 {
		return "", request{}, garbled
	}
	kind = "common"
	head := line[:start]
	if bytes.Count(head, []byte(" ")) > 3 { // the virtual host stands first
		kind = "vhost"
		r.host, _, _ = bytes.Cut(head, []byte(" "))
		if i := bytes.LastIndexByte(r.host, ':'); i > 0 {
			r.host = r.host[:i]
		}
	}
	text := line[at+3:]
	end := closing(text)
	if end < 0 {
		return "", request{}, garbled
	}
	after := text[end+1:]
	if r.status = statusOf(bytes.TrimLeft(after, " ")); r.status == 0 {
		return "", request{}, noStatus
	}
	if kind == "common" && bytes.IndexByte(after, '"') >= 0 {
		kind = "combined"
	}
	if !r.line(s.unescaped(text[:end])) {
		return "", request{}, noRequest
	}
	return kind, r, ""
}

// closing is where the quote stands that ends a text, or -1.
func closing(text []byte) int {
	from := 0
	for {
		i := bytes.IndexByte(text[from:], '"')
		if i < 0 {
			return -1
		}
		i += from
		slashes := 0
		for j := i - 1; j >= 0 && text[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		from = i + 1
	}
}

// unescaped undoes \xHH, \" and \\, as nginx and Apache write them.
func (s *scratch) unescaped(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	out := s.buf[:0]
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\' || i+1 == len(text):
			out = append(out, text[i])
		case text[i+1] == 'x' && i+3 < len(text) && isHex(text[i+2]) && isHex(text[i+3]):
			out = append(out, unhex(text[i+2])<<4|unhex(text[i+3]))
			i += 3
		default:
			i++
			out = append(out, text[i])
		}
	}
	s.buf = out
	return out
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// line reads "METHOD target HTTP/1.1". A target with spaces in it is whole.
func (r *request) line(text []byte) bool {
	method, rest, found := bytes.Cut(text, []byte(" "))
	if !found || len(method) == 0 {
		return false
	}
	for _, c := range method {
		if (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	if at := bytes.LastIndex(rest, []byte(" HTTP/")); at >= 0 {
		rest = rest[:at]
	}
	r.method, r.target = method, rest
	return len(rest) > 0
}

// statusOf reads the three digits that b begins with; 0 where there are none.
func statusOf(b []byte) int {
	if len(b) < 3 || b[0] < '1' || b[0] > '5' || !digit(b[1]) || !digit(b[2]) || len(b) > 3 && digit(b[3]) {
		return 0
	}
	return int(b[0]-'0')*100 + int(b[1]-'0')*10 + int(b[2]-'0')
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// parseLograge reads method=GET path=/x … status=200 ….
// https://github.com/roidrage/lograge
func parseLograge(line []byte) (r request, why reason) {
	for len(line) > 0 {
		var word []byte
		word, line, _ = bytes.Cut(line, []byte(" "))
		name, value, _ := bytes.Cut(word, []byte("="))
		switch string(name) {
		case "method":
			r.method = value
		case "path":
			r.target = value
		case "host":
			r.host = value
		case "status":
			r.status = statusOf(value)
		}
		if r.method != nil && r.target != nil && r.status != 0 && r.host != nil {
			break
		}
	}
	return r, r.wrong()
}

func (r *request) wrong() reason {
	switch {
	case len(r.method) == 0 || len(r.target) == 0:
		return noRequest
	case r.status == 0:
		return noStatus
	}
	return ""
}

// text is a string of JSON, its bytes kept from line to line. Another type of
// value counts as none.
type text []byte

func (t *text) UnmarshalJSON(b []byte) error {
	*t = (*t)[:0]
	if len(b) < 2 || b[0] != '"' {
		return nil
	}
	if bytes.IndexByte(b, '\\') < 0 {
		*t = append(*t, b[1:len(b)-1]...)
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*t = append(*t, s...)
	return nil
}

// number is a status, as a number or as a string.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	*n = number(statusOf(bytes.Trim(b, `"`)))
	return nil
}
