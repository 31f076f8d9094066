package imports

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// harFile is what is read of a HAR file. http://www.softwareishard.com/blog/har-12-spec/
type harFile struct {
	Log *struct {
		Entries []harEntry `json:"entries"`
	} `json:"log"`
}

type harEntry struct {
	Request struct {
		Method   string    `json:"method"`
		URL      string    `json:"url"`
		Headers  []harPair `json:"headers"`
		PostData *harBody  `json:"postData"`
	} `json:"request"`
	Response struct {
		Status int `json:"status"`
	} `json:"response"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harBody struct {
	MimeType string    `json:"mimeType"`
	Params   []harPair `json:"params"`
	Text     string    `json:"text"`
}

// maxFile is how large a file may be that is read as a whole.
const maxFile = 256 << 20

// all reads r whole. what is it in an error.
func all(r io.Reader, what string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fault.Usagef("cannot read the %s", what).Because(err)
	}
	if len(data) > maxFile {
		return nil, fault.Usagef("the %s is larger than 256 MiB", what)
	}
	return data, nil
}

// HAR reads what a browser recorded. Requests to hosts other than that of the
// first are left out, headers and cookies too unless withHeaders; of those, and of
// bodies, secrets are placeholders. Errors are Usage faults.
func HAR(r io.Reader, o Options, withHeaders bool) (*Found, error) {
	data, err := all(r, "HAR file")
	if err != nil {
		return nil, err
	}
	var file harFile
	// What stands in the file is not shown: an error of json may quote it.
	if json.Unmarshal(data, &file) != nil || file.Log == nil {
		return nil, fault.Usagef("this is no HAR file").
			WithHint("Record one with a browser: developer tools, network, save all as HAR.")
	}
	folder := NewFolder(o)
	host := ""
	var elsewhere int64
	first := map[string]*harEntry{} // by method and path
	for i := range file.Log.Entries {
		e := &file.Log.Entries[i]
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			elsewhere++
			continue
		}
		if host == "" {
			host = u.Host
		}
		if u.Host != host {
			elsewhere++
			continue
		}
		folder.Add([]byte(e.Request.Method), []byte(e.Request.URL), e.Response.Status)
		target, ok := clean(nil, []byte(e.Request.URL))
		if path, _, _ := strings.Cut(string(target), "?"); ok && first[e.Request.Method+" "+path] == nil {
			first[e.Request.Method+" "+path] = e
		}
	}
	f := folder.Found("a HAR file of " + plural(int64(len(file.Log.Entries)), "request"))
	f.note(elsewhere, "request", "to other hosts than that of the first")
	for i := range f.Routes {
		route := &f.Routes[i]
		path, _, _ := strings.Cut(route.Example, "?")
		e := first[route.Method+" "+path]
		if e == nil {
			continue
		}
		if withHeaders {
			route.Headers = harHeaders(e.Request.Headers)
		}
		route.body(e.Request.PostData)
	}
	if withHeaders {
		f.shareHeaders()
	} else {
		f.Notes = append(f.Notes, "all headers and cookies (--with-headers)")
	}
	return f, nil
}

// ofConnection are headers that belong to a connection, or that say what the
// client that recorded them can do. Those that begin with ":" or "sec-" do too.
var ofConnection = strings.Fields(`host connection keep-alive proxy-connection te trailer transfer-encoding upgrade
	content-length accept-encoding if-none-match if-modified-since if-match if-unmodified-since if-range range expect
	cache-control pragma origin referer user-agent dnt priority upgrade-insecure-requests`)

// harHeaders are the headers that an application may look at. Cookies come as one
// header; secrets are placeholders.
func harHeaders(recorded []harPair) []scenarios.Pair {
	var out []scenarios.Pair
	for _, h := range recorded {
		name := strings.ToLower(h.Name)
		switch {
		case !isToken(h.Name) || strings.HasPrefix(name, "sec-") || slices.Contains(ofConnection, name):
			continue
		case slices.ContainsFunc(out, func(p scenarios.Pair) bool { return strings.EqualFold(p.Name, name) }):
			continue // the first of two
		case name == "cookie":
			out = append(out, scenarios.Pair{Name: "Cookie", Value: harCookies(h.Value)})
		case secretName(name) || secretValue(h.Value) || !plainValue(h.Value):
			out = append(out, scenarios.Pair{Name: h.Name, Value: "{{" + identifier(name) + "}}"})
		default:
			out = append(out, scenarios.Pair{Name: h.Name, Value: h.Value})
		}
	}
	slices.SortFunc(out, func(a, b scenarios.Pair) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out
}

// harCookies keeps the names of cookies, and the values of those that are words:
// theme=dark.
func harCookies(line string) string {
	cookies, err := http.ParseCookie(line)
	if err != nil {
		return "{{cookies}}"
	}
	var parts []string
	for _, c := range cookies {
		value := c.Value
		if secretName(c.Name) || len(value) > 12 || isValue([]byte(value)) || !plainValue(value) {
			value = "{{" + identifier("cookie", c.Name) + "}}"
		}
		parts = append(parts, c.Name+"="+value)
	}
	return strings.Join(parts, "; ")
}

// plainValue is whether a value means itself in a scenario and in a header.
func plainValue(v string) bool {
	for _, c := range []byte(v) {
		if c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return !strings.Contains(v, "{{")
}

func isToken(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !digit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}

// shareHeaders moves the headers that all routes have to the top.
func (f *Found) shareHeaders() {
	if len(f.Routes) < 2 {
		return
	}
	for _, h := range f.Routes[0].Headers {
		shared := !strings.EqualFold(h.Name, "content-type")
		for i := range f.Routes {
			shared = shared && slices.Contains(f.Routes[i].Headers, h)
		}
		if shared {
			f.Headers = append(f.Headers, h)
		}
	}
	for i := range f.Routes {
		f.Routes[i].Headers = slices.DeleteFunc(f.Routes[i].Headers, func(h scenarios.Pair) bool { return slices.Contains(f.Headers, h) })
	}
}
