package capture

import (
	"net/http"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

const page = `<html><head><title> Sign in </title><meta name="csrf-token" content="tok&amp;en"></head>
<body><script>var x = 1</script><h1>Sign in</h1><input name="id" value="7"></body></html>`

func header() http.Header {
	return http.Header{
		"Content-Type": {"text/html; charset=utf-8"},
		"X-Request-Id": {"r-1"},
		"Set-Cookie":   {"session=abc; Path=/; HttpOnly"},
	}
}

func TestTake(t *testing.T) {
	json := `{"user":{"id":12345678901234567890,"tags":["a","b"],"ok":true}}`
	for name, c := range map[string]struct {
		capture    scenarios.Capture
		body, want string
	}{
		"attribute":   {scenarios.Capture{Selector: "meta[name=csrf-token]", Attr: "content"}, page, "tok&en"},
		"text":        {scenarios.Capture{Selector: "h1"}, page, "Sign in"},
		"json number": {scenarios.Capture{JSON: "user.id"}, json, "12345678901234567890"},
		"json list":   {scenarios.Capture{JSON: "$.user.tags.1"}, json, "b"},
		"json bool":   {scenarios.Capture{JSON: "user.ok"}, json, "true"},
		"group":       {scenarios.Capture{Regexp: `value="(\d+)"`}, page, "7"},
		"match":       {scenarios.Capture{Regexp: `csrf-\w+`}, page, "csrf-token"},
		"header":      {scenarios.Capture{Header: "x-request-id"}, page, "r-1"},
		"cookie":      {scenarios.Capture{Cookie: "session"}, page, "abc"},
	} {
		if got, err := Take(c.capture, header(), []byte(c.body)); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestNothingFoundSaysWhatWasThere(t *testing.T) {
	for _, c := range []scenarios.Capture{
		{As: "t", Selector: "meta[name=none]"},
		{As: "t", Selector: "h1", Attr: "none"},
		{As: "t", JSON: "a.b"},
		{As: "t", Regexp: "none"},
		{As: "t", Header: "None"},
		{As: "t", Cookie: "none"},
	} {
		_, err := Take(c, header(), []byte(page))
		if fault.KindOf(err) != fault.Measure || !strings.Contains(fault.HintOf(err), `"Sign in"`) {
			t.Errorf("%+v: %v (%s)", c, err, fault.HintOf(err))
		}
		if strings.Contains(fault.HintOf(err), "var x") {
			t.Errorf("a script stands in the excerpt: %s", fault.HintOf(err))
		}
	}
	h := http.Header{"Location": {"/next"}}
	if _, err := Take(scenarios.Capture{As: "t", Cookie: "x"}, h, nil); !strings.Contains(fault.HintOf(err), "/next") {
		t.Errorf("a redirect is not named: %s", fault.HintOf(err))
	}
}

func FuzzTake(f *testing.F) {
	f.Add("a.0.b", `{"a":[{"b":1}]}`)
	f.Add("h1", page)
	f.Fuzz(func(t *testing.T, path, body string) {
		if v, err := Take(scenarios.Capture{As: "x", JSON: "a." + path}, http.Header{}, []byte(body)); err != nil && v != "" {
			t.Errorf("%q with %v", v, err)
		}
	})
}

// What came in place of a page is told by its title, where it has one.
func TestInsteadOfAPage(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html"}}
	for body, want := range map[string]string{
		"<title>Log in</title><p>Who are you?": `The page was titled "Log in" and began: Who are you?`,
		"<p>hello</p>":                         "The page had no title and began: hello",
	} {
		if got := Instead(html, []byte(body)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
