package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
	"leakhunt/harness/secret"
)

// recall sets the flags that a run was begun with, as the journal in file has them.
// What is given now stands above them, of --header and --var name by name.
func recall(fl *pflag.FlagSet, command []string, file string) error {
	given := map[string]bool{}
	fl.Visit(func(f *pflag.Flag) {
		given[f.Name] = true
		if several, ok := f.Value.(pflag.SliceValue); ok && separators[f.Name] != "" {
			for _, v := range several.GetSlice() {
				given[entry(f.Name, v)] = true
			}
		}
	})
	var missing []string
	for _, w := range command[min(3, len(command)):] { // leakhunt run SCENARIO comes before them
		name, value, ok := strings.Cut(strings.TrimPrefix(w, "--"), "=")
		switch {
		case !ok || slices.Contains(looks, name):
			continue
		case fl.Lookup(name) == nil:
			return fault.Usagef("the run of %s was begun with --%s, which this leakhunt does not know", file, printable(name)).
				WithHint("Go on with it by the leakhunt that began it.")
		case given[entry(name, value)]:
			continue
		case strings.Contains(value, secret.Mark):
			of, _, _ := strings.Cut(value, cmp.Or(separators[name], secret.Mark))
			missing = append(missing, strings.TrimSpace("--"+name+" "+of))
			continue
		}
		if err := fl.Set(name, value); err != nil {
			return fault.Usagef("the run of %s was begun with --%s", file, printable(name)).Because(err)
		}
	}
	if len(missing) > 0 {
		return fault.Usagef("the run of %s was begun with a secret, which no journal holds", file).
			WithHint("Give it again, beside --resume: %s", printable(strings.Join(missing, ", ")))
	}
	return nil
}

// entry is what a flag's value says something of: of --header and --var a name, of
// others the flag itself.
func entry(flag, value string) string {
	sep := separators[flag]
	if sep == "" {
		return flag
	}
	name, _, _ := strings.Cut(value, sep)
	if name = strings.TrimSpace(name); flag == "header" {
		name = strings.ToLower(name)
	}
	return flag + sep + name
}

// differs is the first thing in which a plan is not the one a run was begun with; ""
// where there is none. Limits, and the target, may be others.
func differs(was, is record.Header) (what, then, now string) {
	names := func(h record.Header) string {
		var out []string
		for _, it := range h.Items {
			if it.Visitor == nil { // that one the run has found itself
				out = append(out, it.Name)
			}
		}
		return strings.Join(out, ", ")
	}
	type part struct {
		what      string
		then, now any
	}
	parts := []part{
		{"the list of URIs", names(was), names(is)},
		{"the number of rounds", was.Plan.Rounds, is.Plan.Rounds},
		{"the warm-up", amount(was.Plan.Warmup), amount(is.Plan.Warmup)},
		{"the seed", was.Seed, is.Seed},
		{"the metric", was.Plan.Metric, is.Plan.Metric},
		{"runtime:", was.Plan.Runtime, is.Plan.Runtime},
		{"isolate:", was.Plan.Isolate, is.Plan.Isolate},
		{"the number of lanes", max(1, was.Plan.Lanes), max(1, is.Plan.Lanes)},
	}
	if was.Plan.Strategy != "" { // of a journal that is older than the choice
		parts = append(parts, part{"strategy:", was.Plan.Strategy, is.Plan.Strategy})
	}
	for i := range min(len(was.Items), len(is.Items)) {
		a, b := was.Items[i], is.Items[i]
		parts = append(parts,
			part{"the request of " + a.Name, a.Method + " " + a.URI, b.Method + " " + b.URI},
			part{"the number of requests to " + a.Name, amount(a.Requests), amount(b.Requests)},
			part{"--sites-for of " + a.Name, a.Forced, b.Forced})
	}
	for _, p := range parts {
		if p.then != p.now {
			return printable(p.what), printable(fmt.Sprint(p.then)), printable(fmt.Sprint(p.now))
		}
	}
	return "", "", ""
}

func amount(c record.Count) string {
	if c.Auto {
		return "auto"
	}
	return fmt.Sprint(c.N)
}
