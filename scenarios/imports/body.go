package imports

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/url"
	"strings"

	"leakhunt/scenarios"
)

// body gives a route the body that was recorded: a form or JSON, with
// placeholders for its secrets. Bodies of other types are not looked through, and
// so left out.
func (r *Route) body(b *harBody) {
	if b == nil || r.Method == "GET" || r.Method == "HEAD" {
		return
	}
	kind, _, _ := mime.ParseMediaType(b.MimeType)
	switch {
	case kind == "application/x-www-form-urlencoded":
		r.Body = formBody(b)
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		r.Body = jsonBody([]byte(b.Text))
	}
	if r.Body == "" {
		r.Note = "its body is left out"
		return
	}
	if !hasHeader(r.Headers, "Content-Type") {
		r.Headers = append(r.Headers, scenarios.Pair{Name: "Content-Type", Value: kind})
	}
}

func hasHeader(headers []scenarios.Pair, name string) bool {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return true
		}
	}
	return false
}

func formBody(b *harBody) string {
	fields := b.Params
	if len(fields) == 0 {
		for _, p := range pairs(b.Text) {
			name, err1 := url.QueryUnescape(p.name)
			value, err2 := url.QueryUnescape(p.value)
			if err1 != nil || err2 != nil {
				return ""
			}
			fields = append(fields, harPair{name, value})
		}
	}
	var parts []string
	for _, p := range fields {
		value := url.QueryEscape(p.Value)
		if secretName(p.Name) || secretValue(p.Value) {
			value = "{{" + identifier(p.Name) + "}}"
		}
		parts = append(parts, url.QueryEscape(p.Name)+"="+value)
	}
	// Load reads %7B%7B in a form as {{.
	body := strings.Join(parts, "&")
	if strings.Contains(body, "%7B%7B") {
		return ""
	}
	return body
}

// jsonBody is a JSON text with placeholders for its secrets, or "".
func jsonBody(text []byte) string {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() || bytes.Contains(text, []byte("{{")) {
		return ""
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(hideIn(v, "")) != nil {
		return ""
	}
	body := strings.TrimSuffix(out.String(), "\n")
	// {"a":{"b":1}} ends in }}, and none of it is a placeholder; but {{ is one.
	if strings.Contains(strings.ReplaceAll(body, `"{{`, ""), "{{") {
		return ""
	}
	return body
}

// hideIn puts placeholders in place of the secrets in v, whose key is name.
func hideIn(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if secretName(k) {
				v[k] = "{{" + identifier(k) + "}}"
			} else {
				v[k] = hideIn(v[k], k)
			}
		}
	case []any:
		for i := range v {
			v[i] = hideIn(v[i], name)
		}
	case string:
		if secretValue(v) {
			return "{{" + identifier(name, "token") + "}}"
		}
	}
	return v
}
