package imports

import (
	"slices"
	"strings"
)

// use is what becomes of a query parameter.
type use int

const (
	kept   use = iota // as it is: it has few values, and each is a URI of its own
	filled            // values from the log
	hidden            // a placeholder without a value: it is a secret
	left              // dropped
)

// few is how many values a parameter may have that is kept as it is.
const few = 3

// pair is a name and a value as a query has them, encoded.
type pair struct {
	name, value string
	equals      bool
}

func (p pair) String() string {
	if p.equals {
		return p.name + "=" + p.value
	}
	return p.name
}

// pairs are those of a query, by name; the order of equal names is kept.
func pairs(query string) []pair {
	var all []pair
	for part := range strings.SplitSeq(query, "&") {
		if part != "" {
			name, value, equals := strings.Cut(part, "=")
			all = append(all, pair{name, value, equals})
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return all
}

// planQuery says what becomes of each parameter of a visit's targets.
func planQuery(v *visit) map[string]use {
	values := map[string]map[string]bool{}
	plan := map[string]use{}
	for target := range v.samples {
		_, query, _ := strings.Cut(target, "?")
		for _, p := range pairs(query) {
			if values[p.name] == nil {
				values[p.name] = map[string]bool{}
			}
			values[p.name][p.value] = true
			name, value := decoded(param{raw: p.name, query: true}), decoded(param{raw: p.value, query: true})
			switch {
			case isTracking(name):
				plan[p.name] = left
			case secretName(name) || secretValue(value):
				plan[p.name] = hidden
			}
		}
	}
	for name, of := range values {
		if _, ok := plan[name]; ok || len(of) < 2 {
			continue
		}
		byShape := false
		for value := range of {
			byShape = byShape || isValue([]byte(value))
		}
		if byShape || len(of) > few {
			plan[name] = filled
		}
	}
	return plan
}

// query adds a query to the form.
func (r *row) query(query string, plan map[string]use) {
	separator := "?"
	for _, p := range pairs(query) {
		what := plan[p.name]
		if what == left {
			continue
		}
		r.form += separator
		separator = "&"
		if what == kept || what == filled && p.value == "" {
			r.form += p.String()
			continue
		}
		r.form += p.name + "="
		name := decoded(param{raw: p.name, query: true})
		r.add(param{name: identifier(name), raw: p.value, query: true, secret: what == hidden})
	}
}
