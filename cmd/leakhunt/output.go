package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"leakhunt/harness"
	"leakhunt/report"
	"leakhunt/scenarios"
)

// sinks are the outputs asked for; a table where none is.
func (a *app) sinks(asked []string) ([]report.Sink, error) {
	if len(asked) == 0 {
		asked = []string{"table"}
	}
	var out []report.Sink
	for _, s := range asked {
		sink, err := report.ParseSink(s)
		if err != nil {
			return nil, err
		}
		out = append(out, sink)
	}
	return out, nil
}

// reportOptions are how results are rendered on this terminal.
func (a *app) reportOptions(scenario string) (report.Options, error) {
	color, err := a.colored(a.rawOut)
	if err != nil {
		return report.Options{}, err
	}
	o := report.Options{Width: width(a.rawOut), Color: color, ScenarioPath: scenario, Redact: a.secrets.Redact}
	if wd, err := os.Getwd(); err == nil {
		o.SourceRoots = []string{wd}
	}
	if scenario != "" {
		o.SourceRoots = append(o.SourceRoots, filepath.Dir(scenario))
	}
	return o, nil
}

// conclude writes every report, also of a run that failed, and says what the
// run came to. An error of the run weighs more than one of a report.
func (a *app) conclude(res *harness.Result, runErr error, sc *scenarios.Scenario, sinks []report.Sink, g *gate) error {
	o, err := a.reportOptions(sc.Path)
	if err != nil {
		return err
	}
	if err := g.options(res, &o); err != nil {
		return errors.Join(runErr, err)
	}
	var wroteErr error
	if runErr == nil || res.RequestsTotal > 0 {
		wroteErr = errors.Join(report.WriteAll(sinks, a.stdout, res, o), a.onGitHub(res, o))
	}
	if runErr != nil {
		return errors.Join(runErr, wroteErr)
	}
	if wroteErr != nil {
		fmt.Fprintln(a.stderr, "leakhunt:", wroteErr)
	}
	found := g.decide(res, o)
	if found == nil && wroteErr != nil {
		return wroteErr
	}
	return found
}
