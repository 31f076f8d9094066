package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"leakhunt/harness/journal"
	"leakhunt/harness/judge"
)

// replay judges journals of runs anew, and holds the verdicts against those that were
// recorded, and against the truth. Beside a journal NAME.jsonl or NAME.jsonl.gz stand
//
//	NAME.verdicts.json  what the run said: a list of Recorded
//	NAME.truth.json     bytes that a request to each URI leaks: {"/feed":1024}
//
// A URI that the truth does not name is held against what was recorded alone.
type replay struct {
	dir string
	off map[string]bool // rules that are switched off
}

func (r *replay) register(fl *flag.FlagSet) {
	fl.StringVar(&r.dir, "replay", "", "folder of journals that are judged anew: whose verdict changed, and who is wrong; with -without and -o json")
}

// run judges all journals of the folder. What cannot be judged is told, and is an error
// in the end.
func (r *replay) run(ctx context.Context, out string, stdout io.Writer) error {
	paths, err := journals(r.dir)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("-replay: there is no journal in %s", r.dir)
	}
	all := &Replayed{Changed: []Change{}, Wrong: []Change{}, Failed: []Broken{}}
	for _, path := range paths {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name, _ := strings.CutPrefix(path, r.dir+string(filepath.Separator))
		if err := r.one(all, name, path); err != nil {
			all.Failed = append(all.Failed, Broken{name, err.Error()})
		}
	}
	if out == "json" {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(all)
	} else {
		all.write(stdout)
	}
	if n := len(all.Failed); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d journals could not be judged", n, len(paths)))
	}
	return err
}

// journals are the files of a folder, and of those in it, in order.
func journals(dir string) (paths []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && base(path) != path {
			paths = append(paths, path)
		}
		return err
	})
	slices.Sort(paths)
	return paths, err
}

// base is a journal's path without the ends of its name.
func base(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".jsonl")
}

// one judges a journal.
func (r *replay) one(all *Replayed, name, path string) error {
	run, err := journal.Load(path)
	if err != nil {
		return err
	}
	var recorded []Recorded
	if err := readJSON(base(path)+".verdicts.json", &recorded); err != nil {
		return err
	}
	truth := map[string]float64{}
	if err := readJSON(base(path)+".truth.json", &truth); err != nil {
		return err
	}
	st := judge.NewWith(run.Header, judge.Settings{Off: r.off})
	for i, e := range run.Events {
		if err := st.Append(e); err != nil {
			return fmt.Errorf("event %d: %w", i+1, err)
		}
	}
	all.Journals++
	if run.Tail.Torn > 0 {
		all.Torn++
	}
	findings := st.Findings()
	for i, it := range run.Header.Items {
		f := findings[i]
		all.URIs++
		c := Change{Journal: name, URI: it.Name, Is: f.Label, Floor: f.Floor, Why: f.Why}
		leak, known := truth[it.Name]
		if known {
			c.Truth = &leak
		}
		if at := slices.IndexFunc(recorded, func(o Recorded) bool { return o.URI == it.Name }); at >= 0 {
			old := recorded[at]
			c.Was = old.Verdict
			if known {
				all.Was.count(leak, old.Verdict, old.Floor)
			}
			if c.Was != c.Is {
				all.Changed = append(all.Changed, c)
			}
		}
		if known {
			if c.Kind = all.Is.count(leak, f.Label, f.Floor); c.Kind != "" {
				all.Wrong = append(all.Wrong, c)
			}
		}
	}
	return nil
}

// readJSON reads a file beside a journal; one that is not there says nothing.
func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}
