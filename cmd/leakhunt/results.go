package main

import (
	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/report"
)

func (a *app) reportCommand() *cobra.Command {
	var outputs []string
	var g gate
	c := &cobra.Command{
		Use:   "report RESULT",
		Short: "Render a result file again, in any format",
		Long: `Report renders the result file of a run, byte for byte as the run itself did
where --baseline and --fail-on are the run's too. Whatever the result says, the
exit code is 0 where every report is written.`,
		Example: `  leakhunt report result.json                            # the table
  leakhunt report result.json -o html=report.html -o junit=junit.xml`,
		Args: one("result file"),
		RunE: func(_ *cobra.Command, args []string) error {
			sinks, err := a.sinks(outputs)
			if err != nil {
				return err
			}
			res, err := a.readResult(args[0])
			if err != nil {
				return err
			}
			if err := g.load(a, res.Scenario.Name); err != nil {
				return err
			}
			o, err := a.reportOptions(res.Scenario.Path)
			if err != nil {
				return err
			}
			if err := g.options(res, &o); err != nil {
				return err
			}
			return report.WriteAll(sinks, a.stdout, res, o)
		},
	}
	g.register(c.Flags())
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, formatsHelp())
	return c
}

func (a *app) compareCommand() *cobra.Command {
	var outputs []string
	var g gate
	c := &cobra.Command{
		Use:   "compare BASE HEAD",
		Short: "Say whether HEAD is worse than BASE, two result files",
		Long: `Compare decides, URI by URI, whether growth became worse: a regression is a
difference in bytes per request beyond both confidence intervals and beyond the
detection floor, never a ratio; a new URI that leaks is one too. Budgets and
ignores of HEAD hold as they do in run --baseline.

Exit code 0: nothing to fail on. 1: a regression or a broken budget. 2: the files
cannot be compared. 3: requests of HEAD failed. 4: it cannot be told, where
--fail-on inconclusive asks for it.`,
		Example: `  leakhunt compare main.json branch.json
  leakhunt compare main.json branch.json -o table -o markdown=compared.md`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fault.Usagef("compare needs two result files").WithHint("leakhunt compare BASE HEAD")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.compare(args[0], args[1], outputs, &g) },
	}
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, "FORMAT[=PATH], repeatable: table, json or markdown; - or nothing is stdout")
	g.registerFailOn(c.Flags(), report.FailOnRegression)
	return c
}

func (a *app) compare(basePath, headPath string, outputs []string, g *gate) (err error) {
	if err := report.CheckFailOn(g.failOn, true); err != nil {
		return err
	}
	sinks, err := a.sinks(outputs)
	if err != nil {
		return err
	}
	if g.base, err = a.readResult(basePath); err != nil {
		return err
	}
	head, err := a.readResult(headPath)
	if err != nil {
		return err
	}
	o, err := a.reportOptions("")
	if err != nil {
		return err
	}
	if err := g.options(head, &o); err != nil {
		return err
	}
	out := report.Decide(head, g.failOn, o.Comparison)
	for _, w := range out.Warnings {
		o.Comparison.Notes = append(o.Comparison.Notes, w.Message)
	}
	// What a comparison does not show and the gate fails on all the same.
	for _, f := range out.Failing {
		if f.Kind != "regression" {
			o.Comparison.Notes = append(o.Comparison.Notes, f.Kind+": "+f.Message)
		}
	}
	if err := report.WriteComparisonTo(sinks, a.stdout, o.Comparison, o); err != nil {
		return err
	}
	return g.decide(head, o)
}
