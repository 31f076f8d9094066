package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/verdict"
)

// live is runs of leakhunt on applications whose leaks are known, each on a
// fresh process. What is in the results file is not run again.
type live struct {
	on       bool
	runtimes string
	evidence string
	runs     int
	first    int // seed of the first run
	requests int
	results  string
	leakhunt string // the program; "" to build it
	journals string // folder for the journals of the runs; "": none are kept
	log      io.Writer
}

var evidences = []string{"counter", "inspector", "tight", "plain", "alone", "slope", "slope-tight"}

func (l *live) register(fl *flag.FlagSet) {
	var names []string
	for _, a := range applications {
		names = append(names, a.runtime)
	}
	fl.BoolVar(&l.on, "live", false, "run leakhunt on live applications, and count what the results file holds")
	fl.StringVar(&l.runtimes, "runtimes", strings.Join(names, ","), "which live applications")
	fl.StringVar(&l.evidence, "evidence", "counter", "kinds of evidence for live applications: "+strings.Join(evidences, ", "))
	fl.IntVar(&l.runs, "runs", 1, "live runs of each kind in all, with seeds in a row; 0: only count the results file")
	fl.IntVar(&l.first, "first", 1, "seed of the first of those runs")
	fl.IntVar(&l.requests, "requests", 0, "requests to each URI of a live run; 0: as many as its verdict needs")
	fl.StringVar(&l.results, "results", "live.jsonl", "file that live results are added to; what is in it is not run again")
	fl.StringVar(&l.journals, "journals", "", "folder in which the journals of live runs are kept, with their verdicts and the truth, for -replay")
	fl.StringVar(&l.leakhunt, "leakhunt", "", "the leakhunt to run; built from ./cmd/leakhunt unless given")
}

// trials are the runs that are asked for, the seeds in turn.
func (l *live) trials() ([]trial, error) {
	var out []trial
	for _, name := range strings.Split(l.runtimes, ",") {
		at := slices.IndexFunc(applications, func(a application) bool { return a.runtime == name })
		if at < 0 {
			return nil, fmt.Errorf("-runtimes: no application %q", name)
		}
		for _, e := range strings.Split(l.evidence, ",") {
			if !slices.Contains(evidences, e) {
				return nil, fmt.Errorf("-evidence: %q is none of %s", e, strings.Join(evidences, ", "))
			}
			for seed := l.first; seed < l.first+l.runs; seed++ {
				for _, route := range alone(e) {
					if t := (trial{applications[at], e, route, l.requests, seed}); t.possible() {
						out = append(out, t)
					}
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b trial) int { return a.seed - b.seed })
	return out, nil
}

// alone are the routes that each get a process of their own with this kind of
// evidence; "" for one process that has them all.
func alone(evidence string) []string {
	slopes := strings.HasPrefix(evidence, "slope")
	if evidence != "alone" && !slopes {
		return []string{""}
	}
	var names []string
	for _, r := range routes {
		if r.every && (r.leak > 0 || !slopes) {
			names = append(names, r.name)
		}
	}
	return names
}

// Samples runs what is missing in the results file, then yields all of it.
func (l *live) Samples(ctx context.Context) iter.Seq2[sample, error] {
	return func(yield func(sample, error) bool) {
		err := l.complete(ctx)
		var all []finding
		if err == nil {
			all, err = readFindings(l.results)
		}
		if err != nil {
			yield(sample{}, err)
			return
		}
		slopes := slopesOf(all)
		for _, f := range all {
			if !f.reference() && !yield(f.sample(slopes.of(f)), nil) {
				return
			}
		}
	}
}

// keptWithin is by how much it is known what an application keeps for each request, in
// bytes: it is named by the object's content. A header, a place in an array that grows
// ahead, and what an allocator rounds up come to no more.
const keptWithin = 16

// sample is the finding beside the growth that its interval should hold.
func (f finding) sample(growth float64) sample {
	within := 0.0
	if f.Leak > 0 {
		within = keptWithin
	}
	return sample{
		Source: "live", Evidence: f.Evidence, World: f.Runtime,
		Unit: "bytes", Leak: f.Leak, Growth: growth, Within: within,
		Spent: time.Duration(f.Seconds * float64(time.Second)),
		Judge: func() verdict.Judgement {
			return verdict.Judgement{
				Label: f.Verdict, Growth: f.Growth, Low: f.Low, High: f.High,
				Detectable: f.Detectable, Requests: f.Requests, Reason: f.Why,
			}
		},
	}
}

// complete runs the trials that the results file lacks.
func (l *live) complete(ctx context.Context) (err error) {
	trials, err := l.trials()
	if err != nil {
		return err
	}
	have, err := readFindings(l.results)
	if err != nil {
		return err
	}
	trials = slices.DeleteFunc(trials, func(t trial) bool {
		return slices.ContainsFunc(have, func(f finding) bool {
			return f.Runtime == t.app.runtime && f.Evidence == t.name() && f.Seed == t.seed && (t.route == "" || f.Route == t.route)
		})
	})
	if len(trials) == 0 {
		return nil
	}
	tmp, err := os.MkdirTemp("", "calibration-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	program := l.leakhunt
	if program == "" {
		program = filepath.Join(tmp, "leakhunt")
		if err := buildLeakhunt(ctx, program); err != nil {
			return err
		}
	}
	var failed []error
	for i, t := range trials {
		dir := filepath.Join(tmp, t.app.runtime)
		if err := os.Mkdir(dir, 0o755); err == nil {
			if err := t.app.install(ctx, dir); err != nil {
				return err
			}
		}
		found, err := t.run(ctx, program, dir, l.journals)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // the others go on: a run that fails is said, and run again next time
			failed = append(failed, err)
			fmt.Fprintln(l.log, err)
			continue
		}
		if err := appendFindings(l.results, found); err != nil {
			return err
		}
		fmt.Fprintf(l.log, "%d of %d: %s: %s\n", i+1, len(trials), t, outcome(found))
	}
	return errors.Join(failed...)
}

func buildLeakhunt(ctx context.Context, program string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "leakhunt/cmd/leakhunt")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return nil
}

// outcome sums a run up in a line.
func outcome(found []finding) string {
	var odd []string
	var seconds float64
	for _, f := range found {
		seconds += f.Seconds
		if (f.Leak > 0) != (f.Verdict == verdict.Leak) || f.Verdict == verdict.Failed {
			odd = append(odd, f.Route+" "+string(f.Verdict))
		}
	}
	if odd == nil {
		odd = []string{"as it is"}
	}
	return fmt.Sprintf("%.0f s, %s", seconds, strings.Join(odd, ", "))
}

// command is how the table says that live results stand in it.
func (l *live) command() string {
	return fmt.Sprintf("-live -runs %d -results %s", l.runs, filepath.Base(l.results))
}
