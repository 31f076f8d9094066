package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/result"
)

// peakFile names the file in which leakhunt tells its own peak RSS at its end.
const peakFile = "LEAKHUNT_TEST_PEAK"

// measured is the whole program, as main has it.
func measured(run func([]string, io.Reader, io.Writer, io.Writer) int) int {
	if file := os.Getenv(soakFile); file != "" {
		_ = os.Unsetenv(soakFile)
		go tellOwn(file)
	}
	file := os.Getenv(peakFile)
	if file == "" {
		return run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	}
	_ = os.Unsetenv(peakFile) // a demo has none
	debug.SetGCPercent(gcPercent)
	code := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	_ = os.WriteFile(file, []byte(strconv.FormatInt(peak("self"), 10)), 0o600)
	return code
}

// peak is the highest RSS of a process, in bytes; 0 where it has ended.
func peak(pid string) (bytes int64) {
	text, _ := os.ReadFile("/proc/" + pid + "/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(rest, &bytes)
		}
	}
	return bytes << 10
}

// faulty is a fault, and what leakhunt makes of it.
type faulty struct {
	name string
	ci   bool   // it is tried without being asked for, too
	yaml string // the scenario but for its first lines; "" where none is run
	how  string // what the hostile application does as a whole
	args []string
	// files are written beside the scenario, large ones piece by piece.
	files map[string]string
	large map[string]func(io.Writer)
	// do is done once a process is measured, or at once where no scenario is run.
	do func(t *testing.T, c *trial)
	// wired is done before the command is started.
	wired func(t *testing.T, c *trial)

	codes []int
	says  string // what must be said
	never string // what no output may hold
	kept  kept
	limit time.Duration // 0: 20 s
}

// mostRSS is what leakhunt may take itself, in bytes.
const mostRSS = 64 << 20

// kept is what must be there afterwards.
type kept string

const (
	nothing  kept = "nothing to keep"
	aResult  kept = "the result"
	aJournal kept = "the journal"
)

// trial is one fault as it is tried.
type trial struct {
	dir, tmp, mark string
	cmd            *exec.Cmd
	out            bytes.Buffer
	err            *lineReader
	pid            int // of the process that is measured
	after          []func()
	last           []func() // once it is known what was left behind
}

const faultScenario = `version: 1
name: fault
target: {command: [hostile], ready: {uri: /, timeout: 5s}}
sites: off
`

// tried is what came of a fault.
type tried struct {
	words            []string // of the command line
	code             int
	kept, left, said string
	most             int64 // own peak RSS
	took             time.Duration
}

