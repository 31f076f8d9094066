package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/harness/journal"
	"leakhunt/harness/result"
	"leakhunt/report"
)

const reportLong = `Report renders a run again, from its result file or from its journal. It is byte for
byte what the run itself wrote, with the run's --baseline and --fail-on. Without
a file it takes the last run that has ended, of those that leakhunt runs lists.
Whatever the result says, the exit code is 0 where every report is written.

Source lines are shown (html) of the runs that leakhunt runs lists, from the folder of
the process that was measured. Any other file may come from somebody else, and name
files of yours: --sources DIR says where its lines may be read.`

func (a *app) reportCommand() *cobra.Command {
	var outputs, sources []string
	var g gate
	c := &cobra.Command{
		Use:   "report [RESULT|JOURNAL]",
		Short: "Render a run again, in any format",
		Long:  reportLong,
		Example: `  leakhunt report                                        # the last run, as a table
  leakhunt report result.json -o html=report.html -o junit=junit.xml
  leakhunt report run.jsonl.gz -o json=result.json`,
		Args: optional("result file"),
		RunE: func(_ *cobra.Command, args []string) error {
			sinks, err := a.sinks(outputs)
			if err != nil {
				return err
			}
			res, err := a.resultOrLast(args)
			if err != nil {
				return err
			}
			if err := g.load(a, res.Scenario.Name); err != nil {
				return err
			}
			if len(args) == 0 || keptHere(args[0]) {
				sources = append(sources, ownFolder(res)...)
			}
			o, err := a.reportOptions(res.Scenario.Path, sources...)
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
	c.Flags().StringArrayVar(&sources, "sources", nil, "show source lines of files in this folder, repeatable")
	return c
}

// keptHere says that a file is one of the journals that are kept: nobody else wrote it.
func keptHere(file string) bool {
	folder, err := journal.Folder()
	if err != nil {
		return false
	}
	// A link there may lead to anybody's file.
	path, err := filepath.EvalSymlinks(file)
	if err != nil {
		return false
	}
	folder, err = filepath.EvalSymlinks(folder)
	if err != nil {
		return false
	}
	path, err = filepath.Abs(path)
	return err == nil && filepath.Dir(path) == folder
}

// resultOrLast is the result in the file that is named, or that of the last run.
func (a *app) resultOrLast(args []string) (*result.Result, error) {
	if len(args) > 0 {
		return a.readResult(args[0])
	}
	last, err := lastRun()
	if err != nil {
		return nil, err
	}
	a.noteRun("the last run", last)
	return a.readResult(last.Path)
}

const compareLong = `Compare decides, URI by URI, whether growth became worse. A regression is a
difference in bytes per request beyond both confidence intervals and beyond the
detection floor, never a ratio. A new URI that leaks is one too. Budgets and
ignores of HEAD hold as they do in run --baseline.

BASE and HEAD are result files or journals. Without HEAD it is the last run of the
same scenario, of those that leakhunt runs lists. Without BASE, too, the last run is
compared with the complete one of its scenario before it.

Exit code 0: nothing to fail on. 1: a regression or a broken budget. 2: the files
cannot be compared. 3: requests of HEAD failed. 4: it cannot be told, where
--fail-on inconclusive asks for it, and always where HEAD settled no URI at all.`

func (a *app) compareCommand() *cobra.Command {
	var outputs []string
	var g gate
	c := &cobra.Command{
		Use:   "compare [BASE [HEAD]]",
		Short: "Say whether a run, HEAD, is worse than another, BASE",
		Long:  compareLong,
		Example: `  leakhunt compare main.json branch.json
  leakhunt compare main.json                      # with the last run of that scenario
  leakhunt compare                                # the last two runs of a scenario
  leakhunt compare main.json branch.jsonl -o table -o markdown=compared.md`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 2 {
				return fault.Usagef("compare takes two runs, and got %q too", args[2]).WithHint("leakhunt compare BASE HEAD")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.compare(args, outputs, &g) },
	}
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, "FORMAT[=PATH], repeatable: table, json or markdown; - or nothing is stdout")
	g.registerFailOn(c.Flags(), report.FailOnRegression)
	return c
}

func (a *app) compare(args, outputs []string, g *gate) error {
	if err := report.CheckFailOn(g.failOn, true); err != nil {
		return err
	}
	sinks, err := a.sinks(outputs)
	if err != nil {
		return err
	}
	head, err := a.both(args, g)
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
