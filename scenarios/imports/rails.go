package imports

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
)

var (
	railsRow = regexp.MustCompile(`^\s*(?:([\w.]+)\s+)?(?:([A-Z]+(?:\|[A-Z]+)*)\s+)?(\(?/\S*)\s+(\S.*)$`)
	// railsField is a line of rails routes --expanded.
	railsField  = regexp.MustCompile(`^(Prefix|Verb|URI|Controller#Action|Source Location)\s*\| ?(.*)$`)
	railsEngine = regexp.MustCompile(`^Routes for (\S+):$`)
	railsGroup  = regexp.MustCompile(`\([^()]*\)`)
	railsName   = regexp.MustCompile(`[:*]([A-Za-z_]\w*)`)
)

// railsRoute is one route as rails routes shows it.
type railsRoute struct{ verb, uri, action, location string }

// maxRoutes is how many bytes a list may have, some 20,000 routes, and maxRoute a line of it.
const (
	maxRoutes = 4 << 20
	maxRoute  = 64 << 10
)

// RailsRoutes reads the output of rails routes, in both of its forms. Values of
// path parameters are not in it: each is a placeholder without a value. Errors
// are Usage faults.
func RailsRoutes(r io.Reader, o Options) (*Found, error) {
	p := &rails{mounts: map[string]string{}, options: o, found: &Found{Source: "the output of rails routes"}}
	in := bufio.NewScanner(bounded.Reader(r, maxRoutes, "the list of routes"))
	in.Buffer(nil, maxRoute)
	for in.Scan() {
		p.line(strings.TrimRight(in.Text(), " \r"))
	}
	p.end()
	if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fault.Usagef("cannot read the routes: a line is longer than 64 KiB")
	} else if err != nil {
		return nil, fault.Usagef("cannot read the routes").Because(err)
	}
	if p.routes == 0 {
		return nil, fault.Usagef("no route stands in this file").
			WithHint("Write it with: bin/rails routes > routes.txt (or bin/rails routes --expanded).")
	}
	f := p.found
	f.unique()
	f.note(p.unsafe, "route", "with methods other than GET and HEAD (--unsafe)")
	f.note(p.internal, "route", "of Rails itself (/rails/…) and of asset servers")
	f.limit(o.Max)
	return f, nil
}

type rails struct {
	found            *Found
	options          Options
	expanded         railsRoute
	mounts           map[string]string // path of each engine that is mounted
	prefix           string            // path of the engine whose routes follow
	routes           int
	unsafe, internal int64
}

func (p *rails) line(line string) {
	if m := railsEngine.FindStringSubmatch(line); m != nil {
		p.end()
		p.prefix = p.mounts[m[1]]
		return
	}
	if strings.HasPrefix(line, "--[ Route") {
		p.end()
		return
	}
	if m := railsField.FindStringSubmatch(line); m != nil {
		switch m[1] {
		case "Verb":
			p.expanded.verb = m[2]
		case "URI":
			p.expanded.uri = m[2]
		case "Controller#Action":
			p.expanded.action = m[2]
		case "Source Location":
			p.expanded.location = m[2]
		}
		return
	}
	if m := railsRow.FindStringSubmatch(line); m != nil {
		if m[2] == "" && known([]byte(m[1])) != "" {
			m[2] = m[1] // no name stands before the verb
		}
		p.add(railsRoute{verb: m[2], uri: m[3], action: m[4]})
	}
}

// end completes a route of the expanded form.
func (p *rails) end() {
	if strings.Contains(p.expanded.uri, "/") {
		p.add(p.expanded)
	}
	p.expanded = railsRoute{}
}

func (p *rails) add(r railsRoute) {
	p.routes++
	action, _, _ := strings.Cut(r.action, " {")
	uri := r.uri
	if r.verb == "" && !strings.Contains(action, "#") && len(p.mounts) < 100 {
		p.mounts[action] = strings.TrimSuffix(uri, "/")
	}
	uri = p.prefix + uri
	for range 8 { // optional parts, one inside another: they are left out
		uri = railsGroup.ReplaceAllString(uri, "")
	}
	if strings.HasPrefix(uri, "/rails/") || strings.HasPrefix(uri, "/assets") || strings.HasPrefix(uri, "/cable") {
		p.internal++
		return
	}
	uri, ok := p.fill(uri)
	if !ok {
		p.internal++
		return
	}
	note := action
	if r.location != "" {
		note += ", " + r.location
	}
	verbs := strings.Split(r.verb, "|")
	if r.verb == "" {
		verbs = []string{"GET"}
	}
	for _, verb := range verbs {
		switch {
		case known([]byte(verb)) == "":
			p.unsafe++
		case verb == "GET" || verb == "HEAD" || p.options.Unsafe:
			p.found.Routes = append(p.found.Routes, Route{Method: verb, URI: uri, Example: uri, Note: note})
		default:
			p.unsafe++
		}
	}
}

// fill puts placeholders in place of the parameters: :id after /orders is
// {{order_id}}.
func (p *rails) fill(uri string) (string, bool) {
	if strings.ContainsAny(uri, "{}") {
		return "", false
	}
	before := ""
	segments := strings.Split(uri, "/")
	for i, s := range segments {
		segments[i] = railsName.ReplaceAllStringFunc(s, func(name string) string {
			name = name[1:]
			if name == "id" && before != "" {
				return "{{" + identifier(singular(before), name) + "}}"
			}
			return "{{" + identifier(name) + "}}"
		})
		if segments[i] == s {
			before = s
		}
	}
	out := strings.Join(segments, "/")
	bare := strings.NewReplacer("{{", "", "}}", "").Replace(out)
	_, ok := clean(nil, []byte(bare))
	for _, c := range []byte(bare) {
		ok = ok && safe[c] && c != '%'
	}
	return out, ok && strings.HasPrefix(out, "/")
}
