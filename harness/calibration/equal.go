package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"leakhunt/harness/journal"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
)

// equality makes short live runs, and holds what leakhunt judge says of the journal of
// each against what the run itself said: the same, byte for byte. Among them are runs
// whose process is killed, that are interrupted, and that are killed and resumed.
type equality struct {
	n        int
	leakhunt string // the program
	dir      string // for scenarios and journals; what differs stays there
	log      io.Writer
}

func (e *equality) register(fl *flag.FlagSet) {
	fl.IntVar(&e.n, "equal", 0, "short live runs whose journals are judged: does leakhunt judge say what the run said?")
}

// Equal is what came out.
type Equal struct {
	Runs   int            `json:"runs"`
	Equal  int            `json:"equal"`
	Ways   map[string]int `json:"ways"` // how many were disturbed in which way, in time
	Differ []string       `json:"differ"`
}

// ways a run is disturbed in. A process that is killed is started again.
var ways = []string{"undisturbed", "process killed", "interrupted", "killed and resumed"}

// short is a short run of one application by one evidence.
type short struct {
	trial
	way string
}

// shorts are n runs, in which each application by each evidence is disturbed in each way
// in turn.
func shorts(n int, seed int) (out []short) {
	var kinds []trial
	for _, e := range []string{"counter", "plain", "tight"} {
		for _, a := range applications {
			if t := (trial{app: a, evidence: e}); t.possible() {
				kinds = append(kinds, t)
			}
		}
	}
	for i := range n {
		s := short{kinds[i%len(kinds)], ways[i%len(ways)]}
		s.seed = seed + i
		out = append(out, s)
	}
	return out
}

// String names the run.
func (s short) String() string { return fmt.Sprintf("%s, %s", s.trial, s.way) }

// scenario is a few requests to three of the routes, within a time that leaves none to
// wait for what expires.
func (s short) scenario(dir string) ([]byte, error) {
	target := map[string]any{
		"command": s.app.command, "dir": dir, "tighten": !s.asItComes(), "ready": map[string]any{"uri": "/clean", "timeout": "60s"},
		"restarts": 2,
	}
	runtime, requests := "auto", 60
	if s.rss() {
		runtime, requests = "none", 400
	}
	return json.Marshal(map[string]any{
		"version": 1, "name": "equal", "target": target, "requests": requests, "warmup": requests / 5, "runtime": runtime, "sites": "off",
		"uris": []string{"/clean", "/leak4k", "/cache/{{n}}"}, "limits": map[string]any{"time": "15s"},
	})
}

// start makes the runs with the program, which is built unless given. A folder in which
// nothing differs is removed.
func (e *equality) start(ctx context.Context, program string, seed int, out string, stdout io.Writer) (err error) {
	if e.dir, err = os.MkdirTemp("", "calibration-"); err != nil {
		return err
	}
	if e.leakhunt = program; program == "" {
		e.leakhunt = filepath.Join(e.dir, "leakhunt")
		if err := buildLeakhunt(ctx, e.leakhunt); err != nil {
			return err
		}
	}
	if err := e.run(ctx, seed, out, stdout); err != nil {
		return err
	}
	return os.RemoveAll(e.dir)
}

// run makes the runs, one after the other.
func (e *equality) run(ctx context.Context, seed int, out string, stdout io.Writer) error {
	all := &Equal{Ways: map[string]int{}, Differ: []string{}}
	for _, s := range shorts(e.n, seed) {
		app := filepath.Join(e.dir, s.app.runtime)
		if err := os.Mkdir(app, 0o755); err == nil {
			if err := s.app.install(ctx, app); err != nil {
				return err
			}
		}
		began := time.Now()
		said, way, err := e.one(ctx, s, app)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		all.Runs++
		all.Ways[way]++
		if said == "" {
			all.Equal++
			said = "equal"
		} else {
			all.Differ = append(all.Differ, fmt.Sprintf("%s: %s", s, said))
		}
		fmt.Fprintf(e.log, "%d of %d: %s (%s): %.1f s, %s\n", all.Runs, e.n, s, way, time.Since(began).Seconds(), said)
	}
	var err error
	if out == "json" {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(all)
	} else {
		fmt.Fprintf(stdout, "%d of %d runs: leakhunt judge says what the run said\n", all.Equal, all.Runs)
		for _, way := range slices.Sorted(maps.Keys(all.Ways)) {
			fmt.Fprintf(stdout, "  %d %s\n", all.Ways[way], way)
		}
	}
	if all.Equal < all.Runs {
		err = errors.Join(err, fmt.Errorf("%d of %d runs differ; what they said is in %s", all.Runs-all.Equal, all.Runs, e.dir))
	}
	return err
}

