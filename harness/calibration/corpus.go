package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// corpus is runs of leakhunt on released applications, each with a leak that is planted
// from outside. What is kept in the folder for journals is not run again.
type corpus struct {
	dir   string
	only  string
	smoke bool
}

func (c *corpus) register(fl *flag.FlagSet) {
	fl.StringVar(&c.dir, "corpus", "", "folder that corpus/install filled: run leakhunt on the released applications, and write their table; with -only, -evidence counter,tight, -first, -journals (default: its folder journals) and -leakhunt")
	fl.StringVar(&c.only, "only", "", "which applications of the corpus, by name; looked and unseen stand for those that were hunted before, or not; none: only write the table")
	fl.BoolVar(&c.smoke, "smoke", false, "send each URI of the corpus twice, and hunt nothing")
}

// run does the trials that are missing, and writes the table.
func (c *corpus) run(ctx context.Context, l *live, out string, stdout io.Writer) (err error) {
	apps, err := corpusApplications()
	if err != nil {
		return err
	}
	root, err := filepath.Abs(c.dir)
	if err != nil {
		return err
	}
	trials, err := c.trials(apps, l, root)
	if err != nil {
		return err
	}
	journals := l.journals
	if journals == "" {
		journals = filepath.Join(root, "journals")
	}
	if c.smoke {
		journals = ""
	}
	failed := c.complete(ctx, l, trials, journals)
	if c.smoke || ctx.Err() != nil {
		return errors.Join(failed, ctx.Err())
	}
	runs, err := readCorpusRuns(journals)
	if err != nil {
		return errors.Join(failed, err)
	}
	var b bytes.Buffer
	writeCorpus(&b, apps, runs)
	if out == "-" {
		_, err = stdout.Write(b.Bytes())
	} else {
		err = os.WriteFile(out, b.Bytes(), 0o644)
	}
	return errors.Join(failed, err)
}

// trials are the runs that are asked for.
func (c *corpus) trials(apps []released, l *live, root string) (all []corpusTrial, err error) {
	names := strings.Split(c.only, ",")
	for _, name := range names {
		if !slices.Contains([]string{"", "looked", "unseen", "none"}, name) && !slices.ContainsFunc(apps, func(a released) bool { return a.Name == name }) {
			return nil, fmt.Errorf("-only: the corpus has no application %q", name)
		}
	}
	for _, a := range apps {
		group := "unseen"
		if a.Looked {
			group = "looked"
		}
		if c.only != "" && !slices.Contains(names, a.Name) && !slices.Contains(names, group) {
			continue
		}
		for _, e := range strings.Split(l.evidence, ",") {
			if e != "counter" && e != "tight" {
				return nil, fmt.Errorf("-evidence: %q is neither counter nor tight", e)
			}
			if !a.Counter {
				e = "tight" // there is nothing else
			}
			t := corpusTrial{app: a, evidence: e, seed: l.first, root: root}
			if !slices.ContainsFunc(all, func(o corpusTrial) bool { return o.file() == t.file() }) {
				all = append(all, t)
			}
		}
	}
	return all, nil
}

// complete runs the trials of which nothing is kept. One that fails is told, and the
// others go on.
func (c *corpus) complete(ctx context.Context, l *live, trials []corpusTrial, journals string) (err error) {
	if journals != "" {
		trials = slices.DeleteFunc(trials, func(t corpusTrial) bool {
			_, err := os.Stat(filepath.Join(journals, t.file()+".run.json"))
			return !errors.Is(err, fs.ErrNotExist)
		})
	}
	if len(trials) == 0 {
		return nil
	}
	program := l.leakhunt
	if program == "" {
		tmp, fault := os.MkdirTemp("", "calibration-")
		if fault != nil {
			return fault
		}
		defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
		program = filepath.Join(tmp, "leakhunt")
		if err := buildLeakhunt(ctx, program); err != nil {
			return err
		}
	}
	var failed []error
	for i, t := range trials {
		res, err := t.run(ctx, program, journals)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", t.file(), err)
			failed = append(failed, err)
			fmt.Fprintln(l.log, err)
			continue
		}
		fmt.Fprintf(l.log, "%d of %d: %s: %.0f s: %s\n", i+1, len(trials), t.file(), res.DurationS, t.outcome(res, c.smoke))
	}
	return errors.Join(failed...)
}

// outcome sums a run up in a line: what is not as the truth is, where that is known.
func (t corpusTrial) outcome(res *result.Result, smoke bool) string {
	var odd []string
	for _, u := range res.URIs {
		_, unknown := t.app.Guilty[u.Name]
		wrong := (u.Name == plantedRow) != (u.Verdict == verdict.Leak)
		if u.Verdict == verdict.Failed || !smoke && !unknown && wrong {
			odd = append(odd, fmt.Sprintf("%s is %s: %s", u.Name, u.Verdict, u.Why))
		}
	}
	if odd == nil {
		return "as it is"
	}
	return strings.Join(odd, "; ")
}
