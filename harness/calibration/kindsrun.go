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
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"leakhunt/harness/result"
)

// kinds is runs of leakhunt on a small application for each kind of wrong verdict that it
// has given once. What is kept in the folder is not run again.
type kinds struct {
	dir string
}

func (k *kinds) register(fl *flag.FlagSet) {
	fl.StringVar(&k.dir, "kinds", "", "folder for results and journals: run leakhunt on a case of each kind of verdict that was wrong once, and write their table; with -only, by the scenarios' names (none: only write the table), and -leakhunt")
}

// kindKept is a run as the files in the folder say it.
type kindKept struct {
	exit  int
	table string
	res   *result.Result // nil where there is none
}

// name of the files of a run, without their ends.
func (c kindCase) name(run int) string { return fmt.Sprintf("%s-%d", c.scenario, run) }

// run does the runs that are missing, and writes the table.
func (k *kinds) run(ctx context.Context, only, leakhunt string, log io.Writer, out string, stdout io.Writer) (err error) {
	names := strings.Split(only, ",")
	for _, name := range names {
		if name != "" && name != "none" && !slices.ContainsFunc(kindCases, func(c kindCase) bool { return c.scenario == name }) {
			return fmt.Errorf("-only: no case of a kind is %q", name)
		}
	}
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "calibration-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	for _, c := range kindCases {
		if only != "" && !slices.Contains(names, c.scenario) {
			continue
		}
		for n := 1; n <= c.runs; n++ {
			path := filepath.Join(k.dir, c.name(n))
			if _, err := os.Stat(path + ".exit"); err == nil {
				continue
			}
			if leakhunt == "" {
				leakhunt = filepath.Join(tmp, "leakhunt")
				if err := buildLeakhunt(ctx, leakhunt); err != nil {
					return err
				}
			}
			if err := c.hunt(ctx, leakhunt, tmp, n, path); err != nil {
				return fmt.Errorf("%s: %w", c.name(n), err)
			}
			fmt.Fprintf(log, "%s\n", c.name(n))
		}
	}
	var b bytes.Buffer
	if err := writeKinds(&b, k.dir); err != nil {
		return err
	}
	if out == "-" {
		_, err = stdout.Write(b.Bytes())
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// hunt runs leakhunt as a user does, and keeps what it wrote and its exit code.
func (c kindCase) hunt(ctx context.Context, leakhunt, dir string, seed int, path string) error {
	cmd := exec.CommandContext(ctx, leakhunt, "run", c.path(), "--seed", fmt.Sprint(seed), "-q", "--color", "never",
		"-o", "table", "-o", "json="+path+".json", "--journal", path+".jsonl")
	if c.build != "" {
		program := filepath.Join(dir, c.scenario)
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./harness/calibration/testdata/kinds/"+c.scenario).CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		cmd.Env = append(os.Environ(), c.build+"="+program)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	table, err := cmd.Output()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
		return err
	}
	if err := os.WriteFile(path+".table", table, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+".exit", fmt.Appendln(nil, cmd.ProcessState.ExitCode()), 0o644)
}

// readKind reads a run that is kept; it is nil where there is none.
func readKind(path string) (*kindKept, error) {
	text, err := os.ReadFile(path + ".exit")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var k kindKept
	if _, err := fmt.Sscan(string(text), &k.exit); err != nil {
		return nil, fmt.Errorf("%s.exit: %w", path, err)
	}
	if text, err = os.ReadFile(path + ".table"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k.table = string(text)
	var res result.Result
	if err := readJSON(path+".json", &res); err != nil {
		return nil, err
	}
	if res.SchemaVersion > 0 { // there is one
		k.res = &res
	}
	return &k, nil
}
