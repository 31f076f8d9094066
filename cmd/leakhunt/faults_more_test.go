package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// faultsOfAgents are those of an agent that somebody else wrote.
func faultsOfAgents() (all []faulty) {
	for _, what := range []string{
		"of 2,000 counters", "of 50,000 counters", "silent", "endless", "of garbage", "that fails", "of another version",
		"negative", "vast", "that answers twice", "that goes", "that changes",
	} {
		all = append(all, faulty{
			name: "an agent " + what, how: "agent " + what, ci: what == "of 50,000 counters",
			yaml:  "runtime: {agent: {socket: \"${AGENT}\"}}\nlimits: {time: 8s}\n" + of(50, "/"),
			codes: []int{exitUnmeasured, exitInconclusive}, wired: agentFolder, limit: 30 * time.Second,
		})
	}
	return all
}

// agentFolder gives a hostile agent a folder, whose name is short enough for a socket.
func agentFolder(t *testing.T, c *trial) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lha") //nolint:usetesting // as said
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Env = append(c.cmd.Env, "AGENT="+dir)
	c.after = append(c.after, func() { _ = os.RemoveAll(dir) })
}

func faultsOfOddAnswers() []faulty {
	whatever := append([]int{exitUnmeasured}, settled...)
	bad := func(page, says string) faulty {
		return faulty{name: "an answer that " + says, yaml: "timeout: 2s\n" + of(100, "/"+page, "/"), codes: whatever, kept: aResult, limit: 40 * time.Second}
	}
	probe := func(how, says, reads string) faulty {
		return faulty{
			name: "a probe " + says, how: how, codes: whatever, limit: 40 * time.Second,
			yaml: "runtime: none\nprobes: [{name: n, uri: /probe, " + reads + ", unit: objects}]\n" + of(50, "/"),
		}
	}
	login := func(page, name, capture string) faulty {
		return faulty{
			name: name, codes: whatever, never: "hunter2",
			yaml:  "secrets: [PW]\nbefore: [{method: POST, uri: /" + page + ", form: {password: \"${PW}\"}, " + capture + "}]\n" + of(50, "/"),
			wired: func(_ *testing.T, c *trial) { c.cmd.Env = append(c.cmd.Env, "PW=hunter2-hunter2") },
		}
	}
	return []faulty{
		bad("bomb", "is a gzip bomb"),
		bad("sets", "sets 3,000 cookies"),
		bad("drips", "drips without end"),
		bad("chunk", "begins a chunk of 2^63 bytes"),
		bad("length", "promises 2^63 bytes"),
		bad("reset", "is a reset"),
		bad("status", "has the status -1"),
		bad("words", "commands the terminal in its status"),
		bad("upgrade", "switches protocols"),
		bad("body", "has a body where none may be"),
		probe("probe of words", "that answers words", "json: n"),
		probe("negative probe", "below zero", "json: n"),
		probe("vast probe", "of 10^300", "json: n"),
		probe("deep probe", "of 100,000 objects in each other", "json: n"),
		probe("probe of 100,000 lines", "of 100,000 lines", "prometheus: n"),
		login("login.json", "a login of a million objects in each other", "capture: [{as: t, json: token}]"),
		login("refused", "a login that is refused, and repeats the password", "expect: {status: 200}"),
		login("none", "a login whose token is not there", "capture: [{as: t, header: X-Token}]"),
	}
}

func faultsOfMoments() (all []faulty) {
	// No event stands for these moments.
	for _, ms := range []int{5, 20, 80, 200} {
		all = append(all, faulty{
			name: fmt.Sprintf("leakhunt is killed %d ms after its start", ms), how: "daemons", yaml: long, codes: []int{-1},
			wired: func(_ *testing.T, c *trial) {
				go func() {
					for c.cmd.Process == nil {
						time.Sleep(time.Millisecond)
					}
					time.Sleep(time.Duration(ms) * time.Millisecond)
					_ = c.cmd.Process.Kill()
				}()
			},
		})
	}
	return append(all,
		faulty{name: "SIGHUP twice", yaml: long, do: signals(syscall.SIGHUP, syscall.SIGHUP), codes: []int{129}, kept: aJournal},
		faulty{name: "Ctrl-C, then SIGTERM", yaml: long, how: "deaf", do: signals(syscall.SIGINT, syscall.SIGTERM), codes: []int{130, 143}, kept: aJournal},
		faulty{name: "leakhunt is stopped for 2 s, and ended", yaml: long, do: func(t *testing.T, c *trial) {
			signals(syscall.SIGSTOP)(t, c)
			time.Sleep(2 * time.Second)
			signals(syscall.SIGCONT, syscall.SIGINT)(t, c)
		}, codes: []int{130}, kept: aResult},
		faulty{
			name: "minimize is killed", how: "daemons", codes: []int{-1},
			files: map[string]string{"m.yaml": faultScenario + "uris: [/leak, /a, /b, /c]\n"}, args: []string{"minimize", "m.yaml", "-o", "scenario=small.yaml"},
			do: func(t *testing.T, c *trial) {
				if line, ok := c.err.next(); !ok {
					t.Errorf("no test was made: %s", line)
				}
				signals(syscall.SIGKILL)(t, c)
			},
		},
		faulty{
			name: "minimize is ended", codes: []int{143},
			files: map[string]string{"m.yaml": faultScenario + "uris: [/leak, /a, /b, /c]\n"}, args: []string{"minimize", "m.yaml", "-o", "scenario=small.yaml"},
			do: func(t *testing.T, c *trial) {
				if line, ok := c.err.next(); !ok {
					t.Errorf("no test was made: %s", line)
				}
				signals(syscall.SIGTERM)(t, c)
			},
		},
		faulty{
			name: "import app is ended while the application starts", how: "never listens", codes: []int{143},
			args: []string{"import", "app", "--command", "hostile"},
			wired: func(_ *testing.T, c *trial) {
				go func() {
					time.Sleep(time.Second)
					_ = c.cmd.Process.Signal(syscall.SIGTERM)
				}()
			},
		},
		faulty{
			name: "import app asks one without an agent", codes: []int{exitUnmeasured}, says: "keep no list",
			args: []string{"import", "app", "--command", "hostile"},
		},
	)
}

