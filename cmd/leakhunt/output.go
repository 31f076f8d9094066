package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/report"
	"leakhunt/scenarios"
)

func formatsHelp() string {
	return "FORMAT[=PATH], repeatable: " + strings.Join(report.Formats(), ", ") + "; - or nothing is stdout"
}

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
		if err := a.files.writes(sink.Format, sink.Path, "-o "+sink.Format+"=FILE"); err != nil {
			return nil, err
		}
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

// reportOptions are how results are rendered on this terminal. Source lines are shown
// of files in the folders sources alone: a result that others wrote may name any file.
func (a *app) reportOptions(scenario string, sources ...string) (report.Options, error) {
	color, err := a.colored(a.rawOut)
	if err != nil {
		return report.Options{}, err
	}
	o := report.Options{Width: width(a.rawOut), Color: color, ScenarioPath: a.secrets.RedactString(scenario), Redact: a.secrets.Redact, SourceRoots: sources}
	if wd, err := os.Getwd(); err == nil {
		o.PlaceRoots = []string{wd}
	}
	if scenarios.InFile(scenario) {
		o.PlaceRoots = append(o.PlaceRoots, filepath.Dir(scenario))
	}
	if top := os.Getenv("GITHUB_WORKSPACE"); top != "" {
		o.Base, o.PlaceRoots = top, append(o.PlaceRoots, top)
	}
	return o, nil
}

// conclude writes every report, also of a run that failed once a process was
// pinned, and says what the run came to: what it found weighs more than a report
// that could not be written, which is told then and there; that nothing is settled
// weighs less.
func (a *app) conclude(res *result.Result, runErr error, path string, sinks []report.Sink, f *runFlags, k *keeper) error {
	o, err := a.reportOptions(path, ownFolder(res)...)
	if err != nil {
		return err
	}
	res = report.Redact(res, a.secrets.RedactString)
	// A baseline that cannot be compared with costs the comparison alone.
	spoiled := f.gate.options(res, &o)
	var files []string
	if runErr == nil || res.Target.PID > 0 {
		var lost error
		files, lost = a.writeAll(sinks, res, o, &f.gate, k)
		spoiled = errors.Join(spoiled, lost, a.onGitHub(res, o))
	}
	a.goesOn(res, k)
	if f.progress != "none" {
		a.closing(res, files, sinks, &f.gate, k)
		if f.flow != nil && !inCI() {
			a.note("next: %s %s", report.ShellLine(f.flow.words...), f.flow.what)
		}
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

// ownFolder is the folder of the pinned process of a run that was made here: its
// source lines may be shown.
func ownFolder(r *result.Result) []string {
	if r.Target.Dir == "" {
		return nil
	}
	return []string{r.Target.Dir}
}
