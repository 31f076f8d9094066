package main

import (
	"errors"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/harness/journal"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/report"
)

const runsLong = `Runs lists the journals that are kept, the newest first: when each run began, how
long it took, how many URIs leak, and whether it is complete. Every run writes one;
the last 20 are kept, in $XDG_STATE_HOME/leakhunt/runs (~/.local/state/leakhunt/runs
unless it is set), but for those that run --journal puts elsewhere.

A journal stands for its run in report, compare, judge and run --baseline, and
run --resume goes on with one whose run is not complete.`

func (a *app) runsCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "runs",
		Short: "List the runs whose journals are kept",
		Long:  runsLong,
		Example: `  leakhunt runs
  leakhunt runs -o json | jq -r '.runs[] | select(.summary.leak > 0) | .path'`,
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			if err := report.CheckListing(output); err != nil {
				return err
			}
			kept, err := journal.List("")
			if err != nil {
				return err
			}
			if len(kept) == 0 {
				a.note("no journal is kept yet: leakhunt run SCENARIO writes one")
			}
			list := make([]report.Kept, 0, len(kept))
			for _, e := range kept {
				list = append(list, keptRun(e))
			}
			o, err := a.reportOptions("")
			if err != nil {
				return err
			}
			return report.WriteRuns(a.stdout, output, list, o)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return c
}

// keptRun is a journal as the list shows it: its run is judged anew.
func keptRun(e journal.Entry) report.Kept {
	k := report.Kept{
		Path: e.Path, StartedAt: e.Started.Local(), DurationS: e.Seconds, Complete: e.Complete, Running: e.Running, PID: e.PID,
		Incomplete: e.Why, Bytes: e.Bytes,
	}
	var res *result.Result
	err := e.Err
	if err == nil {
		res, err = judged(e.Path)
	}
	if err != nil {
		k.Problem, k.Remedy = err.Error(), fault.HintOf(err)
		if errors.Is(err, record.ErrForeign) { // the hint would send the reader here
			k.Remedy = "It is called like one: move it elsewhere."
		}
		return k
	}
	k.Scenario, k.RequestsTotal, k.Summary = res.Scenario, res.RequestsTotal, res.Summary
	return k
}

// judged is the result of the run whose journal lies there.
func judged(path string) (*result.Result, error) {
	j, err := journal.Open(path)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	st, _, err := refold(j)
	if err != nil {
		return nil, err
	}
	return result.OfRun(st, version()), nil
}
