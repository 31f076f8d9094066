package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leakhunt/harness"
	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// flow is the command that makes a leak of a flow smaller, and what it leaves out. A
// run whose requests hang together, by a login before them or by what all of them keep,
// tells that a URI leaks. It does not tell what of the flow that takes.
type flow struct {
	words []string
	what  string
}

// flowOf says how the leak of a complete run is made smaller. It is nil where it is none of a
// flow, or its scenario cannot be read again.
func flowOf(cmd *cobra.Command, plan *harness.Plan, path string, res *result.Result) *flow {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || res == nil || !res.Complete {
		return nil
	}
	var leaks []string
	shared := false
	for _, u := range res.URIs {
		if u.Verdict == verdict.Leak && !u.Ignored {
			leaks = append(leaks, u.Name)
			shared = shared || u.Scope != ""
		}
	}
	chained := len(plan.Scenario.Before) > 0
	if len(leaks) == 0 || !shared && !chained {
		return nil
	}
	words := append([]string{"leakhunt", "minimize", path}, overriding(cmd)...)
	if len(plan.Items) > 1 {
		return &flow{words, "finds the fewest of its steps that leak together"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(plan.Scenario.URIs, func(u scenarios.URI) bool { return u.Name == plan.Items[0].Name })
	if parts, err := scenarios.NewReducer(text, path).Parts(max(0, i)); err != nil || len(parts) == 0 {
		return nil // there is nothing that could be left out
	}
	return &flow{words, "finds what of the request it takes"}
}

// overriding are the flags of a run that minimize has too, as they were given.
func overriding(cmd *cobra.Command) (words []string) {
	var own overrides
	set := pflag.NewFlagSet("minimize", pflag.ContinueOnError)
	own.register(set)
	for _, w := range repeated(cmd, "")[3:] {
		name, _, _ := strings.Cut(strings.TrimPrefix(w, "--"), "=")
		if set.Lookup(name) != nil && !slices.Contains(hiddenInMinimize[:], name) {
			words = append(words, w)
		}
	}
	return words
}
