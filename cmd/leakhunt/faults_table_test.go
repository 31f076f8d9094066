package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/proc"
)

// secretKey is a secret of 100 kB. Each leakhunt that a test starts makes it, so it is made at once.
var secretKey = func() string {
	b := make([]byte, 50_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // it never fails
	return hex.EncodeToString(b)
}()

const (
	long    = "requests: 1000000000\nuris: [/, /a]\n"
	guarded = "\nlimits: {time: 60s}\n"
)

// of is a scenario of some requests to these pages.
func of(requests int, pages ...string) string {
	return fmt.Sprintf("requests: %d\nwarmup: 5\nuris: [%s]\n", requests, strings.Join(pages, ", "))
}

func faults() []faulty {
	var all []faulty
	for _, some := range [][]faulty{
		faultsOfTheApplication(), faultsOfAnswers(), faultsOfOddAnswers(), faultsOfAgents(), faultsOfEnds(), faultsOfMoments(),
		faultsOfOutputs(), faultsOfSurroundings(), faultsOfFiles(), faultsOfSources(), faultsOfSize(), faultsOfMemory(),
	} {
		all = append(all, some...)
	}
	return all
}

// settled are the exit codes of a run in order: a busy machine may settle nothing.
var settled = []int{exitOK, exitFound, exitInconclusive}

func faultsOfTheApplication() []faulty {
	unmeasured := []int{exitUnmeasured}
	return []faulty{
		{name: "the command is not there", files: map[string]string{"s.yaml": "version: 1\ntarget: {command: [/nowhere/app]}\nuris: [/]\n"}, args: []string{"run", "s.yaml"}, codes: unmeasured, says: "cannot be started"},
		{name: "it ends before it is ready", how: "exits", yaml: long, codes: unmeasured, says: "with exit status 7 before it was ready", ci: true},
		{name: "it never listens", how: "never listens", yaml: long, codes: unmeasured, says: "was not ready within 5s"},
		{name: "it ends itself", yaml: of(5000, "/", "/exit"), codes: unmeasured, says: "with exit status 7", kept: aResult, ci: true},
		{name: "it is killed", yaml: of(5000, "/", "/kill"), codes: unmeasured, says: "by signal 9", kept: aResult},
		{
			name: "it is stopped until the time limit", yaml: "timeout: 60s\nlimits: {time: 4s}\n" + of(5000, "/", "/stop"),
			codes: unmeasured, says: "is stopped, by a signal", kept: aResult, limit: 20 * time.Second,
		},
		{
			name: "it is stopped, and its requests time out", yaml: "timeout: 1s\nlimits: {time: 10s}\n" + of(5000, "/", "/stop"),
			codes: unmeasured, says: "is stopped, by a signal", kept: aResult, limit: 30 * time.Second,
		},
		{name: "a forked child serves the connection", how: "forked", yaml: of(1000, "/leak", "/"), codes: unmeasured, ci: true},
		{name: "it ignores SIGTERM", how: "deaf", yaml: long, do: signals(syscall.SIGTERM), codes: []int{143}, kept: aResult},
		{name: "it has daemonised workers", how: "daemons", yaml: of(50, "/"), codes: settled, kept: aResult},
		{name: "it talks without end", how: "floods", yaml: of(50, "/"), codes: settled, kept: aResult},
		{name: "it talks without end, and is heard", how: "floods", yaml: of(50, "/"), args: []string{"-v"}, codes: settled, kept: aResult},
		{name: "its words command the terminal", how: "escapes", yaml: of(50, "/"), args: []string{"-v"}, codes: settled, kept: aResult},
		{
			name: "it tells secrets, one of 100 kB in two writes", how: "tells", yaml: "secrets: [KEY]\n" + of(50, "/"), args: []string{"-v"},
			codes: settled, kept: aResult, ci: true,
		},
		{
			name: "its last words tell a secret of 100 kB", how: "tells", yaml: "secrets: [KEY]\n" + of(5000, "/", "/exit"),
			codes: unmeasured, says: "it said", kept: aResult,
		},
		{name: "it grows to the limit of RSS", yaml: "limits: {rss: 60MiB}\n" + of(5000, "/leak"), codes: []int{exitFound, exitUnmeasured, exitInconclusive}, says: "reached the limit of RSS", kept: aResult},
		{name: "it leaks beside limits", yaml: of(1100, "/leak", "/") + guarded, codes: []int{exitFound, exitInconclusive}, kept: aResult},
		{name: "every request fails", yaml: of(100, "/500"), codes: unmeasured, kept: aResult},
	}
}

func faultsOfAnswers() []faulty {
	unmeasured := []int{exitUnmeasured}
	slow := "timeout: 2s\n"
	bad := func(page, says string) faulty {
		return faulty{name: "an answer that " + says, yaml: slow + of(100, "/"+page, "/"), codes: unmeasured, kept: aResult, limit: 40 * time.Second}
	}
	return []faulty{
		bad("closes", "does not come"),
		bad("half", "is cut short"),
		bad("garbage", "is no HTTP"),
		bad("head", "has a head without end"),
		bad("headers", "has a million headers"),
		bad("interim", "begins 65,536 times"),
		bad("endless", "never ends"),
		bad("hang", "is never begun"),
		{name: "an answer that hides another", yaml: of(100, "/smuggle", "/"), codes: append(settled, exitUnmeasured), kept: aResult},
		{name: "an answer of 100 MB", yaml: of(20, "/huge"), codes: append(settled, exitUnmeasured), kept: aResult, limit: 40 * time.Second},
		{name: "a redirect to itself", yaml: of(50, "/loop"), codes: settled, kept: aResult},
		{name: "endless new cookies", yaml: of(400, "/cookies", "/"), codes: settled, kept: aResult, ci: true},
		{name: "a cookie of 900 kB", yaml: of(200, "/cookie", "/"), codes: settled, kept: aResult},
		{
			name: "two URIs that hang take no turn of the others", yaml: "timeout: 5s\nlimits: {time: 60s}\n" + of(50, "/hang", "'/hang?2'", "/", "/a"),
			codes: unmeasured, kept: aResult, limit: 80 * time.Second,
		},
		{name: "a request that hangs beyond --max-time", yaml: "timeout: 40s\n" + of(50, "/", "/hang"), args: []string{"--max-time", "3s"}, codes: []int{exitUnmeasured, exitInconclusive}, kept: aResult},
		{
			name: "a login page of 10 MB", yaml: "before: [{uri: /login, capture: [{as: csrf, selector: 'input[name=csrf]', attr: value}]}]\n" + of(50, "'/?t={{csrf}}'"),
			codes: append(settled, exitUnmeasured), ci: true,
		},
		{
			name: "a login page of a million elements in each other", yaml: "before: [{uri: /deep, capture: [{as: csrf, selector: 'input[name=csrf]', attr: value}]}]\n" + of(50, "'/?t={{csrf}}'"),
			codes: append(settled, exitUnmeasured),
		},
		{name: "a gzip bomb for a heap profile", how: "bomb", yaml: "runtime: {go: {}}\n" + of(50, "/"), codes: append(settled, exitUnmeasured), ci: true},
		{name: "a gzip bomb where the lines are named", how: "bomb", yaml: "runtime: {go: {}}\n" + of(50, "/"), args: []string{"--sites-for", "/"}, codes: append(settled, exitUnmeasured)},
		{name: "a heap profile of 40 MB", how: "large profile", yaml: "runtime: {go: {}}\n" + of(20, "/"), codes: settled, kept: aResult, limit: 60 * time.Second},
		{name: "a heap profile of one line", how: "profile of one line", yaml: "runtime: {go: {}}\n" + of(50, "/"), codes: unmeasured},
		{name: "a probe's page of 40 MB", how: "large probe", yaml: "runtime: none\nprobes: [{name: n, uri: /probe, json: n, unit: objects}]\n" + of(20, "/"), codes: append(settled, exitUnmeasured)},
		{name: "a settle hook that hangs", yaml: "timeout: 2s\nsettle: {exec: [sleep, '600']}\n" + of(50, "/"), codes: unmeasured, says: "did not end in time"},
		{name: "a settle hook that talks without end", yaml: "timeout: 2s\nsettle: {exec: ['yes']}\n" + of(50, "/"), codes: unmeasured, says: "did not end in time"},
		{name: "a settle hook that leaves something running", yaml: "settle: {exec: [sh, -c, 'setsid sleep 600 & sleep 0']}\n" + of(50, "/"), codes: settled, kept: aResult},
	}
}

func faultsOfEnds() []faulty {
	kill := func(sig syscall.Signal, up int) func(*testing.T, *trial) {
		return func(t *testing.T, c *trial) {
			pid := c.pid
			for range up {
				parent, err := proc.Parent(pid)
				if err != nil || parent == c.cmd.Process.Pid {
					t.Fatalf("the parent of %d is %d, %v", pid, parent, err)
				}
				pid = parent
			}
			_ = syscall.Kill(pid, sig)
		}
	}
	return []faulty{
		{name: "Ctrl-C", yaml: long, do: signals(syscall.SIGINT), codes: []int{130}, kept: aResult},
		{name: "SIGTERM", yaml: long, do: signals(syscall.SIGTERM), codes: []int{143}, kept: aResult},
		{name: "SIGHUP", yaml: long, do: signals(syscall.SIGHUP), codes: []int{129}, kept: aResult},
		{name: "Ctrl-C twice", yaml: long, do: signals(syscall.SIGINT, syscall.SIGINT), codes: []int{130}, kept: aJournal},
		{name: "Ctrl-C twice, and the application is deaf", how: "deaf", yaml: long, do: signals(syscall.SIGINT, syscall.SIGINT), codes: []int{130}, kept: aJournal, ci: true},
		{name: "leakhunt is killed", how: "daemons", yaml: long, do: signals(syscall.SIGKILL), codes: []int{-1}, kept: aJournal, ci: true},
		{name: "leakhunt is aborted (SIGQUIT)", how: "daemons", yaml: long, do: signals(syscall.SIGQUIT), codes: []int{2}, kept: aJournal},
		{name: "leakhunt is aborted (SIGQUIT), where git bisect asks", yaml: long, args: []string{"--git-bisect"}, do: signals(syscall.SIGQUIT), codes: []int{-1}, kept: aJournal},
		{name: "the guard is killed", how: "daemons", yaml: long, do: kill(syscall.SIGKILL, 1), codes: []int{exitUnmeasured}, kept: aResult, ci: true},
		{name: "the guard's keeper is killed", how: "daemons", yaml: long, do: kill(syscall.SIGKILL, 2), codes: []int{exitUnmeasured}, kept: aResult},
		{name: "the application is killed by others", yaml: long, do: kill(syscall.SIGKILL, 0), codes: []int{exitUnmeasured}, kept: aResult},
		{
			name: "leakhunt is killed while a status command runs", codes: []int{-1},
			files: map[string]string{"p.yaml": "version: 1\ntarget: {passenger: {app: shop, status_command: [sh, -c, 'setsid sleep 600 & sleep 600']}}\nuris: [/]\n"},
			args:  []string{"run", "p.yaml"}, wired: func(_ *testing.T, c *trial) {
				go func() {
					time.Sleep(time.Second) // no event stands for it
					_ = c.cmd.Process.Kill()
				}()
			},
		},
		{
			name: "leakhunt is killed while a settle hook runs", yaml: "settle: {exec: [sh, -c, 'setsid sleep 600; sleep 600']}\ntimeout: 60s\n" + long,
			wired: func(_ *testing.T, c *trial) {
				go func() {
					time.Sleep(2 * time.Second) // no event stands for it
					_ = c.cmd.Process.Kill()
				}()
			}, codes: []int{-1},
		},
	}
}

func faultsOfOutputs() []faulty {
	fifo := func(name string) func(*testing.T, *trial) {
		return func(t *testing.T, c *trial) {
			if err := syscall.Mkfifo(filepath.Join(c.dir, name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []faulty{
		{name: "a report to a full disk", yaml: of(50, "/"), args: []string{"-o", "html=/dev/full"}, codes: []int{exitUnmeasured}, says: "Render it with", kept: aResult, ci: true},
		{
			name: "the only report is unwritable, where git bisect asks", files: map[string]string{"d.yaml": faultScenario + of(50, "/")},
			args: []string{"run", "d.yaml", "--journal", "run.jsonl", "-o", "json=/dev/full", "--git-bisect"}, codes: []int{125}, says: "Render it with", kept: aJournal,
		},
		{
			name: "the folder of the only report is removed meanwhile", files: map[string]string{"d.yaml": faultScenario + long},
			args: []string{"run", "d.yaml", "--journal", "run.jsonl", "-o", "json=reports/r.json"}, codes: []int{130}, says: "Render it with", kept: aJournal,
			wired: func(t *testing.T, c *trial) {
				if err := os.Mkdir(filepath.Join(c.dir, "reports"), 0o700); err != nil {
					t.Fatal(err)
				}
			}, do: func(t *testing.T, c *trial) {
				untilMeasuring(t, c.err)
				if err := os.Remove(filepath.Join(c.dir, "reports")); err != nil {
					t.Error(err)
				}
				signals(syscall.SIGINT)(t, c)
			},
		},
		{name: "standard output is full", yaml: of(50, "/"), wired: func(t *testing.T, c *trial) {
			f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			c.cmd.Stdout = f
			c.after = append(c.after, func() { _ = f.Close() })
		}, codes: []int{exitUnmeasured}, says: "Render it with", kept: aResult},
		{name: "nobody reads standard output", yaml: of(50, "/"), wired: func(t *testing.T, c *trial) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			c.cmd.Stdout = w
			_ = r.Close()
			c.after = append(c.after, func() { _ = w.Close() })
		}, codes: []int{exitUnmeasured}, kept: aResult},
		{name: "nobody reads standard error", yaml: of(50, "/"), args: []string{"-v"}, how: "floods", wired: func(t *testing.T, c *trial) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			c.cmd.Stderr = w
			_ = r.Close()
			c.after = append(c.after, func() { _ = w.Close() })
		}, codes: settled, kept: aResult},
		{name: "standard error is open, and is not read", yaml: of(50, "/"), args: []string{"-v"}, how: "floods", wired: func(t *testing.T, c *trial) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			c.cmd.Stderr = w
			c.after = append(c.after, func() { _ = w.Close(); _ = r.Close() })
		}, codes: settled, kept: aResult},
		{name: "the folder of a report is removed meanwhile", yaml: long, args: []string{"-o", "html=reports/r.html"}, wired: func(t *testing.T, c *trial) {
			if err := os.Mkdir(filepath.Join(c.dir, "reports"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, do: func(t *testing.T, c *trial) {
			if err := os.Remove(filepath.Join(c.dir, "reports")); err != nil {
				t.Error(err)
			}
			signals(syscall.SIGINT)(t, c)
		}, codes: []int{130}, says: "Render it with", kept: aResult},
		{name: "a report to a FIFO that nobody reads", yaml: long, args: []string{"-o", "html=fifo"}, wired: fifo("fifo"), do: signals(syscall.SIGTERM), codes: []int{143}, kept: aResult},
		{name: "two reports to one file", yaml: of(50, "/"), args: []string{"-o", "csv=result.json"}, codes: []int{exitUsage}, says: "would go to"},
		{name: "two names for one file", yaml: of(50, "/"), args: []string{"-o", "csv=./result.json"}, codes: []int{exitUsage}, says: "would go to"},
		{name: "the report and the journal are one file", yaml: of(50, "/"), args: []string{"-o", "csv=./run.jsonl"}, codes: []int{exitUsage}, says: "would go to"},
		{name: "two names for one file, one a link that leads nowhere yet", yaml: of(50, "/"), args: []string{"-o", "csv=link.json"}, wired: func(t *testing.T, c *trial) {
			if err := os.Symlink("result.json", filepath.Join(c.dir, "link.json")); err != nil {
				t.Fatal(err)
			}
		}, codes: []int{exitUsage}, says: "would go to"},
		{name: "the report would replace the scenario", yaml: of(50, "/"), args: []string{"-o", "csv=fault.yaml"}, codes: []int{exitUsage}, says: "which is read", ci: true},
		{name: "the journal's disk is full", yaml: of(50, "/"), args: []string{"--journal", "/dev/full"}, codes: []int{exitUsage, exitUnmeasured, 0}, kept: nothing},
		{name: "the folder of the journal is not there", yaml: of(50, "/"), args: []string{"--journal", "nowhere/run.jsonl"}, codes: []int{exitUsage}},
		{name: "the journal is deleted meanwhile", yaml: long, do: func(t *testing.T, c *trial) {
			if err := os.Remove(filepath.Join(c.dir, "run.jsonl")); err != nil {
				t.Error(err)
			}
			time.Sleep(1500 * time.Millisecond) // it is synced once a second
			signals(syscall.SIGINT)(t, c)
		}, codes: []int{130}, kept: aResult},
		{
			name: "the command line tells secrets", yaml: of(50, "/"), args: []string{"--var", "pwd=hunter2-hunter2", "-H", "X-Auth: hunter2-hunter2", "-H", "Authorization: Bearer hunter2-hunter2"},
			codes: settled, never: "hunter2", kept: aResult,
		},
	}
}

func faultsOfFiles() []faulty {
	result := func(from, to string) map[string]string {
		return map[string]string{"r.json": strings.Replace(faultResult, from, to, 1)}
	}
	usage := []int{exitUsage}
	fifo := func(t *testing.T, c *trial) {
		path := filepath.Join(c.dir, "fifo")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A reader that is blocked has opened the FIFO once somebody else can write to it.
	blocked := func(t *testing.T, c *trial) {
		w, err := os.OpenFile(filepath.Join(c.dir, "fifo"), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		c.after = append(c.after, func() { _ = w.Close() })
		signals(syscall.SIGTERM)(t, c)
	}
	return []faulty{
		{name: "a result with 1e999999999", files: result(`"duration_s": 4.2`, `"duration_s": 1e999999999`), args: []string{"report", "r.json", "-o", "html=out.html"}, codes: usage, says: "more than can be"},
		{name: "a result of 10^17 s", files: result(`"t_s": 1`, `"t_s": 1e17`), args: []string{"report", "r.json", "-o", "html=out.html"}, codes: usage, says: "more than can be"},
		{name: "a result of 2^53 requests", files: result(`"requests": 250`, `"requests": 9007199254740992`), args: []string{"report", "r.json", "-o", "html=out.html"}, codes: usage, says: "more than can be", ci: true},
		{name: "a result that is cut off", files: map[string]string{"r.json": faultResult[:400]}, args: []string{"report", "r.json"}, codes: usage, says: "cut off"},
		{name: "a result of 200 MB of [", large: map[string]func(io.Writer){"r.json": times("[", 200<<20)}, args: []string{"report", "r.json"}, codes: usage},
		{name: "a result of 2,000 URIs, in every format", files: map[string]string{"r.json": manyURIs(2000)}, args: []string{
			"report", "r.json", "-q", "-o", "table=out.txt", "-o", "html=out.html", "-o", "junit=out.xml", "-o", "markdown=out.md", "-o", "csv=out.csv", "-o", "openmetrics=out.prom", "-o", "json=out.json",
		}, codes: []int{0}},
		{name: "a result that names files of this folder", files: map[string]string{"r.json": strings.Replace(faultResult, `"sites": []`, `"sites": [{"file": "app.rb", "line": 1, "objects_per_request": 1, "bytes_per_request": 1}]`, 1), "app.rb": "SECRET = 'hunter2'\n"}, args: []string{"report", "r.json", "-o", "html=/dev/stdout"}, codes: []int{0}, never: "hunter2"},
		{name: "the report would replace the result that it is of", files: result("", ""), args: []string{"report", "r.json", "-o", "html=./r.json"}, codes: usage, says: "which is read"},
		{name: "the comparison would replace what is compared", files: result("", ""), args: []string{"compare", "r.json", "r.json", "-o", "json=r.json"}, codes: usage, says: "which is read"},
		{name: "the verdict would replace the series", files: map[string]string{"s.csv": "requests,rss_bytes\n1,1\n2,2\n"}, args: []string{"judge", "s.csv", "-o", "json=s.csv"}, codes: usage, says: "which is read"},
		{name: "series of 10^12 requests", files: map[string]string{"s.csv": "requests,rss_bytes\n1,1\n1000000000000,2\n"}, args: []string{"judge", "s.csv"}, codes: []int{0, 1, 2, 4}},
		{name: "the longest burn-in", files: map[string]string{"s.csv": "requests,rss_bytes\n1,1\n2,2\n"}, args: []string{"judge", "s.csv", "--burn-in", "9223372036854775807"}, codes: []int{0, 1, 2, 4}},
		{name: "a series without end", large: map[string]func(io.Writer){"s.csv": all("requests,rss_bytes\n", times("1,1\n", 10<<20))}, args: []string{"judge", "s.csv"}, codes: []int{0, 2, 4}, limit: 30 * time.Second},
		{name: "a journal of garbage", files: map[string]string{"j.jsonl": `{"e":"leakhunt-journal","version":1` + strings.Repeat("\x00\xff", 1<<20)}, args: []string{"report", "j.jsonl"}, codes: usage},
		{name: "a journal of one endless line", large: map[string]func(io.Writer){"j.jsonl": all(`{"e":"leakhunt-journal","version":1,"tool":"`, times("x", 40<<20))}, args: []string{"report", "j.jsonl"}, codes: usage},
		{name: "a scenario of aliases of aliases", files: map[string]string{"s.yaml": aliases()}, args: []string{"validate", "s.yaml"}, codes: usage, ci: true},
		{name: "a scenario of 20 MB", large: map[string]func(io.Writer){"s.yaml": all("version: 1\ntarget: {demo: {}}\nuris:\n", times("  - /a\n", 3<<20))}, args: []string{"validate", "s.yaml"}, codes: usage},
		{name: "a scenario that names itself for data", files: map[string]string{"s.yaml": "version: 1\ntarget: {demo: {}}\ndata: s.yaml\nuris: [/]\n"}, args: []string{"validate", "s.yaml"}, codes: []int{0, 2}},
		{name: "report waits for a FIFO, and is ended", wired: fifo, do: blocked, args: []string{"report", "fifo"}, codes: []int{143}},
		{name: "validate waits for a FIFO, and is ended", wired: fifo, do: blocked, args: []string{"validate", "fifo"}, codes: []int{143}},
		{name: "doctor waits for a FIFO, and is ended", wired: fifo, do: blocked, args: []string{"doctor", "fifo"}, codes: []int{143}},
		{name: "compare waits for a FIFO, and is ended", wired: fifo, do: blocked, args: []string{"compare", "fifo", "fifo"}, codes: []int{143}},
		{name: "run waits for a FIFO, and is ended", wired: fifo, do: blocked, args: []string{"run", "fifo"}, codes: []int{143}},
		{name: "a scenario with an error beside a secret", files: map[string]string{"s.yaml": "version: 1\nsecrets: [PW]\ntarget: {url: 'http://127.0.0.1:1'}\nheaders: {Authorization: 'Bearer ${PW}'\nuris: [/]\n"}, wired: func(_ *testing.T, c *trial) {
			c.cmd.Env = append(c.cmd.Env, "PW=hunter2-hunter2")
		}, args: []string{"validate", "s.yaml"}, codes: usage, never: "hunter2"},
	}
}

// aliases is YAML that becomes 10^9 nodes.
func aliases() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

func manyURIs(n int) string {
	at := strings.Index(faultResult, `    {"rank"`)
	end := strings.Index(faultResult, "\n  ],")
	one := faultResult[at:end]
	var b bytes.Buffer
	b.WriteString(faultResult[:at])
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(strings.NewReplacer(`"/cart"`, fmt.Sprintf(`"/cart/%d"`, i), `"rank": 1`, fmt.Sprintf(`"rank": %d`, i+1)).Replace(one))
	}
	b.WriteString(faultResult[end:])
	return b.String()
}

const faultResult = `{
  "schema_version": 1, "tool": {"name": "leakhunt", "version": "1.0.0"}, "complete": true,
  "started_at": "2026-11-01T10:00:00Z", "duration_s": 4.2, "seed": 7, "requests_total": 500,
  "scenario": {"name": "shop", "path": "shop.yaml", "sha256": "0000000000000000000000000000000000000000000000000000000000000000"},
  "environment": {"os": "linux", "kernel": "6.1.0", "cpus": 2, "allocator": "glibc", "page_bytes": 4096},
  "target": {"kind": "url", "pid": 42, "app": "shop", "url": "http://127.0.0.1:3000", "restarts": 0, "dir": "."},
  "summary": {"leak": 1, "bloat": 0, "warmup": 0, "stable": 0, "inconclusive": 0, "error": 0},
  "uris": [
    {"rank": 1, "name": "/cart", "method": "GET", "uri": "/cart", "verdict": "leak", "evidence": ["rss"], "why": "It grows.",
      "growth_bytes_per_request": 4096, "growth_low": 4000, "growth_high": 4200, "confidence": 0.95, "detectable_bytes_per_request": 120,
      "requests": 250, "errors": 0, "latency_ms": {"p50": 1, "p99": 2},
      "rss_start_bytes": 1048576, "rss_end_bytes": 2048576, "rss_peak_bytes": 2048576, "probes": [], "sites": [],
      "over_budget": false, "ignored": false, "series": [
        {"requests": 0, "rss_bytes": 1048576, "anon_bytes": 1048576, "round": 1, "t_s": 0},
        {"requests": 250, "rss_bytes": 2048576, "anon_bytes": 2048576, "round": 1, "t_s": 1}
      ]}
  ],
  "warnings": []
}
`
