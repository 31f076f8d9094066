package main

import (
	"github.com/spf13/cobra"

	"leakhunt/report"
)

const mergeLong = `Merge joins the results, or the journals, of a scenario's shards into the result of
one run: every URI with its verdict, ranked anew.

A scenario is cut by run --shard i/n, or --shard auto, which asks the CI job:
  GitLab      CI_NODE_INDEX, CI_NODE_TOTAL
  CircleCI    CIRCLE_NODE_INDEX, CIRCLE_NODE_TOTAL
  Buildkite   BUILDKITE_PARALLEL_JOB, BUILDKITE_PARALLEL_JOB_COUNT
  GitHub      STRATEGY_JOB_INDEX: ${{ strategy.job-index }} and
              STRATEGY_JOB_TOTAL: ${{ strategy.job-total }}, set under env:
  Kubernetes  JOB_COMPLETION_INDEX of an Indexed Job, and JOB_COMPLETIONS, set in the
              container's env: to what completions: says
--timings RESULT makes shards that take about the same time; all of them need the
same file.

A missing shard is an error unless --allow-missing is given. Shards of different
scenarios, versions or numbers of requests are refused.

Exit code: that of a run with this result.`

func (a *app) mergeCommand() *cobra.Command {
	var outputs []string
	var missing bool
	var g gate
	c := &cobra.Command{
		Use:   "merge RESULT|JOURNAL...",
		Short: "Join the results of shards",
		Long:  mergeLong,
		Example: `  leakhunt run shop.yaml --shard 1/2 -o json=1.json     # on one machine
  leakhunt run shop.yaml --shard 2/2 -o json=2.json     # on another
  leakhunt merge 1.json 2.json -o table -o json=all.json
  leakhunt merge results/*.json --allow-missing -o junit=junit.xml`,
		Args: atLeastOne("a result file or journal"),
		RunE: func(_ *cobra.Command, args []string) error { return a.merge(args, outputs, missing, &g) },
	}
	g.register(c.Flags())
	c.Flags().BoolVar(&missing, "allow-missing", false, "join what there is, though a shard is missing")
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, formatsHelp())
	return c
}

func (a *app) merge(files, outputs []string, missing bool, g *gate) error {
	sinks, err := a.sinks(outputs)
	if err != nil {
		return err
	}
	parts := make([]report.Part, len(files))
	for i, file := range files {
		r, err := a.readResult(file)
		if err != nil {
			return err
		}
		parts[i] = report.Part{Name: file, Result: r}
	}
	res, err := report.Merge(parts, missing)
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
	if err := report.WriteAll(sinks, a.stdout, res, o); err != nil {
		return err
	}
	return g.decide(res, o)
}
