// Command calibration says how right the verdicts are: it judges series whose
// truth is known, and writes a table of false accusations, power, interval
// coverage, requests used and time.
//
//	go run ./harness/calibration -sim 400 -traces DIR -o table.md
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := calibrate(ctx, os.Args[1:], os.Stdout, os.Stderr, time.Now)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "calibration:", err)
		os.Exit(1)
	}
}

// calibrate is the command, with what it reads and writes passed in.
func calibrate(ctx context.Context, args []string, stdout, stderr io.Writer, clock func() time.Time) error {
	flags := flag.NewFlagSet("calibration", flag.ContinueOnError)
	flags.SetOutput(stderr)
	sim := flags.Int("sim", 200, "simulated series for each world and leak; 0: none")
	dir := flags.String("traces", "", "folder of recorded series, RUNTIME-PAYLOAD-REQUESTS-leakBYTES-RUN.csv.gz")
	burnIn := flags.Int("burn-in", 2048, "rows of a recorded series that are not judged")
	out := flags.String("o", "-", "file for the table in Markdown; - is stdout")
	seed := flags.Uint64("seed", 1, "seed of the simulation")
	var sims simulation
	sims.register(flags)
	runs := live{log: stderr}
	runs.register(flags)
	var kept replay
	kept.register(flags)
	var groups scans
	groups.register(flags)
	var left timeLeft
	left.register(flags)
	same := equality{log: stderr}
	same.register(flags)
	var apps corpus
	apps.register(flags)
	var cases kinds
	cases.register(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if kept.dir != "" {
		off, err := sims.off()
		if err != nil {
			return err
		}
		kept.off = off
		return kept.run(ctx, *out, stdout)
	}
	if apps.dir != "" {
		return apps.run(ctx, &runs, *out, stdout)
	}
	if cases.dir != "" {
		return cases.run(ctx, apps.only, runs.leakhunt, stderr, *out, stdout)
	}
	if left.dir != "" {
		return left.run(ctx, stdout)
	}
	if groups.seeds > 0 {
		return groups.run(ctx, *out, stdout, stderr)
	}
	if same.n > 0 {
		return same.start(ctx, runs.leakhunt, int(*seed), *out, stdout)
	}
	if sims.hunts > 0 {
		return sims.run(ctx, *seed, *out, stdout, clock)
	}
	if flags.NArg() > 0 || *sim < 0 || *burnIn < 0 {
		return fmt.Errorf("usage: calibration [-sim N] [-seed N] [-traces DIR] [-burn-in N] [-o FILE], with no count below 0")
	}
	sources := []source{simulated{*sim, *seed}, counters{*sim, *seed}}
	shown := []string{fmt.Sprintf("go run ./harness/calibration -sim %d -seed %d", *sim, *seed)}
	if *dir != "" {
		sources = append(sources, traces{*dir, *burnIn})
		shown = append(shown, fmt.Sprintf("-traces %s -burn-in %d", filepath.Base(*dir), *burnIn))
	}
	if runs.on {
		sources = append(sources, &runs)
		shown = append(shown, runs.command())
	}
	cells, err := run(ctx, clock, sources...)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := write(&b, strings.Join(shown, " "), clock(), cells); err != nil {
		return err
	}
	if *out == "-" {
		_, err = stdout.Write(b.Bytes())
		return err
	}
	return os.WriteFile(*out, b.Bytes(), 0o644)
}
