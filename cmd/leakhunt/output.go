package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/report"
)

func formatsHelp() string {
	return "FORMAT[=PATH], repeatable: " + strings.Join(report.Formats(), ", ") + "; - or nothing is stdout"
}

// sinks are the outputs asked for; a table where none is. Two of them in one
// place would spoil each other.
func (a *app) sinks(asked []string) ([]report.Sink, error) {
	if len(asked) == 0 {
		asked = []string{"table"}
	}
	var out []report.Sink
	taken := map[string]string{}
	for _, s := range asked {
		sink, err := report.ParseSink(s)
		if err != nil {
			return nil, err
		}
		if other, ok := taken[sink.Path]; ok {
			place := cmp.Or(sink.Path, "standard output")
			return nil, fault.Usagef("both %s and %s would go to %s", other, sink.Format, place).
				WithHint("Send one of them to a file of its own: -o %s=FILE.", sink.Format)
		}
		taken[sink.Path] = sink.Format
		out = append(out, sink)
	}
	return out, nil
}

// foretell says before anything is sent which reports will not be written: a
// run can take long, and the others are written all the same. Where none can
// be, there is nothing to run for.
func (a *app) foretell(sinks []report.Sink) error {
	var errs []error
	for _, s := range sinks {
		if s.Path != "" {
			if err := report.CheckPath(s.Path); err != nil {
				errs = append(errs, err)
			}
		}
	}
	err := errors.Join(errs...)
	if len(errs) == len(sinks) {
		return err
	}
	a.tell(err)
	return nil
}

// reportOptions are how results are rendered on this terminal.
func (a *app) reportOptions(scenario string) (report.Options, error) {
	color, err := a.colored(a.rawOut)
	if err != nil {
		return report.Options{}, err
	}
	o := report.Options{Width: width(a.rawOut), Color: color, ScenarioPath: a.secrets.RedactString(scenario), Redact: a.secrets.Redact}
	if wd, err := os.Getwd(); err == nil {
		o.SourceRoots = []string{wd}
	}
	if scenario != "" {
		o.SourceRoots = append(o.SourceRoots, filepath.Dir(scenario))
	}
	if top := os.Getenv("GITHUB_WORKSPACE"); top != "" {
		o.Base, o.SourceRoots = top, append(o.SourceRoots, top)
	}
	return o, nil
}

// conclude writes every report, also of a run that failed once a process was
// pinned, and says what the run came to: what it found weighs more than a report
// that could not be written, which is told then and there; that nothing is settled
// weighs less.
func (a *app) conclude(res *harness.Result, runErr error, path string, sinks []report.Sink, f *runFlags, k *keeper) error {
	o, err := a.reportOptions(path)
	if err != nil {
		return err
	}
	res = report.Redact(res, a.secrets.RedactString)
	// A baseline that cannot be compared with costs the comparison alone.
	spoiled := f.gate.options(res, &o)
	if runErr == nil || res.Target.PID > 0 {
		spoiled = errors.Join(spoiled, a.writeAll(sinks, res, o, &f.gate, k), a.onGitHub(res, o))
	}
	a.goesOn(res, k)
	if runErr == nil && spoiled == nil {
		a.next(res, sinks, &f.gate, k)
	}
	if runErr == nil {
		runErr = f.gate.decide(res, o)
	}
	var out *finding
	if runErr == nil || spoiled != nil && errors.As(runErr, &out) && out.code == exitInconclusive {
		return spoiled
	}
	a.tell(spoiled)
	return runErr
}
