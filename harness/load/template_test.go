package load

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

const nasty = "a/b?c&d=e+f g%\"\\ü\r\n#\x00"

var values = Values{
	N:    7,
	Vars: map[string]string{"v": nasty, "dots": "..", "csrf-token_2": "A+/=", "empty": ""},
	Row:  map[string]string{"id": "42", "first name": "Ada L"},
}

// rendered is the request that a template becomes.
func rendered(t *testing.T, s Spec, v Values) *Request {
	t.Helper()
	c := New(Endpoint{Host: "h"}, false)
	if err := c.req.fill(c, compile(t, s), &v); err != nil {
		t.Fatal(err)
	}
	return &c.req
}

func TestURI(t *testing.T) {
	for _, tc := range []struct{ uri, want string }{
		{"/", "/"},
		{"/a b/ü?q=\"x\"&y=%20#frag", "/a%20b/%C3%BC?q=%22x%22&y=%20"},
		{"/orders/{{n}}/{{ data.id }}?p={{n}}", "/orders/7/42?p=7"},
		{"/{{v}}", "/a%2Fb%3Fc&d=e+f%20g%25%22%5C%C3%BC%0D%0A%23%00"},
		{"/?q={{v}}&r", "/?q=a%2Fb%3Fc%26d%3De%2Bf%20g%25%22%5C%C3%BC%0D%0A%23%00&r"},
		{"/{{n}}#{{v}}", "/7"},
		{"/{{n}}?a#b?{{n}}", "/7?a"},
		{"/{{dots}}/x", "/%2E%2E/x"},
		{"/{{data.first name}}{{empty}}", "/Ada%20L"},
		{"/{n}", "/%7Bn%7D"},
	} {
		if got := rendered(t, Spec{URI: tc.uri}, values).URI; got != tc.want {
			t.Errorf("%s: %s, want %s", tc.uri, got, tc.want)
		}
	}
}

func TestBodies(t *testing.T) {
	form := [][2]string{{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}}
	for _, tc := range []struct {
		name, body, want string
		header           [][2]string
	}{
		{"raw", `<{{v}}>{{n}}`, "<" + nasty + ">7", nil},
		{"form", "t={{csrf-token_2}}&a=b+c", "t=A%2B%2F%3D&a=b+c", form},
		{"encoded form", "t=%7B%7Bcsrf-token_2%7D%7D&n=%7b%7b+n+%7d%7d&d=%7B%7Bdata.first+name%7D%7D&x=%7By%7D", "t=A%2B%2F%3D&n=7&d=Ada%20L&x=%7By%7D", form},
		{"json", `{"a":"{{v}}","n":{{n}},"o":{"p":{"q":1}}}`, `{"a":"a/b?c&d=e+f g%\"\\ü\r\n#\u0000","n":7,"o":{"p":{"q":1}}}`, [][2]string{{"Content-Type", "application/vnd.api+json"}}},
	} {
		r := rendered(t, Spec{Method: "POST", URI: "/", Body: tc.body, HasBody: true, Header: tc.header}, values)
		if string(r.Body) != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, r.Body, tc.want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		spec       Spec
	}{
		{"no URI", "empty", Spec{}},
		{"open", "not closed", Spec{URI: "/{{n"}},
		{"no name", "no placeholder", Spec{URI: "/{{}}"}},
		{"odd name", "no placeholder", Spec{URI: "/", Body: "{{a b}}"}},
		{"digit first", "no placeholder", Spec{URI: "/{{1a}}"}},
		{"no column", "no placeholder", Spec{URI: "/{{data.}}"}},
		{"in Contains", "not closed", Spec{URI: "/", Contains: "{{"}},
		{"method", "no request method", Spec{URI: "/", Method: "GET /x"}},
		{"header name", "no header name", Spec{URI: "/", Header: [][2]string{{"a b", "c"}}}},
		{"header value", "line break", Spec{URI: "/", Header: [][2]string{{"A", "b\r\nC: d"}}}},
		{"length", "Transfer-Encoding", Spec{URI: "/", Header: [][2]string{{"transfer-encoding", "chunked"}}}},
	} {
		tm, err := Compile(tc.spec)
		if err == nil || tm != nil || fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %v, kind %v", tc.name, err, fault.KindOf(err))
		}
	}
}

func TestMissingValues(t *testing.T) {
	for _, tc := range []struct {
		text string
		spec Spec
	}{
		{"{{x}} has no value", Spec{URI: "/{{x}}"}},
		{"{{data.x}} has no value", Spec{URI: "/", HasBody: true, Body: "{{data.x}}"}},
		{"{{x}} has no value", Spec{URI: "/", Contains: "{{x}}"}},
		{"line break", Spec{URI: "/", Header: [][2]string{{"A", "{{v}}"}}}},
	} {
		c := New(Endpoint{Network: "tcp", Address: "127.0.0.1:1"}, false)
		res := c.Do(t.Context(), compile(t, tc.spec), values)
		if res.Err == nil || !strings.Contains(res.Err.Error(), tc.text) || res.Sent != 0 {
			t.Errorf("%+v: %v", tc.spec, res.Err)
		}
		if strings.Contains(res.Err.Error(), "a/b") {
			t.Errorf("the value is in the error: %v", res.Err)
		}
	}
}

func TestTargetHeaderIsNotPrinted(t *testing.T) {
	c := New(Endpoint{Network: "tcp", Address: "127.0.0.1:1", Header: map[string][]string{"X-Password": {"hunter2\n"}}}, false)
	res := c.Do(t.Context(), compile(t, Spec{URI: "/"}), Values{})
	if res.Err == nil || strings.Contains(res.Err.Error(), "hunter2") || !strings.Contains(res.Err.Error(), "X-Password") {
		t.Errorf("%v", res.Err)
	}
}

// FuzzCompile: whatever compiles makes one request line and header lines that
// hold no line break, and values come back from their encoding.
func FuzzCompile(f *testing.F) {
	f.Add("/orders/{{n}}?q={{v}}#x", "{\"a\":\"{{v}}\"}", "b", nasty)
	f.Add("{{", "{{n}}", "{{v}}", "\xff")
	f.Fuzz(func(t *testing.T, uri, body, header, value string) {
		tm, err := Compile(Spec{Method: "POST", URI: uri, Body: body, HasBody: true, Header: [][2]string{{"X-A", header}}})
		if (err == nil) != (tm != nil) {
			t.Fatal("a template with an error, or none without")
		}
		if err != nil {
			return
		}
		c := New(Endpoint{Host: "h"}, false)
		v := Values{N: 1, Vars: map[string]string{"v": value}, Row: map[string]string{"v": value}}
		if c.req.fill(c, tm, &v) != nil {
			return
		}
		if strings.ContainsAny(c.req.URI, " \r\n\x00#") {
			t.Errorf("request line %q", c.req.URI)
		}
		for _, h := range c.req.Header {
			if strings.ContainsAny(h.Value, "\r\n\x00") {
				t.Errorf("header %q", h)
			}
		}
		if got, err := url.PathUnescape(pathEscape(value)); err != nil || got != value {
			t.Errorf("path: %q became %q", value, got)
		}
		if got, err := url.QueryUnescape(queryEscape(value)); err != nil || got != value {
			t.Errorf("query: %q became %q", value, got)
		}
		var back string
		if err := json.Unmarshal([]byte(`"`+jsonEscape(value)+`"`), &back); err != nil || back != strings.ToValidUTF8(value, "\ufffd") && strings.ToValidUTF8(value, "") == value {
			t.Errorf("JSON: %q became %q, %v", value, back, err)
		}
	})
}
