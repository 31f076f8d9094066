package imports

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// harEntry is what is read of an entry of a HAR file: log.entries.
// http://www.softwareishard.com/blog/har-12-spec/
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

// maxWhole is how large a file may be that is read as a whole, maxHAR one that is not.
const (
	maxWhole = 16 << 20
	maxHAR   = 2 << 30
)

// all reads r whole. what is it in an error.
func all(r io.Reader, what string) ([]byte, error) {
	data, err := bounded.All(r, maxWhole)
	switch {
	case errors.Is(err, bounded.ErrLong):
		return nil, fault.Usagef("the %s is larger than %d MiB", what, maxWhole>>20)
	case err != nil:
		return nil, fault.Usagef("cannot read the %s", what).Because(err)
	}
	return data, nil
}

// harEntries reads the entries of a HAR file one after the other: what was answered is
// in it too, and is many times as large.
func harEntries(r io.Reader, each func(*harEntry)) error {
	limited := &harReader{r: &bounded.JSON{R: r, Most: maxString, Cut: true}, whole: maxHAR, value: maxValue}
	// What stands in the file is not shown: an error of json may quote it.
	wrong := fault.Usagef("this is no HAR file").
		WithHint("Record one with a browser: developer tools, network, save all as HAR.")
	d := json.NewDecoder(limited)
	found := false
	err := eachKey(d, func(key string) error {
		if key != "log" {
			return limited.skip(d)
		}
		found = true
		return eachKey(d, func(key string) error {
			if key != "entries" {
				return limited.skip(d)
			}
			if err := opens(d, '['); err != nil {
				return err
			}
			for d.More() {
				limited.value = maxValue
				var e harEntry
				if err := d.Decode(&e); err != nil {
					return err
				}
				each(&e)
			}
			_, err := d.Token()
			return err
		})
	})
	switch {
	case err != nil && limited.whole < 0:
		return fault.Usagef("the HAR file is larger than 2 GiB")
	case err != nil && limited.long:
		return fault.Usagef("a part of the HAR file is too large").WithHint("Save it without the contents of answers.")
	case err != nil || !found:
		return wrong
	}
	return nil
}

// harReader ends a HAR file that is too large, or a value in it, which is held as a
// whole until it has been read.
type harReader struct {
	r            io.Reader
	whole, value int // bytes that may follow
	long         bool
}

// maxString is what is read of a string: what was answered is longer, and not needed.
// maxValue is how large an entry may be with its strings cut so.
const (
	maxString  = 256 << 10
	maxValue   = 4 << 20
	maxSkipped = 16 << 20 // of what is not needed: a token of it is held
)

func (h *harReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.whole -= n
	h.value -= n
	if h.whole < 0 || h.value < 0 {
		h.long = true
		return 0, errors.New("it is too large")
	}
	return n, err
}

// eachKey reads an object, whose values do reads.
func eachKey(d *json.Decoder, do func(key string) error) error {
	if err := opens(d, '{'); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if err := do(name); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func opens(d *json.Decoder, with json.Delim) error {
	t, err := d.Token()
	if err == nil && t != with {
		err = errors.New("another value")
	}
	return err
}

// skip reads a value that is not needed.
func (h *harReader) skip(d *json.Decoder) error {
	h.value = maxSkipped
	defer func() { h.value = maxValue }()
	return skipValue(d)
}

// skipValue reads a value, and holds no more than a token of it.
func skipValue(d *json.Decoder) error {
	for deep := 0; ; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			deep++
		case json.Delim('}'), json.Delim(']'):
			deep--
		}
		if deep == 0 {
			return nil
		}
	}
}

// HAR reads what a browser recorded. Requests to hosts other than that of the first are
// left out, and so are headers and cookies unless withHeaders is true. Secrets in
// those, and in bodies, become placeholders. Errors are Usage faults.
func HAR(r io.Reader, o Options, withHeaders bool) (*Found, error) {
	folder := NewFolder(o)
	host := ""
	var all, elsewhere int64
	first := map[string]*harEntry{} // by method and path
	err := harEntries(r, func(e *harEntry) {
		all++
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			elsewhere++
			return
		}
		if host == "" {
			host = u.Host
		}
		if u.Host != host {
			elsewhere++
			return
		}
		folder.Add([]byte(e.Request.Method), []byte(e.Request.URL), e.Response.Status)
		target, ok := clean(nil, []byte(e.Request.URL))
		if path, _, _ := strings.Cut(string(target), "?"); ok && first[e.Request.Method+" "+path] == nil {
			first[e.Request.Method+" "+path] = e
		}
	})
	if err != nil {
		return nil, err
	}
	f := folder.Found("a HAR file of " + plural(all, "request"))
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
