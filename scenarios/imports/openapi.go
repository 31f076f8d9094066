package imports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// mostOperations is how many operations a description has at most: the library takes 12 kB
// for each, however short it is.
const mostOperations = 5_000

var templated = regexp.MustCompile(`\{([^{}]+)\}`)

// OpenAPI reads an OpenAPI 3 description, JSON or YAML. Parameters have the values
// of their examples, defaults and enums; what has none is a placeholder without a
// value. References to other files are not followed. Errors are Usage faults.
func OpenAPI(r io.Reader, o Options) (f *Found, err error) {
	data, err := all(r, "OpenAPI description")
	if err != nil {
		return nil, err
	}
	// Each operation has its responses: they are counted before the library reads them.
	if n := bytes.Count(data, []byte(`"responses":`)) + bytes.Count(data, []byte(`responses: `)) + bytes.Count(data, []byte("responses:\n")); n > mostOperations {
		return nil, fault.Usagef("the OpenAPI description has %d operations, and %d are the most that are read", n, mostOperations).
			WithHint("Give a part of its paths.")
	}
	doc, err := loadOpenAPI(data)
	if err != nil {
		return nil, err
	}
	a := &api{builder: builder{found: &Found{Source: "an OpenAPI description"}, taken: map[string][]string{}}, doc: doc, base: basePath(doc)}
	var unsafe, odd int64
	for _, path := range doc.Paths.Keys() {
		item := doc.Paths.Value(path)
		if item == nil {
			continue
		}
		operations := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			if known([]byte(method)) == "" || method != "GET" && method != "HEAD" && !o.Unsafe {
				unsafe++
			} else if !a.operation(method, path, item, operations[method]) {
				odd++
			}
		}
	}
	a.security()
	f = a.found
	f.unique()
	f.note(unsafe, "operation", "with methods other than GET and HEAD (--unsafe)")
	f.note(odd, "operation", "with a path that no URI can have")
	f.limit(o.Max)
	return f, nil
}

// loadOpenAPI reads the description. Whatever is in it, the library's panic is an
// error of the file.
func loadOpenAPI(data []byte) (doc *openapi3.T, err error) {
	wrong := fault.Usagef("this is no OpenAPI 3 description").
		WithHint("It is JSON or YAML with openapi: 3.x and paths:; references to other files must be bundled first.")
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, wrong
		}
	}()
	loader := openapi3.NewLoader()
	doc, err = loader.LoadFromData(data)
	switch {
	case err == nil && doc != nil && strings.HasPrefix(doc.OpenAPI, "3") && doc.Paths != nil:
		return doc, nil
	case regexp.MustCompile(`(?m)(?:^|[{,])\s*"?swagger"?\s*:\s*["']?2`).Match(data):
		return nil, fault.Usagef("this is a Swagger 2.0 description").
			WithHint("Convert it to OpenAPI 3 first: npx swagger2openapi api.yaml.")
	case err != nil:
		return nil, wrong.Because(err)
	}
	return nil, wrong
}

// basePath is the path of the first server.
func basePath(doc *openapi3.T) string {
	if len(doc.Servers) == 0 || doc.Servers[0] == nil {
		return ""
	}
	server := doc.Servers[0]
	address := server.URL
	for name, v := range server.Variables {
		if v != nil {
			address = strings.ReplaceAll(address, "{"+name+"}", v.Default)
		}
	}
	u, err := url.Parse(address)
	if err != nil || strings.ContainsAny(u.Path, "{}") {
		return ""
	}
	return strings.TrimRight(u.EscapedPath(), "/")
}

// api makes routes of a description's operations.
type api struct {
	builder
	doc  *openapi3.T
	base string
}

// operation makes a route of one operation; false where its path is none.
func (a *api) operation(method, path string, item *openapi3.PathItem, op *openapi3.Operation) bool {
	params := map[string]*openapi3.Parameter{}
	for _, list := range []openapi3.Parameters{item.Parameters, op.Parameters} {
		for _, p := range list {
			if p != nil && p.Value != nil {
				params[p.Value.In+" "+p.Value.Name] = p.Value
			}
		}
	}
	r := Route{Method: method, Note: op.OperationID}
	if !a.path(&r, path, params) {
		return false
	}
	separator := "?"
	for _, key := range slices.Sorted(maps.Keys(params)) {
		p := params[key]
		switch {
		case !p.Required || p.Name == "":
		case p.In == "query":
			uri, example := a.values(&r, p, p.Name, url.QueryEscape)
			name := url.QueryEscape(p.Name)
			r.URI += separator + name + "=" + uri
			r.Example += separator + name + "=" + example
			separator = "&"
		case p.In == "header" && isToken(p.Name) && !slices.Contains(ofConnection, strings.ToLower(p.Name)):
			value, _ := a.values(&r, p, p.Name, func(s string) string { return s })
			if strings.HasPrefix(value, "{{data.") { // it must stand without a data file, too
				value = "{{" + identifier(p.Name) + "}}"
			}
			r.Headers = append(r.Headers, scenarios.Pair{Name: p.Name, Value: value})
		}
	}
	if op.RequestBody != nil && op.RequestBody.Value != nil && method != "GET" && method != "HEAD" {
		a.requestBody(&r, op.RequestBody.Value)
	}
	a.found.Routes = append(a.found.Routes, r)
	return true
}

