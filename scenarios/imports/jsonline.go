package imports

import (
	"bytes"
	"encoding/json"
)

// jsonLine has the names that Caddy, Traefik, lograge and an nginx with
// escape=json give to what is needed of a line.
//
// https://caddyserver.com/docs/caddyfile/directives/log,
// https://doc.traefik.io/traefik/observability/access-logs/
type jsonLine struct {
	Request jsonRequest `json:"request"`
	Status  number      `json:"status"`

	TraefikMethod text   `json:"RequestMethod"`
	TraefikPath   text   `json:"RequestPath"`
	TraefikHost   text   `json:"RequestHost"`
	TraefikStatus number `json:"DownstreamStatus"`

	Method        text `json:"method"`
	Path          text `json:"path"`
	URI           text `json:"uri"`
	Host          text `json:"host"`
	RequestMethod text `json:"request_method"`
	RequestURI    text `json:"request_uri"`
}

// jsonRequest is Caddy's request, or a request line.
type jsonRequest struct {
	Line   text
	Method text
	Host   text
	URI    text
}

func (r *jsonRequest) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return r.Line.UnmarshalJSON(b)
	}
	fields := struct {
		Method *text `json:"method"`
		Host   *text `json:"host"`
		URI    *text `json:"uri"`
	}{&r.Method, &r.Host, &r.URI}
	return json.Unmarshal(b, &fields)
}

func (l *jsonLine) reset() {
	for _, t := range []*text{
		&l.Request.Line, &l.Request.Method, &l.Request.Host, &l.Request.URI, &l.TraefikMethod, &l.TraefikPath, &l.TraefikHost,
		&l.Method, &l.Path, &l.URI, &l.Host, &l.RequestMethod, &l.RequestURI,
	} {
		*t = (*t)[:0]
	}
	l.Status, l.TraefikStatus = 0, 0
}

func (s *scratch) parseJSON(line []byte) (kind string, r request, why reason) {
	l := &s.json
	l.reset()
	if err := json.Unmarshal(line, l); err != nil {
		return "", request{}, garbled
	}
	kind, r.status = "JSON", int(l.Status)
	switch {
	case len(l.Request.URI) > 0:
		kind, r.method, r.target, r.host = "Caddy JSON", l.Request.Method, l.Request.URI, l.Request.Host
	case len(l.TraefikPath) > 0:
		kind, r.method, r.target, r.host, r.status = "Traefik JSON", l.TraefikMethod, l.TraefikPath, l.TraefikHost, int(l.TraefikStatus)
		r.host, _, _ = bytes.Cut(r.host, []byte(":"))
	case len(l.Request.Line) > 0:
		if !r.line(l.Request.Line) {
			return "", request{}, noRequest
		}
	default:
		r.method, r.target, r.host = either(l.Method, l.RequestMethod), either(l.Path, l.RequestURI, l.URI), l.Host
	}
	if len(r.host) == 0 {
		r.host = nil
	}
	return kind, r, r.wrong()
}

// either is the first of these that is not empty.
func either(all ...text) []byte {
	for _, t := range all {
		if len(t) > 0 {
			return t
		}
	}
	return nil
}