// try tries it with this leakhunt: "leakhunt" is this program, with the tests in it.
func (f *faulty) try(t *testing.T, bin string) tried {
	c := &trial{dir: t.TempDir(), mark: fmt.Sprintf("FAULT=%d-%s", os.Getpid(), f.name)}
	c.tmp = filepath.Join("/tmp", fmt.Sprintf("lh%d-%d", os.Getpid(), time.Now().UnixNano()%1e9)) // short: sockets are made in it
	if err := os.Mkdir(c.tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(c.tmp) //nolint:errcheck // a folder for temporary files
	args := f.args
	if f.yaml != "" {
		c.write(t, "fault.yaml", faultScenario+f.yaml)
		args = append([]string{"run", "fault.yaml", "--journal", "run.jsonl", "-o", "json=result.json", "-o", "table"}, args...)
	}
	for name, text := range f.files {
		c.write(t, name, text)
	}
	for name, pour := range f.large {
		c.pour(t, name, pour)
	}
	c.cmd = exec.Command(bin, args...)
	c.cmd.Dir = c.dir
	c.cmd.Env = append(os.Environ(), c.mark, "TMPDIR="+c.tmp, "HOSTILE="+f.how, peakFile+"="+filepath.Join(c.dir, "peak"), "KEY="+secretKey)
	c.cmd.Stdout = &c.out
	if f.wired != nil {
		f.wired(t, c)
	}
	low := forgetPeak(t)
	began := time.Now()
	if c.cmd.Stderr == nil {
		c.err = startLines(t, c.cmd)
	} else if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := f.limit
	if limit == 0 {
		limit = 20 * time.Second
	}
	limit *= slowdown
	timer := time.AfterFunc(limit, func() { _ = c.cmd.Process.Kill() })
	highest := c.watch()
	if f.do != nil {
		if f.yaml != "" {
			c.pid, _ = strconv.Atoi(untilMeasuring(t, c.err))
		}
		f.do(t, c)
	}
	said := ""
	if c.err != nil {
		said = c.err.rest()
	}
	_ = c.cmd.Wait()
	for _, do := range c.after {
		do()
	}
	took := time.Since(began)
	if !timer.Stop() && took >= limit {
		t.Errorf("it took more than %s", limit)
	}
	most := highest()
	if text, err := os.ReadFile(filepath.Join(c.dir, "peak")); err == nil {
		n, _ := strconv.ParseInt(string(text), 10, 64)
		most = max(most, n)
	}
	if usage, ok := c.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && bin != "leakhunt" {
		if most = max(most, usage.Maxrss<<10); most <= low {
			t.Logf("own peak RSS is at most %d MiB, that of the test at its start", low>>20)
		}
	}
	code := c.cmd.ProcessState.ExitCode()
	if !slices.Contains(f.codes, code) {
		t.Errorf("exit code %d, want %v:\n%s", code, f.codes, ends(said+c.out.String()))
	}
	if most > slowdown*mostRSS {
		t.Errorf("own peak RSS %d MiB, want at most %d", most>>20, slowdown*mostRSS>>20)
	}
	if !strings.Contains(said+c.out.String(), f.says) {
		t.Errorf("%q is not said:\n%s", f.says, ends(said))
	}
	c.discreet(t, said, f.never)
	has := c.kept(t, f.kept)
	left := c.left()
	if left != "nothing" {
		t.Errorf("left behind: %s", left)
	}
	for _, do := range c.last {
		do()
	}
	return tried{words: args, code: code, kept: has, left: left, said: said, most: most, took: took}
}

// forgetPeak makes this process small, and has the kernel forget that it was not: what
// it starts begins with its peak (getrusage(2)). It returns what is left.
func forgetPeak(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200); err != nil {
		t.Logf("peak RSS of what is started counts this process: %v", err)
	}
	return peak("self")
}