func faultsOfSurroundings() []faulty {
	under := func(limits string) func(*testing.T, *trial) {
		return func(t *testing.T, c *trial) {
			sh, err := os.Stat("/bin/sh")
			if err != nil || sh.IsDir() {
				t.Fatal(err)
			}
			c.cmd.Args = append([]string{"sh", "-c", limits + `; exec "$0" "$@"`, c.cmd.Path}, c.cmd.Args[1:]...)
			c.cmd.Path = "/bin/sh"
		}
	}
	env := func(all ...string) func(*testing.T, *trial) {
		return func(_ *testing.T, c *trial) { c.cmd.Env = append(c.cmd.Env, all...) }
	}
	whatever := append([]int{exitUnmeasured}, settled...)
	plain := of(50, "/")
	return []faulty{
		{name: "no file may be larger than 4 kB", yaml: plain, wired: under("ulimit -f 8"), codes: append(whatever, exitUsage)},
		{name: "24 descriptors are all there are", yaml: plain, wired: under("ulimit -n 24"), codes: whatever},
		{name: "no core, no stack to speak of", yaml: plain, wired: under("ulimit -c 0; ulimit -s 256"), codes: settled, kept: aResult},
		{name: "the folder for temporary files is not there", yaml: plain, wired: env("TMPDIR=/nowhere"), codes: []int{exitUnmeasured}},
		{name: "the folder for temporary files is a file", yaml: plain, wired: env("TMPDIR=/etc/passwd"), codes: []int{exitUnmeasured}},
		{name: "the folder for journals is a file", files: map[string]string{"d.yaml": faultScenario + plain}, args: []string{"run", "d.yaml", "-o", "json=result.json"}, wired: env("XDG_STATE_HOME=/etc/passwd"), codes: settled, kept: aResult},
		{name: "no HOME, no folder for journals", files: map[string]string{"d.yaml": faultScenario + plain}, args: []string{"run", "d.yaml", "-o", "json=result.json"}, wired: env("XDG_STATE_HOME=", "HOME="), codes: settled, kept: aResult},
		{name: "no /bin in PATH", yaml: "settle: {exec: [gone]}\n" + plain, codes: []int{exitUnmeasured}},
		{name: "the command's folder is removed", yaml: "", files: map[string]string{"d.yaml": "version: 1\ntarget: {command: [hostile], dir: gone}\nuris: [/]\n"}, args: []string{"run", "d.yaml"}, codes: []int{exitUnmeasured}, says: "there is no folder"},
	}
}

