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

const judgeLong = `Judge gives the verdict on memory series that were recorded elsewhere, plain or
gzipped, "-" for standard input. The first --burn-in requests are not judged.

It reads CSV with the columns requests,rss_bytes; row 0 is the fresh process. It
reads what Prometheus answers to /api/v1/query_range, with a counter of requests
beside the memory. It reads logs of ps (-o rss=, -o etimes,rss) and of pidstat -r,
whose RSS is in KiB.

A log, or an export without such a counter, needs --requests: how many requests were
answered from the first reading to the last. They are spread evenly over that time.

It also judges a run anew, from its journal: the result is that of the run, and so
is -o json, but for the version of leakhunt. leakhunt runs lists the journals.

Exit code 0: no series, no URI leaks. 1: one does, or breaks its budget. 2: a file
cannot be read. 3: requests of the run failed.`

const judgeExample = `  leakhunt judge checkout.csv
  leakhunt judge --burn-in 500 *.csv.gz -o json | jq '.series[] | {file, verdict}'
  ssh host cat series.csv | leakhunt judge -
  curl -sG http://prometheus:9090/api/v1/query_range -d start=$BEGIN -d end=$END -d step=15 \
    -d 'query={__name__=~"process_resident_memory_bytes|http_requests_total",job="shop"}' | leakhunt judge -
  pidstat -r -p 4242 10 360 | leakhunt judge --requests 50000 -
  leakhunt judge shop.jsonl -o json               # a run, from its journal`

// defaultBurnIn is the burn-in of one URI alone.
const defaultBurnIn = 2048

// mostBurnIn is as long as a series can be (package recorded).
const mostBurnIn = 1 << 20

func (a *app) judgeCommand() *cobra.Command {
	var burnIn, requests int
	var outputs []string
	c := &cobra.Command{
		Use:     "judge SERIES...|JOURNAL",
		Short:   "The verdict on memory series recorded elsewhere, or on a run again",
		Long:    judgeLong,
		Example: judgeExample,
		Args:    atLeastOne("a series, a journal, or -"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if burnIn < 0 || burnIn > mostBurnIn {
				return fault.Usagef("--burn-in %d: a number from 0 to %d is needed", burnIn, mostBurnIn)
			}
			sinks, err := a.sinks(outputs)
			if err != nil {
				return err
			}
			if requests < 0 {
				return fault.Usagef("--requests %d: a number from 1 on is needed", requests)
			}
			return a.judge(args, sinks, recording{burnIn: burnIn, requests: requests, given: cmd.Flags().Changed("burn-in")})
		},
	}
	c.Flags().IntVar(&burnIn, "burn-in", defaultBurnIn, "requests of a series that are not judged")
	c.Flags().IntVarP(&requests, "requests", "n", 0, "requests from the first reading to the last, of a series that does not count them")
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, "FORMAT[=PATH]: table or json; of a run, each format of run")
	return c
}

// recording is what the command line says of recorded series.
type recording struct {
	burnIn   int
	given    bool // the burn-in was asked for
	requests int  // from the first reading to the last; 0 is not said
}

// judge judges series, or one run.
func (a *app) judge(files []string, sinks []report.Sink, rec recording) error {
	var out []report.Judged
	leaks := 0
	for _, file := range files {
		in, err := a.open(file, fault.Usagef("cannot read the series").
			WithHint("Name a CSV file with the columns requests,rss_bytes, a journal, or - for standard input."))
		if err != nil {
			return err
		}
		if in.isJournal() {
			return errors.Join(a.judgeRun(in, sinks, len(files), rec.given), in.close())
		}
		judged, err := a.judgeFile(in, file, rec)
		if err = errors.Join(err, in.close()); err != nil {
			return err
		}
		for _, j := range judged {
			if j.Label == verdict.Leak {
				leaks++
			}
		}
		out = append(out, judged...)
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

func (a *app) judgeFile(in *input, file string, rec recording) ([]report.Judged, error) {
	if in.isResult() {
		return nil, fault.Usagef("%s is no series and no journal", in.name).
			WithHint("If it is a result, its verdicts stand in it, and leakhunt report shows them. A run is judged again from its journal.")
	}
	all, err := recorded.ReadAll(in, in.name, rec.requests)
	if err != nil {
		return nil, err
	}
	out := make([]report.Judged, 0, len(all))
	for _, s := range all {
		j := report.Judged{File: file, Judgement: judgeSeries(s, rec.burnIn)}
		if len(all) > 1 {
			j.Name = s.Name
		}
		for _, w := range s.Warnings {
			a.note("%s: %s", j.Title(), w.Message)
			j.Warnings = append(j.Warnings, result.Warning{Code: w.Code, Message: w.Message})
		}
		out = append(out, j)
	}
	return out, nil
}
