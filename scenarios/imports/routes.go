package imports

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// forms is how many forms of a route's query become URIs of their own.
const forms = 8

// Found is what the requests so far come to. The Folder is used up.
func (f *Folder) Found(source string) *Found {
	f.settle(&f.root, "", 0)
	b := &builder{found: &Found{Source: source}, taken: map[string][]string{}}
	b.walk(&f.root, nil)
	out := b.found
	slices.SortStableFunc(out.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.URI, b.URI), cmp.Compare(a.Method, b.Method))
	})
	out.unique()
	out.note(f.assets, "request", "for images, styles, scripts and fonts")
	out.note(f.unsafe, "request", "with methods "+ifElse(f.opts.Unsafe, "that are none of HTTP's", "other than GET and HEAD (--unsafe)"))
	out.note(b.failed, "request", "to routes that mostly answer neither 2xx nor 3xx")
	out.note(f.noPath, "request", "with a target that is no path, or is too long")
	out.note(f.rare, "request", "to paths so rare that their routes were not kept")
	out.note(b.rare, "request", "with rare forms of a query")
	out.limit(f.opts.Max)
	return out
}

func ifElse(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// builder makes routes and columns of a Folder's nodes.
type builder struct {
	found        *Found
	taken        map[string][]string // the values of each column by its name
	failed, rare int64
}

// walk visits n and those below it. keys are those of the nodes on the way.
func (b *builder) walk(n *node, keys []string) {
	for _, v := range n.visits {
		if v.ok*2 <= v.hits || len(v.samples) == 0 {
			b.failed += v.hits
			continue
		}
		b.routes(v, keys)
	}
	for _, key := range slices.Sorted(maps.Keys(n.kids)) {
		b.walk(n.kids[key], append(slices.Clip(keys), key))
	}
}

// row is one target taken apart: its form, which is the route with a mark for
// each value, and the values.
type row struct {
	target string
	times  int64
	form   string
	params []param
}

// param is one thing that varies. A secret has no value.
type param struct {
	name   string // as the column is to be called
	raw    string // as in the target, encoded
	query  bool
	secret bool
}

// mark stands in a form for the param of that number.
func mark(i int) string { return fmt.Sprintf("\x00%d\x00", i) }

// routes makes one route of each form that a visit's targets have.
func (b *builder) routes(v *visit, keys []string) {
	var rows []row
	plan := planQuery(v)
	for target, times := range ordered(v.samples) {
		if r, ok := takeApart(target, keys, plan); ok {
			r.times = times
			rows = append(rows, r)
		}
	}
	byForm := map[string][]row{}
	times := map[string]int64{}
	var all int64
	for _, r := range rows {
		byForm[r.form] = append(byForm[r.form], r)
		times[r.form] += r.times
		all += r.times
	}
	order := slices.SortedFunc(maps.Keys(byForm), func(x, y string) int {
		return cmp.Or(cmp.Compare(times[y], times[x]), cmp.Compare(x, y))
	})
	for i, form := range order {
		// What was not kept as a sample is shared out as the samples are.
		share := int64(float64(v.hits)*float64(times[form])/float64(all) + 0.5)
		if i >= forms {
			b.rare += share
			continue
		}
		b.route(v.method, byForm[form], max(share, 1))
	}
}

// route makes one route of the rows of one form, and the columns that fill it.
func (b *builder) route(method string, rows []row, count int64) {
	first := rows[0]
	uri, example := first.form, first.form
	values := 0
	for i, p := range first.params {
		text, shown := p.raw, p.raw
		switch {
		case p.secret:
			text = "{{" + p.name + "}}"
			shown = text
		case slices.ContainsFunc(rows, func(r row) bool { return r.params[i].raw != p.raw }):
			var column []string
			for _, r := range rows {
				column = append(column, decoded(r.params[i]))
			}
			text = "{{data." + b.column(p.name, column) + "}}"
			values = len(rows)
		}
		uri = strings.ReplaceAll(uri, mark(i), text)
		example = strings.ReplaceAll(example, mark(i), shown)
	}
	b.found.Routes = append(b.found.Routes, Route{Method: method, URI: uri, Example: example, Count: count, Values: values})
}

// column is the name of the column with these values, made where there is none.
func (b *builder) column(name string, values []string) string {
	for i, base := 2, name; ; i++ {
		have, ok := b.taken[name]
		if !ok {
			break
		}
		if slices.Equal(have, values) {
			return name
		}
		name = fmt.Sprintf("%s_%d", base, i)
	}
	b.taken[name] = values
	b.found.Columns = append(b.found.Columns, Column{name, values})
	return name
}

// takeApart finds the values of a target: those of the path where keys say so, and
// those of the query that plan does not keep as they are. It returns false where a
// value cannot stand in a data file.
func takeApart(target string, keys []string, plan map[string]use) (row, bool) {
	r := row{target: target}
	path, query, hasQuery := strings.Cut(target, "?")
	before, called := "", ""
	for i, segment := range strings.Split(path[1:], "/") {
		r.form += "/"
		ending, varies := strings.CutPrefix(keys[i], variable)
		if !varies {
			r.form += segment
			before, called = segment, segment
			continue
		}
		stem := strings.TrimSuffix(segment, ending)
		p := param{name: identifier(singular(called)), raw: stem}
		if isSecretPlace(before, stem) {
			p = param{name: identifier(called, "token"), secret: true}
		}
		r.add(p)
		r.form += ending
		before = segment
	}
	if hasQuery {
		r.query(query, plan)
	}
	return r, !slices.ContainsFunc(r.params, func(p param) bool { return !p.secret && !storable(decoded(p)) })
}

func (r *row) add(p param) {
	r.form += mark(len(r.params))
	r.params = append(r.params, p)
}

// decoded is the value as a data file has it: it is encoded again where it is sent.
func decoded(p param) string {
	var s string
	var err error
	if p.query {
		s, err = url.QueryUnescape(p.raw)
	} else {
		s, err = url.PathUnescape(p.raw)
	}
	if err != nil {
		return ""
	}
	return s
}

// storable is whether a CSV file keeps the value as it is.
func storable(v string) bool {
	return v != "" && v != "." && v != ".." && utf8.ValidString(v) && !strings.ContainsFunc(v, unicode.IsControl) && !secretValue(v)
}
