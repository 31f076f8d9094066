package main

import (
	"errors"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/harness/recorded"
	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
	"leakhunt/report"
)

const judgeLong = `Judge gives the verdict on memory series that were recorded elsewhere: CSV with
the columns requests,rss_bytes (others are ignored), plain or gzipped, "-" for
standard input. Row 0 is the fresh process; the first --burn-in requests are not
judged.

It also judges a run anew, from its journal: the result is that of the run, and so
is -o json, but for the version of leakhunt. leakhunt runs lists the journals.

Exit code 0: no series, no URI leaks. 1: one does, or breaks its budget. 2: a file
cannot be read. 3: requests of the run failed.`

const judgeExample = `  leakhunt judge checkout.csv
  leakhunt judge --burn-in 500 *.csv.gz -o json | jq '.series[] | {file, verdict}'
  ssh host cat series.csv | leakhunt judge -
  leakhunt judge shop.jsonl -o json               # a run, from its journal`

// defaultBurnIn is the burn-in of one URI alone.
const defaultBurnIn = 2048

// mostBurnIn is as long as a series can be (package recorded).
const mostBurnIn = 1 << 20

func (a *app) judgeCommand() *cobra.Command {
	var burnIn int
	var outputs []string
	c := &cobra.Command{
		Use:     "judge SERIES.csv...|JOURNAL",
		Short:   "The verdict on memory series recorded elsewhere, or on a run again",
		Long:    judgeLong,
		Example: judgeExample,
		Args:    atLeastOne("a CSV file, a journal, or -"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if burnIn < 0 || burnIn > mostBurnIn {
				return fault.Usagef("--burn-in %d: a number from 0 to %d is needed", burnIn, mostBurnIn)
			}
			sinks, err := a.sinks(outputs)
			if err != nil {
				return err
			}
			return a.judge(args, sinks, burnIn, cmd.Flags().Changed("burn-in"))
		},
	}
	c.Flags().IntVar(&burnIn, "burn-in", defaultBurnIn, "requests of a series that are not judged")
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, "FORMAT[=PATH]: table or json; of a run, each format of run")
	return c
}

// judge judges series, or one run. given says that the burn-in was asked for.
func (a *app) judge(files []string, sinks []report.Sink, burnIn int, given bool) error {
	var out []report.Judged
	leaks := 0
	for _, file := range files {
		in, err := a.open(file, fault.Usagef("cannot read the series").
			WithHint("Name a CSV file with the columns requests,rss_bytes, a journal, or - for standard input."))
		if err != nil {
			return err
		}
		if in.isJournal() {
			return errors.Join(a.judgeRun(in, sinks, len(files), given), in.close())
		}
		j, err := a.judgeFile(in, file, burnIn)
		if err = errors.Join(err, in.close()); err != nil {
			return err
		}
		if j.Label == verdict.Leak {
			leaks++
		}
		out = append(out, j)
	}
	o, err := a.reportOptions("")
	if err != nil {
		return err
	}
	if err := report.WriteJudgedTo(sinks, a.stdout, out, o); err != nil {
		return err
	}
	if leaks > 0 {
		return &finding{code: exitFound}
	}
	return nil
}

// judgeRun judges a run by its journal, as it was judged when it ended. It is one of
// so many files, and may come with a burn-in, for both of which there is no use.
func (a *app) judgeRun(in *input, sinks []report.Sink, files int, burnIn bool) error {
	switch {
	case files > 1:
		return fault.Usagef("%s is the journal of a run, and it was given with other files", in.name).
			WithHint("Give a run a command line of its own.")
	case burnIn:
		return fault.Usagef("--burn-in is for recorded series, and %s is the journal of a run", in.name).
			WithHint("A run knows its own warm-up.")
	}
	res, err := a.resultOf(in)
	if err != nil {
		return err
	}
	var sources []string
	if keptHere(in.name) {
		sources = ownFolder(res)
	}
	o, err := a.reportOptions(res.Scenario.Path, sources...)
	if err != nil {
		return err
	}
	g := gate{failOn: report.FailOnLeak}
	if err := errors.Join(g.options(res, &o), report.WriteAll(sinks, a.stdout, res, o)); err != nil {
		return err
	}
	return g.decide(res, o)
}

func (a *app) judgeFile(in *input, file string, burnIn int) (report.Judged, error) {
	if in.isJSON() {
		return report.Judged{}, fault.Usagef("%s is no CSV and no journal", in.name).
			WithHint("If it is a result, its verdicts stand in it, and leakhunt report shows them. A run is judged again from its journal.")
	}
	s, err := recorded.Read(in, in.name)
	if err != nil {
		return report.Judged{}, err
	}
	warnings := make([]result.Warning, len(s.Warnings))
	for i, w := range s.Warnings {
		a.note("%s: %s", file, w.Message)
		warnings[i] = result.Warning{Code: w.Code, Message: w.Message}
	}
	return report.Judged{File: file, Judgement: judgeSeries(s, burnIn), Warnings: warnings}, nil
}