// one makes a run, and says how what judge says of it differs: "" where it does not; and
// in which way it was disturbed in the end.
func (e *equality) one(ctx context.Context, s short, app string) (differ, way string, err error) {
	text, err := s.scenario(app)
	if err != nil {
		return "", "", err
	}
	base := filepath.Join(e.dir, s.file())
	file, kept := base+".yaml", base+".jsonl"
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", "", err
	}
	told, killed, err := e.disturbed(ctx, s, file, kept)
	if err != nil {
		return "", "", err
	}
	way, err = disturbance(told, killed)
	if err != nil {
		return "", "", err
	}
	judged, err := e.output(e.command(ctx, "judge", kept, "-o", "json"))
	if err != nil {
		return "", "", err
	}
	if bytes.Equal(told, judged) {
		return "", way, errors.Join(os.Remove(file), os.Remove(kept))
	}
	at := 0
	for at < min(len(told), len(judged)) && told[at] == judged[at] {
		at++
	}
	err = errors.Join(os.WriteFile(base+".run.json", told, 0o600), os.WriteFile(base+".judge.json", judged, 0o600))
	return fmt.Sprintf("%d bytes and %d, from byte %d on: %.80q and %.80q", len(told), len(judged), at, told[at:], judged[at:]), way, err
}

// disturbance is the way in which a run was disturbed: a signal may come too late.
func disturbance(told []byte, killed bool) (string, error) {
	var res result.Result
	if err := json.Unmarshal(told, &res); err != nil {
		return "", err
	}
	switch {
	case killed:
		return "killed and resumed", nil
	case res.EndedBy == result.EndedByUser:
		return "interrupted", nil
	case res.EndedBy == result.EndedByFault || slices.ContainsFunc(res.Warnings, func(w result.Warning) bool { return w.Code == "restarted" }):
		return "process killed", nil
	}
	return "undisturbed", nil
}

// disturbed makes the run, disturbs it, and returns what it says, and whether it was
// killed before it said anything.
func (e *equality) disturbed(ctx context.Context, s short, file, kept string) (told []byte, killed bool, err error) {
	run := e.command(ctx, "run", file, "-o", "json", "--seed", fmt.Sprint(s.seed), "-q", "--journal", kept)
	if s.way == ways[0] {
		told, err = e.output(run)
		return told, false, err
	}
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	if err := run.Start(); err != nil {
		return nil, false, err
	}
	done := make(chan error, 1)
	go func() { done <- run.Wait() }()
	app := opened(ctx, kept, done)
	// A moment of the warm-up, of the rounds, or after the end.
	most := 1500
	if s.rss() {
		most = 200
	}
	wait := time.Duration(rand.New(rand.NewPCG(uint64(s.seed), 1)).IntN(most)) * time.Millisecond
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
	switch s.way {
	case "process killed":
		if app != nil && app.PID > 0 {
			_ = syscall.Kill(app.PID, syscall.SIGKILL)
		}
	case "interrupted":
		_ = run.Process.Signal(os.Interrupt)
	default:
		_ = run.Process.Kill()
	}
	err = <-done
	if s.way != "killed and resumed" || stdout.Len() > 0 {
		return stdout.Bytes(), false, unsaid(err, stdout.Bytes(), stderr.Bytes())
	}
	if app != nil { // a killed run cannot end the application
		_ = syscall.Kill(app.PID, syscall.SIGKILL)
	}
	told, err = e.output(e.command(ctx, "run", "--resume", kept, "-o", "json", "-q"))
	return told, true, err
}

// opened is the process of a run, as its journal names it once it is opened; nil where
// the run ends before.
func opened(ctx context.Context, kept string, done chan error) *record.Process {
	for {
		if j, err := journal.Open(kept); err == nil {
			for ev, err := range j.Events() {
				if o, ok := ev.(record.Opened); ok && err == nil {
					_ = j.Close()
					return &o.Process
				}
			}
			_ = j.Close()
		}
		select {
		case err := <-done:
			done <- err
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (e *equality) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.leakhunt, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// output is what a command writes. That leaks were found, or that a run could not be
// measured to its end, is no error where it says so.
func (e *equality) output(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return stdout.Bytes(), unsaid(err, stdout.Bytes(), stderr.Bytes())
}

// unsaid is the error of a command that has ended without a result. One that was killed
// (-1) may have said all by then.
func unsaid(err error, stdout, stderr []byte) error {
	var code *exec.ExitError
	if err == nil || errors.As(err, &code) && json.Valid(stdout) && len(stdout) > 0 && slices.Contains([]int{-1, 1, 3, 4, 130}, code.ExitCode()) {
		return nil
	}
	return fmt.Errorf("%w\n%s", err, stderr)
}
