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
		Args: atLeastOne("a result file"),
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
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, "FORMAT[=PATH], repeatable; - or nothing is stdout")
	return c
}

func (a *app) compareCommand() *cobra.Command {
	var output string
	var allow bool
	c := &cobra.Command{
		Use:   "compare BASE HEAD",
		Short: "Say whether HEAD is worse than BASE, two result files",
		Long: `Compare decides, URI by URI, whether growth became worse: a regression is a
difference in bytes per request beyond both confidence intervals and beyond the
detection floor, never a ratio.

Exit code 0: no regression. 1: at least one. 2: the files cannot be compared.`,
		Example: `  leakhunt compare main.json branch.json
  leakhunt compare main.json branch.json -o markdown >> "$GITHUB_STEP_SUMMARY"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fault.Usagef("compare needs two result files").WithHint("leakhunt compare BASE HEAD")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			base, err := a.readResult(args[0])
			if err != nil {
				return err
			}
			head, err := a.readResult(args[1])
			if err != nil {
				return err
			}
			cmp, err := report.Compare(base, head, allow)
			if err != nil {
				return err
			}
			o, err := a.reportOptions("")
			if err != nil {
				return err
			}
			if err := report.WriteComparison(a.stdout, output, cmp, o); err != nil {
				return err
			}
			for _, ch := range cmp.Changes {
				if ch.Kind == report.Regression {
					return &finding{code: exitFound}
				}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json or markdown")
	c.Flags().BoolVar(&allow, "allow-different", false, "compare although the scenario or the environment differs")
	return c
}
