package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/report"
)

// gateFlags are what a run is held against.
type gateFlags struct{}

func (g *gateFlags) register(*pflag.FlagSet) {}

// gate decides whether a finished run fails.
type gate struct{ failOn []string }

func (g *gateFlags) load(failOn []string) (gate, error) {
	known := []string{"leak", "inconclusive", "never"}
	for _, f := range failOn {
		if !slices.Contains(known, f) {
			return gate{}, fault.Usagef("--fail-on %q", f).WithHint("Use %s.", strings.Join(known, ", "))
		}
	}
	return gate{failOn}, nil
}

func (g gate) compare(*harness.Result, *report.Options) error { return nil }

// decide is nil where there is nothing to fail on.
func (g gate) decide(r *harness.Result, _ report.Options) error {
	if slices.Contains(g.failOn, "never") {
		return nil
	}
	leaks := 0
	for _, u := range r.URIs {
		if !u.Ignored && (u.Verdict == "leak" || u.OverBudget) {
			leaks++
		}
	}
	switch {
	case leaks > 0 && slices.Contains(g.failOn, "leak"):
		return &finding{code: exitFound}
	case r.Summary.Error > 0:
		return &finding{code: exitUnmeasured}
	case r.Summary.Inconclusive > 0 && slices.Contains(g.failOn, "inconclusive"):
		return &finding{code: exitInconclusive}
	}
	return nil
}