// path fills the parameters of a path.
func (a *api) path(r *Route, path string, params map[string]*openapi3.Parameter) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	path = a.base + path
	at, before := 0, ""
	for _, m := range templated.FindAllStringSubmatchIndex(path, -1) {
		literal, ok := clean(nil, []byte("/"+path[at:m[0]]))
		if !ok {
			return false
		}
		r.URI += string(literal[1:])
		r.Example += string(literal[1:])
		if words := strings.FieldsFunc(path[at:m[0]], func(c rune) bool { return c == '/' }); len(words) > 0 {
			before = words[len(words)-1]
		}
		name := path[m[2]:m[3]]
		called := name
		if strings.EqualFold(name, "id") && before != "" {
			called = singular(before) + "_id"
		}
		uri, example := a.values(r, params["path "+name], called, url.PathEscape)
		r.URI += uri
		r.Example += example
		at = m[1]
	}
	literal, ok := clean(nil, []byte("/"+path[at:]))
	if !ok || strings.ContainsAny(path[at:], "?#") {
		return false
	}
	r.URI += string(literal[1:])
	r.Example += string(literal[1:])
	return strings.HasPrefix(r.URI, "/")
}

// values is what stands for a parameter: its value, a column, or a placeholder.
func (a *api) values(r *Route, p *openapi3.Parameter, name string, escape func(string) string) (uri, example string) {
	var all []string
	if p != nil && !secretName(p.Name) {
		all = parameterValues(p)
	}
	switch len(all) {
	case 0:
		uri = "{{" + identifier(name) + "}}"
		return uri, uri
	case 1:
		return escape(all[0]), escape(all[0])
	}
	r.Values = max(r.Values, len(all))
	return "{{data." + a.column(identifier(name), all) + "}}", escape(all[0])
}

// parameterValues are the values that the description has for a parameter.
func parameterValues(p *openapi3.Parameter) []string {
	var out []string
	add := func(v any) {
		s, ok := v.(string)
		if !ok {
			if text, err := json.Marshal(v); err == nil && v != nil && !bytes.ContainsAny(text, "{[") {
				s = string(text)
			}
		}
		if storable(s) && !strings.Contains(s, "{{") && len(out) < perRoute && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Examples)) {
		if e := p.Examples[key]; e != nil && e.Value != nil {
			add(e.Value.Value)
		}
	}
	add(p.Example)
	if len(out) == 0 {
		schemaValues(p.Schema, newBudget(), add)
	}
	return out
}

// budget bounds how many schemas are looked at for one value. Schemas may hold
// themselves, and one another.
type budget struct{ left int }

func newBudget() *budget { return &budget{200} }

// schemaValues gives add the values in a schema, best first: examples, else the
// default and the enum, else those of its parts.
func schemaValues(ref *openapi3.SchemaRef, b *budget, add func(any)) {
	if ref == nil || ref.Value == nil || b.left <= 0 {
		return
	}
	b.left--
	s := ref.Value
	switch {
	case s.Example != nil || len(s.Examples) > 0:
		for _, v := range append([]any{s.Example}, s.Examples...) {
			add(v)
		}
	case len(s.Enum) > 0:
		for _, v := range append([]any{s.Default}, s.Enum...) {
			add(v)
		}
	case s.Default != nil:
		add(s.Default)
	case s.Const != nil:
		add(s.Const)
	default:
		schemaValues(s.Items, b, add)
		for _, list := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
			for _, one := range list {
				schemaValues(one, b, add)
			}
		}
	}
}

// security puts the credentials that all operations need into the headers.
func (a *api) security() {
	if len(a.doc.Security) == 0 || a.doc.Components == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(a.doc.Security[0])) {
		ref := a.doc.Components.SecuritySchemes[name]
		if ref == nil || ref.Value == nil {
			continue
		}
		switch s := ref.Value; {
		case s.Type == "http" && strings.EqualFold(s.Scheme, "basic"):
			a.header("Authorization", "Basic {{"+identifier(name, "credentials")+"}}")
		case s.Type == "http" && strings.EqualFold(s.Scheme, "bearer"), s.Type == "oauth2", s.Type == "openIdConnect":
			a.header("Authorization", "Bearer {{"+identifier(name, "token")+"}}")
		case s.Type == "apiKey" && s.In == "header" && isToken(s.Name):
			a.header(s.Name, "{{"+identifier(s.Name)+"}}")
		default:
			a.found.Notes = append(a.found.Notes, fmt.Sprintf("the credentials of %s", oneLine(name)))
		}
	}
}

func (a *api) header(name, value string) {
	if !hasHeader(a.found.Headers, name) && !slices.Contains(ofConnection, strings.ToLower(name)) {
		a.found.Headers = append(a.found.Headers, scenarios.Pair{Name: name, Value: value})
	}
}
