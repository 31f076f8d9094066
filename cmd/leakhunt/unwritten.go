package main

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/report"
)

// surviveBrokenPipes lets a run go on when the reader of its output is gone: the write
// returns an error then (EPIPE). Without a handler the process would end (os/signal); a
// signal that is ignored would be ignored in the application, too.
func surviveBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// writeAll writes every output; files are those that were written. One that cannot
// be written costs itself alone, and nothing where there is a journal: the error says
// how to render it from there.
func (a *app) writeAll(sinks []report.Sink, res *result.Result, o report.Options, g *gate, k *keeper) (files []string, err error) {
	var errs []error
	for _, s := range sinks {
		if err := report.WriteAll([]report.Sink{s}, a.rawOut, res, o); err != nil {
			errs = append(errs, unwritten(s, err, g, k.whole()))
		} else if s.Path != "" {
			files = append(files, printable(s.Path)+" ("+s.Format+")")
		}
	}
	return files, errors.Join(errs...)
}

// closing says at the end of a run which files were written, and what comes next.
func (a *app) closing(res *result.Result, files []string, sinks []report.Sink, g *gate, k *keeper) {
	if len(files) > 0 {
		a.note("written: %s", strings.Join(files, ", "))
	}
	a.next(res, sinks, g, k)
}

// next says what to do with a run that is complete: what it found is told to the
// lines in a report; where it found nothing, later runs are compared with it.
func (a *app) next(res *result.Result, sinks []report.Sink, g *gate, k *keeper) {
	kept := k.whole()
	has := func(format string) bool {
		return slices.ContainsFunc(sinks, func(s report.Sink) bool { return s.Format == format })
	}
	if !res.Complete || kept == "" || inCI() {
		return
	}
	words := []string{"leakhunt", "report"}
	if k.path != "" {
		words = append(words, kept)
	}
	switch leaks := res.Summary.Leak; {
	case leaks > 0 && !has("html"):
		a.note("next: %s shows each series, and the lines that leak", report.ShellLine(append(words, "-o", "html=report.html")...))
	case leaks == 0 && g.baseline == "" && !has("json"):
		a.note("next: %s keeps this run, to compare later ones with: run --baseline main.json", report.ShellLine(append(words, "-o", "json=main.json")...))
	}
}

// unwritten is the fault of an output that could not be written. The run was made
// all the same, so it is none of usage.
func unwritten(s report.Sink, err error, g *gate, kept string) error {
	var f, of *fault.Error
	var call *fs.PathError
	switch {
	case errors.As(err, &of):
		f = fault.Measuref("%s", of.Msg).Because(of.Err).WithHint("%s", of.Hint)
	case errors.As(err, &call):
		f = fault.Measuref("cannot write the %s output to standard output", s.Format).Because(call.Err)
	default:
		f = fault.Measuref("cannot write the %s output", s.Format).Because(err)
	}
	if kept == "" {
		return f
	}
	words := []string{"leakhunt", "report", kept}
	if s.Path != "" {
		words = append(words, "-o", s.Format+"=FILE")
	} else if s.Format != "table" {
		words = append(words, "-o", s.Format)
	}
	if g.baseline != "" && g.baseline != "-" {
		words = append(words, "--baseline", g.baseline)
	}
	if g.failOn != report.FailOnLeak {
		words = append(words, "--fail-on", g.failOn)
	}
	return f.WithHint("What was measured is kept. Render it with: %s", report.ShellLine(words...))
}

// goesOn says how to go on with a run that is not complete.
func (a *app) goesOn(res *result.Result, k *keeper) {
	kept := k.whole()
	if kept == "" || res.Complete {
		return
	}
	words := []string{"leakhunt", "run"}
	if k.scenario != "" {
		words = append(words, k.scenario)
	}
	words = append(words, "--resume", kept)
	a.note("what was measured is kept; go on with: %s", report.ShellLine(words...))
}