func faultsOfSources() []faulty {
	usage := []int{exitUsage}
	large := func(name, kind string, pour func(io.Writer), codes ...int) faulty {
		return faulty{name: name, large: map[string]func(io.Writer){"in": pour}, args: []string{"import", kind, "in"}, codes: codes, limit: 40 * time.Second}
	}
	from := func(name, kind, text string, codes ...int) faulty {
		return faulty{name: name, files: map[string]string{"in": text}, args: []string{"import", kind, "in"}, codes: codes, limit: 40 * time.Second}
	}
	calendar := func(t *testing.T, c *trial) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for i := range 50 {
				_, _ = fmt.Fprintf(w, "<a href=%q>next</a>", fmt.Sprintf("%s/%d?page=%d", strings.TrimSuffix(r.URL.Path, "/"), i, i))
			}
		}))
		c.after = append(c.after, s.Close)
		c.cmd.Args = append(c.cmd.Args, s.URL)
		_ = t
	}
	shard := func(n int) string {
		return strings.Replace(faultResult, `"seed": 7`, fmt.Sprintf(`"seed": 7, "command": ["leakhunt", "run", "shop.yaml", "--shard=%d/2", "--shard-uris=2"]`, n), 1)
	}
	return []faulty{
		large("a log of lines of 1 MB, and binary", "access-log", times(strings.Repeat("\x00\xff", 1<<19)+"\n", 20), exitUsage),
		large("a HAR of 20 MB of [", "har", times("[", 20<<20), exitUsage),
		from("a HAR of secrets", "har", `{"log":{"entries":[{"request":{"method":"GET","url":"http://a/x?token=hunter2-hunter2","headers":[{"name":"Cookie","value":"sid=hunter2-hunter2"}]},"response":{"status":200}}]}}`, 0),
		from("an OpenAPI description with cycles", "openapi", openAPICycle, 0, exitUsage),
		from("an OpenAPI description that names other files", "openapi", `{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{"/a":{"$ref":"/etc/passwd"}}}`, exitUsage),
		large("a sitemap that is a gzip bomb", "sitemap", gzipped(1<<30), exitUsage),
		from("a sitemap of entities of entities", "sitemap", entities, exitUsage),
		large("a list of routes that is one line of 20 MB", "rails-routes", times("x", 20<<20), exitUsage),
		{name: "a calendar without end is crawled", args: []string{"import", "crawl"}, wired: calendar, codes: []int{0}, limit: 60 * time.Second},
		{name: "a scenario from /dev/zero", args: []string{"validate", "/dev/zero"}, codes: usage, ci: true},
		{name: "a result from /dev/zero", args: []string{"report", "/dev/zero"}, codes: usage},
		{name: "a series from /dev/zero", args: []string{"judge", "/dev/zero"}, codes: usage, limit: 40 * time.Second},
		{name: "a scenario that is a folder", args: []string{"validate", "/"}, codes: usage},
		{name: "data of 40 MB", files: map[string]string{"s.yaml": "version: 1\ntarget: {demo: {}}\ndata: d.csv\nuris: ['/{{data.a}}']\n"}, large: map[string]func(io.Writer){"d.csv": all("a\n", times("x\n", 20<<20))}, args: []string{"validate", "s.yaml"}, codes: []int{0, 2}, ci: true},
		{name: "data that ends within quotes", files: map[string]string{"s.yaml": "version: 1\ntarget: {demo: {}}\ndata: d.csv\nuris: ['/{{data.a}}']\n", "d.csv": "a\n\"x"}, args: []string{"validate", "s.yaml"}, codes: usage},
		{name: "a result for a journal to go on with", files: map[string]string{"r.json": faultResult}, args: []string{"run", "--resume", "r.json"}, codes: usage},
		{name: "one shard twice", files: map[string]string{"a.json": shard(1), "b.json": shard(1)}, args: []string{"merge", "a.json", "b.json"}, codes: usage},
		{name: "a shard is lost", files: map[string]string{"a.json": shard(1)}, args: []string{"merge", "a.json"}, codes: usage, says: "2/2"},
		{name: "judge waits for a FIFO, and is ended", wired: func(t *testing.T, c *trial) {
			if err := syscall.Mkfifo(filepath.Join(c.dir, "fifo"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, do: func(t *testing.T, c *trial) {
			w, err := os.OpenFile(filepath.Join(c.dir, "fifo"), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			c.after = append(c.after, func() { _ = w.Close() })
			signals(syscall.SIGTERM)(t, c)
		}, args: []string{"judge", "fifo"}, codes: []int{143}},
		{name: "judge waits for standard input, and is ended", wired: func(t *testing.T, c *trial) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			c.cmd.Stdin = r
			c.after = append(c.after, func() { _ = r.Close(); _ = w.Close() })
		}, do: func(t *testing.T, c *trial) {
			time.Sleep(300 * time.Millisecond) // no event stands for it
			signals(syscall.SIGTERM)(t, c)
		}, args: []string{"judge", "-"}, codes: []int{143}},
		{name: "compare with /dev/full for its output", files: map[string]string{"a.json": faultResult}, args: []string{"compare", "a.json", "a.json", "-o", "json=/dev/full"}, codes: []int{exitUsage, exitUnmeasured}},
	}
}

const openAPICycle = `{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":
{"schema":{"$ref":"#/components/schemas/a"}}}},"responses":{"200":{"description":"x"}}},"get":{"responses":{"200":{"description":"x"}}}}},
"components":{"schemas":{"a":{"type":"object","properties":{"b":{"$ref":"#/components/schemas/b"}}},"b":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/a"}}}}}}`

const entities = `<?xml version="1.0"?><!DOCTYPE u [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<urlset><url><loc>&c;</loc></url></urlset>`
