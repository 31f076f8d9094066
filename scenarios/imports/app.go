package imports

import (
	"fmt"
	"path/filepath"
	"strings"

	"leakhunt/harness/fault"
)

// AppRoute is a route as the framework of a running application lists it.
type AppRoute struct {
	Framework string // "rails", "sinatra", "flask", "django", "fastapi", "bottle", "express", "fastify"
	Method    string // "" where any is taken; several are joined by |
	Path      string // as the framework writes it; "" where it does not tell
	Handler   string // what handles it, "" where not known
	File      string // where that begins, "" where not known
	Line      int
}

// App makes URIs of what a framework answers to. Values of path parameters are not
// known: each is a placeholder without one. dir is the application's own folder,
// which files are told from. Errors are Usage faults.
func App(routes []AppRoute, dir string, o Options) (*Found, error) {
	if len(routes) == 0 {
		return nil, fault.Usagef("the application lists no routes").
			WithHint("Those of Rails, Sinatra, Flask, Django, FastAPI, Bottle, Express and Fastify are known. An access log, or leakhunt import crawl, names the URIs of any other.")
	}
	f := &Found{Source: "the routes of a running application"}
	var unsafe, internal, hidden, harms int64
	for _, r := range routes {
		uri, ok := "", r.Path != ""
		if ok {
			uri, ok = appPath(r.Framework, r.Path)
		}
		switch {
		case !ok:
			hidden++
			continue
		case isInternal(r.Framework, uri):
			internal++
			continue
		}
		for _, verb := range verbs(r.Method) {
			switch {
			case known([]byte(verb)) == "" || verb != "GET" && verb != "HEAD" && !o.Unsafe:
				unsafe++
			case harmful(strings.NewReplacer("/", " ").Replace(r.Path)) && !o.Unsafe:
				harms++
			default:
				f.Routes = append(f.Routes, Route{Method: verb, URI: uri, Example: uri, Note: r.note(dir)})
			}
		}
	}
	f.unique()
	f.note(unsafe, "route", "with methods other than GET and HEAD (--unsafe)")
	f.note(harms, "route", "with the path of what logs out, deletes or changes something (--unsafe)")
	f.note(internal, "route", "of the framework itself, and of files that are served as they are")
	f.note(hidden, "route", "whose path is a pattern, or is not told by the framework")
	f.limit(o.Max)
	return f, nil
}

// verbs are the methods of a route: GET where it takes any.
func verbs(method string) []string {
	if method == "" {
		return []string{"GET"}
	}
	return strings.Split(method, "|")
}

// note is what handles the route, and where.
func (r *AppRoute) note(dir string) string {
	at := r.File
	if rel, err := filepath.Rel(dir, at); dir != "" && err == nil && filepath.IsLocal(rel) {
		at = rel
	}
	if at != "" && r.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, r.Line)
	}
	return strings.TrimPrefix(ifElse(at == "", r.Handler, r.Handler+", "+at), ", ")
}

// isInternal is whether a framework made the route for itself, or for files.
func isInternal(framework, uri string) bool {
	switch framework {
	case "rails":
		return strings.HasPrefix(uri, "/rails/") || strings.HasPrefix(uri, "/assets") || strings.HasPrefix(uri, "/cable")
	case "flask":
		return strings.HasSuffix(uri, "/static/{{filename}}")
	case "fastapi":
		return uri == "/docs" || uri == "/redoc" || uri == "/openapi.json" || uri == "/docs/oauth2-redirect"
	}
	return false
}
