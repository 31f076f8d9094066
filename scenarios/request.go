package scenarios

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
	"gopkg.in/yaml.v3"
)

// requestFields are the keys that every request may have. step says which
// placeholders have a value in it.
func (d *decoder) requestFields(r *Request, step int) fields {
	filled := func(checks ...check) func(*string) reader {
		return d.template(step, func(dst *string) reader { return d.text(dst, checks...) })
	}
	return fields{
		"uri":       filled(checkURI)(&r.URI),
		"method":    d.text(&r.Method, checkMethod),
		"headers":   d.headers(&r.Headers, step),
		"body":      filled()(&r.Body),
		"json":      d.json(&r.Body, step),
		"form":      d.form(&r.Body, step),
		"body_file": d.text(&r.BodyFile, d.regularFile),
		"cookies": func(n *yaml.Node) {
			cookies := ""
			d.enum(&cookies, "keep", "fresh")(n)
			r.Fresh = cookies == "fresh"
		},
		"expect": func(n *yaml.Node) {
			if len(d.mapping(n, d.expectFields(&r.Expect, step))) == 0 && n.Kind == yaml.MappingNode {
				d.problem(n, "add status: or contains:, or leave expect: out", "expect: says nothing")
			}
		},
	}
}

func (d *decoder) expectFields(e *Expect, step int) fields {
	return fields{
		"status": func(n *yaml.Node) {
			one := func(item *yaml.Node) {
				var status int
				whole(d, &status, 100, 599)(item)
				e.Status = append(e.Status, status)
			}
			if n.Kind != yaml.SequenceNode {
				one(n)
				return
			}
			d.list(n, "", one)
			if len(n.Content) == 0 {
				d.problem(n, "name the statuses: [200, 404]", "the list is empty")
			}
		},
		"contains": d.template(step, func(dst *string) reader { return d.text(dst, notEmpty) })(&e.Contains),
	}
}

// request completes what was read of one request.
func (d *decoder) request(r *Request, found keys) {
	kind := d.only(found, "body", "json", "form", "body_file")
	r.HasBody = kind != ""
	types := map[string]string{"json": "application/json", "form": "application/x-www-form-urlencoded"}
	if t := types[kind]; t != "" && !slices.ContainsFunc(r.Headers, func(h Pair) bool { return strings.EqualFold(h.Name, "Content-Type") }) {
		r.Headers = append(r.Headers, Pair{"Content-Type", t})
	}
}

// requestLine reads a request in its short form, "METHOD /path".
func (d *decoder) requestLine(r *Request, n *yaml.Node, step int) {
	var s string
	d.template(step, func(dst *string) reader { return d.text(dst, notEmpty) })(&s)(n)
	if s == "" {
		return
	}
	method, uri, wrong, fix := parseRequestLine(s)
	if wrong != "" {
		d.problem(n, fix, "%s", wrong)
		return
	}
	r.Method, r.URI = method, uri
}

func (d *decoder) stepFields(s *Step, number int) fields {
	f := d.requestFields(&s.Request, number)
	f["capture"] = func(n *yaml.Node) {
		d.list(n, "write a list: capture: [{as: name, …}]", func(item *yaml.Node) {
			c := Capture{}
			found := d.mapping(item, d.captureFields(&c), "as")
			ways := []string{"selector", "json", "regexp", "header", "cookie"}
			if d.only(found, ways...) == "" && item.Kind == yaml.MappingNode {
				d.problem(item, "add one of selector:, json:, regexp:, header:, cookie:", "nothing says what is captured")
			}
			d.needs(found, "attr", "selector", "it names an attribute of what selector: finds")
			if c.As != "" {
				d.captures = append(d.captures, captured{c.As, number})
			}
			s.Capture = append(s.Capture, c)
		})
	}
	return f
}

func (d *decoder) captureFields(c *Capture) fields {
	return fields{
		"as":       d.text(&c.As, checkName),
		"selector": d.text(&c.Selector, notEmpty, checkSelector),
		"attr":     d.text(&c.Attr, notEmpty),
		"json":     d.text(&c.JSON, checkJSONPath),
		"regexp":   d.text(&c.Regexp, notEmpty, checkRegexp),
		"header":   d.text(&c.Header, headerName),
		"cookie":   d.text(&c.Cookie, notEmpty),
	}
}

// before reads the steps.
func (d *decoder) before(dst *[]Step) reader {
	return func(n *yaml.Node) {
		d.list(n, "write a list: before: [{uri: /login}]", func(item *yaml.Node) {
			s := Step{Request: Request{Method: "GET"}, Line: item.Line}
			if item.Kind == yaml.ScalarNode {
				d.requestLine(&s.Request, item, len(*dst))
			} else {
				d.request(&s.Request, d.mapping(item, d.stepFields(&s, len(*dst)), "uri"))
			}
			*dst = append(*dst, s)
		})
	}
}

