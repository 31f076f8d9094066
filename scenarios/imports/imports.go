// Package imports makes scenarios of what is known about an application: access
// logs, HAR files, OpenAPI descriptions, sitemaps, Rails' list of routes, and the
// pages themselves.
//
// Sources that hold requests (logs, HAR, sitemaps, crawls) give them to a Folder,
// which folds the paths that are one route into one URI. Sources that hold routes
// give them as they are. Both come to a Found, which Write renders. No secret of a
// source is in it: where one belongs, a placeholder without a value stands, and
// scenarios.Load names it.
package imports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leakhunt/scenarios"
)

// Options say what of a source is taken.
type Options struct {
	Max    int  // URIs at most; the most requested are kept. 0: no limit
	Unsafe bool // methods other than GET and HEAD, too
}

// Route is one URI of the scenario to come.
type Route struct {
	Method  string
	URI     string // with {{data.column}} and placeholders without a value
	Example string // URI with one row's values in place of {{data.column}}
	Count   int64  // requests in the source; 0 where it does not say
	Values  int    // rows that fill its columns; 0 without columns
	Note    string // what else a reader should know: one line, or ""
	Headers []scenarios.Pair
	Body    string // "" means none
}

// Column is one column of the data file. Its values are not encoded.
type Column struct {
	Name   string
	Values []string // at least one
}

// Found is what a source came to.
type Found struct {
	Source  string  // what was read: "an access log", in the middle of a sentence
	Routes  []Route // the most requested first
	Columns []Column
	Headers []scenarios.Pair // of every request
	Notes   []string         // what was left out and why, each a clause without a full stop
}

// note adds what n of a noun were left out for, where there are any.
func (f *Found) note(n int64, noun, why string) {
	if n > 0 {
		f.Notes = append(f.Notes, plural(n, noun)+" "+why)
	}
}

// limit keeps the first most routes.
func (f *Found) limit(most int) {
	if most > 0 && len(f.Routes) > most {
		f.note(int64(len(f.Routes)-most), "route", fmt.Sprintf("asked for less often (--max %d)", most))
		f.Routes = f.Routes[:most]
	}
	f.prune()
}

// prune drops the columns that no route uses.
func (f *Found) prune() {
	used := map[string]bool{}
	for i := range f.Routes {
		for _, name := range scenarios.Placeholders(f.Routes[i].URI) {
			used[name] = true
		}
	}
	f.Columns = slices.DeleteFunc(f.Columns, func(c Column) bool { return !used["data."+c.Name] })
}

// Unfilled are the placeholders that nothing gives a value, in the order of the
// routes, each once.
func (f *Found) Unfilled() []string {
	var names []string
	add := func(text string) {
		for _, name := range scenarios.Placeholders(text) {
			if name != "n" && !strings.HasPrefix(name, "data.") && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, h := range f.Headers {
		add(h.Value)
	}
	for i := range f.Routes {
		r := &f.Routes[i]
		add(r.URI)
		add(r.Body)
		for _, h := range r.Headers {
			add(h.Value)
		}
	}
	return names
}

// unique merges routes of the same request: names in a scenario are unique.
func (f *Found) unique() {
	at := map[string]int{}
	kept := f.Routes[:0]
	for _, r := range f.Routes {
		key := r.Method + " " + r.URI
		if i, ok := at[key]; ok {
			kept[i].Count += r.Count
			continue
		}
		at[key] = len(kept)
		kept = append(kept, r)
	}
	f.Routes = kept
}

// group writes n with a comma between thousands.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural is n and a noun.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return group(n) + " " + noun + "s"
}