// pour writes a large file.
func (c *trial) pour(t *testing.T, name string, pour func(io.Writer)) {
	t.Helper()
	file, err := os.Create(filepath.Join(c.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(file, 1<<20)
	pour(w)
	if err := errors.Join(w.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

func (c *trial) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watch looks at leakhunt's RSS until the function that it returns is called.
func (c *trial) watch() (highest func() int64) {
	done, out := make(chan struct{}), make(chan int64)
	pid := strconv.Itoa(c.cmd.Process.Pid)
	go func() {
		var most int64
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, peak(pid))
			case <-done:
				out <- most
				return
			}
		}
	}()
	return func() int64 { close(done); return <-out }
}

// discreet makes sure that no output commands a terminal or tells a secret.
func (c *trial) discreet(t *testing.T, said, never string) {
	t.Helper()
	texts := map[string]string{"stderr": said, "stdout": c.out.String()}
	files, _ := filepath.Glob(filepath.Join(c.dir, "*"))
	for _, f := range files {
		if base := filepath.Base(f); strings.HasPrefix(base, "run.jsonl") || strings.HasPrefix(base, "result") {
			text, _ := os.ReadFile(f)
			texts[base] = string(text)
		}
	}
	for where, text := range texts {
		if strings.ContainsAny(text, "\x1b\x07\x00") {
			t.Errorf("%s commands a terminal: %q", where, ends(text))
		}
		for _, s := range append(strings.Fields("app-only-token app-only-cookie a-token-of-the-form"), never, secretKey, secretKey[:40]) {
			if s != "" && strings.Contains(text, s) {
				t.Errorf("%s tells %.40q", where, s)
			}
		}
	}
}

// kept says what is there of what was measured.
func (c *trial) kept(t *testing.T, want kept) string {
	t.Helper()
	sent := func(text []byte) int {
		var r result.Result
		if err := json.Unmarshal(text, &r); err != nil {
			t.Errorf("no result: %v", err)
		}
		return r.RequestsTotal
	}
	switch want {
	case aResult:
		text, err := os.ReadFile(filepath.Join(c.dir, "result.json"))
		if err != nil {
			t.Errorf("the result: %v", err)
			return "NOTHING"
		}
		if sent(text) == 0 {
			t.Error("the result holds no request")
		}
		return string(want)
	case aJournal:
		out, err := exec.Command("leakhunt", "report", filepath.Join(c.dir, "run.jsonl"), "-o", "json", "-q").Output()
		if err != nil {
			t.Errorf("the journal: %v", err)
			return "NOTHING"
		}
		if sent(out) == 0 {
			t.Error("the journal holds no request")
		}
		return string(want)
	}
	return string(nothing)
}

// left is what is left behind: processes, by what they were started with, and files.
func (c *trial) left() string {
	for until := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var left []string
		files, _ := os.ReadDir(c.tmp)
		for _, f := range files {
			left = append(left, f.Name())
		}
		environs, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, e := range environs {
			if text, err := os.ReadFile(e); err == nil && bytes.Contains(text, []byte(c.mark+"\x00")) {
				left = append(left, "pid "+filepath.Base(filepath.Dir(e)))
			}
		}
		if len(left) == 0 {
			return "nothing"
		}
		if time.Now().After(until) {
			for _, l := range left {
				if pid, err := strconv.Atoi(strings.TrimPrefix(l, "pid ")); err == nil {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
			return strings.Join(left, ", ")
		}
	}
}

// ends are the first and the last of a text.
func ends(text string) string {
	const most = 1500
	if len(text) <= 2*most {
		return text
	}
	return text[:most] + "\n…\n" + text[len(text)-most:]
}

// shown is what a row of the table tells of what was said.
func shown(said, says string) string {
	if says != "" && strings.Contains(said, says) {
		return ": " + says
	}
	return ""
}

// signal sends signals to leakhunt.
func signals(all ...syscall.Signal) func(*testing.T, *trial) {
	return func(t *testing.T, c *trial) {
		for _, s := range all {
			if err := c.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
			time.Sleep(50 * time.Millisecond) // two that follow at once are one
		}
	}
}

// TestFaults tries faults: what happened, what was kept, what was left behind.
// LEAKHUNT_FAULTS=FILE tries them all, one after the other, and writes the table there;
// LEAKHUNT_FAULT=WORDS those alone whose names hold them.
func TestFaults(t *testing.T) {
	t.Parallel()
	file := os.Getenv("LEAKHUNT_FAULTS")
	var rows [][]string
	for _, f := range faults() {
		if file == "" && !f.ci || !strings.Contains(f.name, os.Getenv("LEAKHUNT_FAULT")) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			if file == "" { // its time and its memory are no figures of a table
				t.Parallel()
			}
			got := f.try(t, "leakhunt")
			row := []string{f.name, fmt.Sprintf("exit code %d%s", got.code, shown(got.said, f.says)), got.kept, got.left, fmt.Sprintf("%d MiB, %.1f s", got.most>>20, got.took.Seconds())}
			t.Log(strings.Join(row, " | "))
			if t.Failed() {
				row[1] += " (NOT AS IT SHOULD BE)"
			}
			if file != "" {
				rows = append(rows, row)
			}
		})
	}
	if file == "" {
		return
	}
	writeTable(t, file, faultsHead, rows)
}

// writeTable writes a page: its head, and a numbered line for each row.
func writeTable(t *testing.T, file, head string, rows [][]string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(head)
	for i, row := range rows {
		for k := range row {
			row[k] = strings.ReplaceAll(row[k], "|", "\\|")
		}
		fmt.Fprintf(&b, "| %d | %s |\n", i+1, strings.Join(row, " | "))
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Error(err)
	}
}

const faultsHead = `# Faults

What leakhunt makes of what goes wrong, written by

    LEAKHUNT_FAULTS=$PWD/harness/FAULTS.md go test ./cmd/leakhunt -run TestFaults -v -timeout 30m

Each is tried with a process that is measured, or a file that is read. Nothing may be
left behind: no process, no file for temporary use. Own peak RSS must be under 64 MiB. Those of
memory need root. What is tried often, at random moments, is in [Trials](TRIALS.md).

| # | fault | what happened | what was kept | left behind | own peak RSS, time |
|--:|---|---|---|---|---|
`