func (d *decoder) uriFields(u *URI) fields {
	f := fields{
		"name": d.text(&u.Name, notEmpty, oneLine),
		"requests": func(n *yaml.Node) {
			u.Requests = new(Count)
			d.count(u.Requests, 1)(n)
		},
		"budget": d.size(&u.Budget),
		"ignore": func(n *yaml.Node) {
			u.Ignore = &Ignore{}
			d.mapping(n, d.ignoreFields(u.Ignore), "reason", "until")
		},
		"tags": d.texts(&u.Tags, "write a list: tags: [slow, nightly]", notEmpty, oneLine),
	}
	maps.Copy(f, d.requestFields(&u.Request, everyStep))
	return f
}

func (d *decoder) ignoreFields(i *Ignore) fields {
	return fields{"reason": d.text(&i.Reason, notEmpty), "until": d.day(&i.Until)}
}

const urisForm = `write a list: uris: [/, "DELETE /cart"]`

// uris reads the list of what is measured. Names are unique.
func (d *decoder) uris(dst *[]URI) reader {
	return func(n *yaml.Node) {
		first := make(map[string]int, len(n.Content))
		*dst = slices.Grow(*dst, len(n.Content)) // a URI takes 200 bytes: a slice that grows takes six times as much in all
		d.list(n, urisForm, func(item *yaml.Node) {
			u := URI{Request: Request{Method: "GET"}, Line: item.Line}
			var found keys
			if item.Kind == yaml.ScalarNode {
				d.requestLine(&u.Request, item, everyStep)
			} else {
				found = d.mapping(item, d.uriFields(&u), "uri")
				d.request(&u.Request, found)
			}
			if u.Name == "" {
				u.Name = strings.TrimPrefix(u.Method+" "+u.URI, "GET ")
			}
			if line := first[u.Name]; line > 0 && u.URI != "" {
				d.sameName(item, found, line)
			} else {
				first[u.Name] = item.Line
			}
			*dst = append(*dst, u)
		})
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			d.problem(n, urisForm, "nothing in uris: there is nothing to measure")
		}
	}
}

func (d *decoder) sameName(item *yaml.Node, found keys, line int) {
	if key := found["name"]; key != nil {
		d.problem(key, "reports tell URIs apart by their names: choose another", "this name is taken by the URI on line %d", line)
		return
	}
	d.problem(item, "leave one of them out, or give this one a name of its own: {uri: …, name: …}",
		"the same request as on line %d, and so the same name", line)
}

var headerForm = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+$`)

func headerName(text string) (wrong, fix string) {
	if !headerForm.MatchString(text) {
		return "this is no name of a header", "use letters, digits and -, such as X-Request-Id"
	}
	return "", ""
}

func headerValue(text string) (wrong, fix string) {
	if !httpguts.ValidHeaderFieldValue(text) {
		return "the value of a header holds a line break or a control character", "write it on one line"
	}
	return "", ""
}

// headers reads a mapping of names to a value, or to a list of values where a
// header is sent more than once.
func (d *decoder) headers(dst *[]Pair, step int) reader {
	return func(n *yaml.Node) {
		seen := map[string]int{}
		d.pairs(n, "write Name: value, such as headers: {Accept: text/html}", func(key, value *yaml.Node) {
			lower := strings.ToLower(key.Value)
			if wrong, fix := headerName(key.Value); wrong != "" {
				d.problem(key, fix, "%s", wrong)
			} else if line := seen[lower]; line > 0 {
				d.problem(key, "upper and lower case are the same here; for two values write a list", "duplicate header, first on line %d", line)
			} else if lower == "content-length" || lower == "transfer-encoding" {
				d.problem(key, "leave it out", "this header follows from the body and cannot be set")
			}
			seen[lower] = key.Line
			d.values(value, func(item *yaml.Node) {
				p := Pair{Name: key.Value}
				d.template(step, func(s *string) reader { return d.plain(s, headerValue) })(&p.Value)(item)
				*dst = append(*dst, p)
			})
		})
	}
}

// values reads one value, or each of a list.
func (d *decoder) values(n *yaml.Node, item reader) {
	if n.Kind == yaml.SequenceNode {
		d.list(n, "", item)
		return
	}
	item(n)
}

// regularFile checks that a file named in the scenario can be read later.
func (d *decoder) regularFile(name string) (wrong, fix string) {
	const form = "a path is relative to the folder of the scenario"
	info, err := os.Stat(beside(d.file, name))
	switch {
	case err != nil:
		return "this file cannot be read", form
	case !info.Mode().IsRegular():
		return "this is not a file", form
	}
	return "", ""
}

func checkGlob(text string) (wrong, fix string) {
	if _, err := path.Match(text, ""); err != nil {
		return "this is no glob", `* stands for any characters but /, ? for one, [a-z] for a range; write \[ for a [`
	}
	return "", ""
}
