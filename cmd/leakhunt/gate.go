package main

import (
	"github.com/spf13/pflag"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/report"
)

// gate decides whether a finished run fails.
type gate struct {
	failOn   string
	baseline string
	allow    bool // compare with another scenario or environment all the same
	base     *result.Result
}

func (g *gate) register(f *pflag.FlagSet) {
	g.registerFailOn(f, report.FailOnLeak)
	f.StringVar(&g.baseline, "baseline", "", "a result file or journal to compare with: what grew since is a regression")
}

func (g *gate) registerFailOn(f *pflag.FlagSet, preset string) {
	f.StringVar(&g.failOn, "fail-on", preset, "what to fail on: leak, regression, inconclusive, never")
	f.BoolVar(&g.allow, "allow-different", false, "compare although the scenario or the environment differs")
}

// load reads the baseline of a scenario, before anything is sent. What else
// keeps it from being compared with is known after the run alone.
func (g *gate) load(a *app, scenario string) (err error) {
	if err := report.CheckFailOn(g.failOn, g.baseline != ""); err != nil || g.baseline == "" {
		return err
	}
	a.files.renewed = g.baseline
	if g.base, err = a.readResult(g.baseline); err != nil {
		return err
	}
	if base := g.base.Scenario.Name; base != scenario && !g.allow {
		return fault.Usagef("the baseline %s is of the scenario %q, and this is %q", g.baseline, base, scenario).
			WithHint("Give a result of this scenario, or add --allow-different.")
	}
	return nil
}

// options puts the gate and the comparison into the options of the reports.
func (g *gate) options(res *result.Result, o *report.Options) (err error) {
	o.FailOn = g.failOn
	if g.base != nil {
		o.Comparison, err = report.Compare(g.base, res, g.allow)
	}
	return err
}

// decide is nil where there is nothing to fail on. A leak weighs more than a
// URI that could not be measured: the commit is bad, whatever else is broken.
func (g *gate) decide(r *result.Result, o report.Options) error {
	out := report.Decide(r, g.failOn, o.Comparison)
	switch {
	case len(out.Failing) > 0:
		return &finding{code: exitFound}
	case len(out.Errors) > 0:
		return &finding{code: exitUnmeasured}
	case report.NothingMeasured(r):
		return fault.Measuref("nothing was measured: %s", r.Incomplete).
			WithHint("The run ended in its warm-up: raise what stands under limits:, or lower --warmup.")
	case len(out.Inconclusive) > 0:
		return &finding{code: exitInconclusive}
	}
	return nil
}
