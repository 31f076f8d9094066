package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/judge"
)

// simulation is the flags of simulated hunts.
type simulation struct {
	hunts   int
	world   string
	without string
	rules   bool
	verbose bool
	alone   bool
}

func (s *simulation) register(fl *flag.FlagSet) {
	fl.IntVar(&s.hunts, "hunts", 0, "whole hunts on simulated processes, with -seed and the seeds after it; -o json writes them as JSON")
	fl.StringVar(&s.world, "world", "", "with -hunts: one kind of world; all of them, drawn by the seed, unless given")
	fl.BoolVar(&s.alone, "rss-alone", false, "with -hunts: of the seeds' worlds only those in which no counter is read")
	fl.StringVar(&s.without, "without", "", "with -hunts and -replay: rules that are switched off, with commas in between")
	fl.BoolVar(&s.rules, "rules", false, "with -hunts: the table of rules, what goes wrong without each of them")
	fl.BoolVar(&s.verbose, "v", false, "with -hunts: tell every action, and what was thought of its URI then")
}

// off are the rules that are switched off.
func (s *simulation) off() (map[string]bool, error) {
	off := map[string]bool{}
	for name := range strings.SplitSeq(s.without, ",") {
		if name == "" {
			continue
		}
		if !slices.ContainsFunc(judge.Rules(), func(r judge.Rule) bool { return r.Name == name }) {
			return nil, fmt.Errorf("-without: there is no rule %q", name)
		}
		off[name] = true
	}
	return off, nil
}

// run makes the hunts and writes what came out.
func (s *simulation) run(ctx context.Context, seed uint64, out string, stdout io.Writer, clock func() time.Time) error {
	off, err := s.off()
	if err != nil {
		return err
	}
	h := hunts{n: s.hunts, seed: seed, world: s.world, alone: s.alone, off: off}
	if s.verbose {
		h.verbose = stdout
	}
	if s.rules {
		var b bytes.Buffer
		if err := h.rules(ctx, clock, &b); err != nil {
			return err
		}
		if out == "-" {
			_, err := stdout.Write(b.Bytes())
			return err
		}
		return os.WriteFile(out, b.Bytes(), 0o644)
	}
	o, err := h.run(ctx, clock)
	if err != nil {
		return err
	}
	if out == "json" {
		return o.writeJSON(stdout)
	}
	o.write(stdout)
	return nil
}

// write writes an outcome for a person.
func (o *Outcome) write(w io.Writer) {
	const row = "%-22s %7d %9d %8d %6d %6d %9s %5d %13d\n"
	fmt.Fprintf(w, "%-22s %7s %9s %8s %6s %6s %9s %5s %13s\n", "world", "hunts", "innocents", "accused", "leaks", "found", "above 4×", "lies", "inconclusive")
	line := func(name string, c *Counts) {
		fmt.Fprintf(w, row, name, c.Hunts, c.Innocents, c.Accused, c.Leaks, c.Found, fmt.Sprintf("%d/%d", c.FoundAbove, c.Above), c.Lies, c.Inconclusive)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Worlds)) {
		line(name, o.Worlds[name])
	}
	line("all", &o.Counts)
	fmt.Fprintf(w, "%.0f hunts a second, %d requests\n", o.HuntsPerSecond, o.Requests)
	for _, f := range o.Failures {
		fmt.Fprintf(w, "%-8s seed %d, %s, %s: %s\n         %s, floor %.0f: %s\n", f.Kind, f.Seed, f.World, f.URI, f.Truth, f.Verdict, f.Floor, f.Why)
	}
}
