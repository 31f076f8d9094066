package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/recorded"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/report"
)

const judgeLong = `Judge gives the verdict on memory series that were recorded elsewhere: CSV with
the columns requests,rss_bytes (others are ignored), plain or gzipped, "-" for
standard input. Row 0 is the fresh process; the first --burn-in requests are not
judged.

Exit code 0: no series leaks. 1: one does. 2: a file cannot be read.`

const judgeExample = `  leakhunt judge checkout.csv
  leakhunt judge --burn-in 500 *.csv.gz -o json | jq '.series[] | {file, verdict}'
  ssh host cat series.csv | leakhunt judge -`

// defaultBurnIn is the burn-in of one URI alone.
const defaultBurnIn = 2048

func (a *app) judgeCommand() *cobra.Command {
	var burnIn int
	var output string
	c := &cobra.Command{
		Use:     "judge SERIES.csv...",
		Short:   "The verdict on memory series recorded elsewhere",
		Long:    judgeLong,
		Example: judgeExample,
		Args:    atLeastOne("a CSV file, or -"),
		RunE: func(_ *cobra.Command, args []string) error {
			if burnIn < 0 {
				return fault.Usagef("--burn-in %d: a number from 0 on is needed", burnIn)
			}
			return a.judge(args, burnIn, output)
		},
	}
	c.Flags().IntVar(&burnIn, "burn-in", defaultBurnIn, "requests that are not judged")
	c.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return c
}

func (a *app) judge(files []string, burnIn int, output string) error {
	out := make([]report.Judged, 0, len(files))
	leaks := 0
	for _, file := range files {
		s, err := a.readSeries(file)
		if err != nil {
			return err
		}
		warnings := make([]harness.Warning, len(s.Warnings))
		for i, w := range s.Warnings {
			a.note("%s: %s", file, w.Message)
			warnings[i] = harness.Warning{Code: w.Code, Message: w.Message}
		}
		j := judgeSeries(s, burnIn)
		if j.Label == verdict.Leak {
			leaks++
		}
		out = append(out, report.Judged{File: file, Judgement: j, Warnings: warnings})
	}
	o, err := a.reportOptions("")
	if err != nil {
		return err
	}
	if err := report.WriteJudged(a.stdout, output, out, o); err != nil {
		return err
	}
	if leaks > 0 {
		return &finding{code: exitFound}
	}
	return nil
}

func (a *app) readSeries(file string) (recorded.Series, error) {
	if file == "-" {
		return recorded.Read(a.stdin, "standard input")
	}
	f, err := os.Open(file)
	if err != nil {
		return recorded.Series{}, fault.Usagef("cannot read the series").Because(err).
			WithHint("Name a CSV file with the columns requests,rss_bytes, or - for standard input.")
	}
	defer f.Close()
	return recorded.Read(f, file)
}

// judgeSeries is the verdict on one recording. What breaks the series in two
// takes the ground from any verdict.
func judgeSeries(s recorded.Series, burnIn int) verdict.Judgement {
	broken := slices.IndexFunc(s.Warnings, func(w recorded.Warning) bool {
		return slices.Contains([]string{"process-gone", "restart", "too-small"}, w.Code)
	})
	if broken >= 0 {
		return verdict.Judgement{Label: verdict.Inconclusive, Requests: len(s.RSS), Reason: s.Warnings[broken].Message}
	}
	if from, to, most := hole(s, burnIn); to > from {
		return verdict.Judgement{Label: verdict.Inconclusive, Requests: len(s.RSS), Reason: fmt.Sprintf(
			"there is no reading between request %s and %s: a verdict needs one every %s requests",
			units.Count(from), units.Count(to), units.Count(most))}
	}
	return verdict.Judge(perRequest(s), burnIn, verdict.Params{})
}

// leastReadings is how many readings, evenly spread, the judged part of a series
// must have: two for each of the blocks that growth is tested on. The recorded
// series of the calibration, thinned to that, get the verdicts that they get
// whole.
const leastReadings = 32

// hole is the first gap in the judged part that is longer than most requests,
// the longest that leaves it readings enough; from and to are equal without one.
func hole(s recorded.Series, burnIn int) (from, to, most int) {
	first, last := s.Requests[0], s.Requests[len(s.Requests)-1]
	begin := first + burnIn
	most = max(1, (last-begin)/leastReadings)
	for i := 1; i < len(s.Requests); i++ {
		if from, to := max(begin, s.Requests[i-1]), s.Requests[i]; to-from > most {
			return from, to, most
		}
	}
	return 0, 0, most
}

// perRequest is the series with one value for each request: between readings
// that lie further apart the last one holds.
func perRequest(s recorded.Series) []float64 {
	if len(s.Requests) == 0 {
		return nil
	}
	last := s.Requests[len(s.Requests)-1]
	mem := make([]float64, 0, last+1)
	at := 0
	for n := s.Requests[0]; n <= last; n++ {
		for at+1 < len(s.Requests) && s.Requests[at+1] <= n {
			at++
		}
		mem = append(mem, s.RSS[at])
	}
	return mem
}
