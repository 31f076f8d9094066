package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"leakhunt/harness/result"
)

// trial is one run of leakhunt on a fresh process of one application.
type trial struct {
	app      application
	evidence string // one of evidences
	route    string // "alone": the only one; "": all that are tried together
	requests int    // to each URI; 0: as many as the verdicts need
	seed     int
}

// name of the evidence in the table: what "counter" is called depends on the
// application.
func (t trial) name() string {
	name := t.evidence
	if name == "counter" {
		name = t.app.counter
	}
	if t.requests > 0 && !strings.HasPrefix(t.evidence, "slope") {
		name += fmt.Sprintf(", %d requests", t.requests)
	}
	return name
}

// possible says whether the application has that kind of evidence.
func (t trial) possible() bool {
	switch t.evidence {
	case "counter":
		return t.app.counter != ""
	case "inspector":
		return t.app.runtime == "node"
	}
	return true
}

// rss says that nothing but RSS is read, asItComes that nothing is set to make
// it honest.
func (t trial) rss() bool {
	return t.asItComes() || t.evidence == "tight" || t.evidence == "slope-tight"
}

func (t trial) asItComes() bool {
	return t.evidence == "plain" || t.evidence == "alone" || t.evidence == "slope"
}

// String names the run.
func (t trial) String() string {
	name := fmt.Sprintf("%s, %s", t.app.runtime, t.name())
	if t.route != "" {
		name += ", " + t.route
	}
	return fmt.Sprintf("%s, seed %d", name, t.seed)
}

// burnIn is the number of requests to each URI that are not judged where a
// counter is there (see harness: burnInSettled).
const burnIn = 100

// routes are those that this kind of evidence is tried on. RSS alone needs
// thousands of requests to each: it gets half of the routes. A fixed number of
// requests cannot tell a leak from what is still filling when they end, and
// the verdict says so: such routes are left out.
func (t trial) routes() []route {
	return slices.DeleteFunc(slices.Clone(routes), func(r route) bool {
		if t.route != "" {
			return r.name != t.route
		}
		return r.alone || t.rss() && !r.every || t.requests > 0 && 2*r.fills > burnIn+t.requests
	})
}

// scenario is what leakhunt runs. JSON is YAML.
func (t trial) scenario(dir string) ([]byte, error) {
	var uris []string
	for _, r := range t.routes() {
		uris = append(uris, r.uri())
	}
	target := map[string]any{
		"command": t.app.command, "dir": dir, "tighten": !t.asItComes(),
		"ready": map[string]any{"uri": "/clean", "timeout": "60s"},
	}
	runtime := any("auto")
	switch {
	case t.evidence == "inspector":
		// Any port but that of another inspector of this machine.
		target["env"] = map[string]any{"NODE_OPTIONS": "--inspect-port=0"}
		runtime = map[string]any{"node": map[string]any{}}
	case t.rss():
		runtime = "none"
	}
	requests, warmup := any("auto"), any("auto")
	switch {
	case t.evidence == "slope":
		requests, warmup = slopeRequests, slopeWarmup
	case t.evidence == "slope-tight":
		requests = slopeRequests
	case t.requests > 0:
		requests = t.requests
	}
	return json.Marshal(map[string]any{
		"version": 1, "name": t.app.runtime,
		"target":   target,
		"requests": requests, "warmup": warmup, "runtime": runtime, "sites": "off", "uris": uris,
		"limits": map[string]any{"time": "30m"},
	})
}

// run runs the built leakhunt on the application installed in dir. Its journal is kept
// in the folder journals, unless that is "".
func (t trial) run(ctx context.Context, leakhunt, dir, journals string) ([]finding, error) {
	text, err := t.scenario(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "scenario.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	kept := filepath.Join(dir, "run.jsonl")
	res, err := hunt(ctx, leakhunt, path, t.seed, "--journal", kept)
	if err == nil && journals != "" {
		err = keep(kept, filepath.Join(journals, t.file()), res, t.truth(res))
	}
	if err = errors.Join(err, os.RemoveAll(kept)); err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	return t.findings(res), nil
}

// file is a name for the run's journal, without its end.
func (t trial) file() string {
	name := strings.Join(slices.DeleteFunc([]string{t.app.runtime, t.evidence, t.route}, func(s string) bool { return s == "" }), "-")
	if t.requests > 0 {
		name += fmt.Sprintf("-%d", t.requests)
	}
	return fmt.Sprintf("%s-seed%d", name, t.seed)
}

// truth is what a request to each URI of a result leaks, in bytes, by name.
func (t trial) truth(res *result.Result) map[string]float64 {
	all := map[string]float64{}
	for _, r := range t.routes() {
		for _, u := range res.URIs {
			if u.URI == r.uri() {
				all[u.Name] = t.app.kept[r.leak]
			}
		}
	}
	return all
}

// settledNothing is leakhunt's exit code where every verdict is inconclusive.
const settledNothing = 4

// hunt runs the built leakhunt on a scenario.
func hunt(ctx context.Context, leakhunt, path string, seed int, flags ...string) (*result.Result, error) {
	args := append([]string{"run", path, "-o", "json", "--seed", fmt.Sprint(seed), "--fail-on", "never", "-q"}, flags...)
	cmd := exec.CommandContext(ctx, leakhunt, args...)
	// It ends the application too, so it is asked before it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != settledNothing {
		return nil, fmt.Errorf("%w\n%s%s", err, stderr.Bytes(), failedRows(stdout.Bytes()))
	}
	var res result.Result
	if err := json.Unmarshal(stdout.Bytes(), &res); err != nil {
		return nil, err
	}
	return &res, nil
}

// findings are the result's URIs beside their truth.
func (t trial) findings(res *result.Result) []finding {
	var out []finding
	for _, r := range t.routes() {
		for _, u := range res.URIs {
			if u.URI != r.uri() {
				continue
			}
			f := finding{
				Runtime: t.app.runtime, Evidence: t.name(), Seed: t.seed, Route: r.name,
				Leak: r.leak, Kept: t.app.kept[r.leak],
				Verdict: u.Verdict, By: u.Evidence, Why: u.Why,
				Growth: u.Growth, Low: u.GrowthLow, High: u.GrowthHigh, Detectable: u.Detectable,
				Requests: u.Requests, Seconds: res.DurationS / float64(len(res.URIs)),
				Day: res.StartedAt.Format(time.DateOnly), Version: strings.TrimSpace(res.Tool.Version),
				Probes: u.Probes,
			}
			if f.reference() {
				f.Growth = float64(u.RSSEnd-u.RSSStart) / float64(u.Requests)
				f.Low, f.High = f.Growth, f.Growth
			}
			out = append(out, f)
		}
	}
	return out
}
