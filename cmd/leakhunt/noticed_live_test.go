//go:build live

package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"leakhunt/harness/result"
	"leakhunt/harness/target/targettest"
	"leakhunt/harness/verdict"
)

// awayPy and awayRu are applications of one page. Where there is a file "away" they fork: the
// child serves the connection from then on, and the process that was pinned nothing more.
const awayPy = `import os, socket, time


def serve(s):
    while True:
        s.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        text = b''
        while b'\r\n\r\n' not in text:
            more = s.recv(4096)
            if not more:
                os._exit(0)
            text += more
        head, body = text.split(b'\r\n\r\n', 1)
        for line in head.lower().split(b'\r\n'):
            if line.startswith(b'content-length:'):
                left = int(line[15:]) - len(body)
                while left > 0:
                    left -= len(s.recv(left))


def connection(env):
    if 'gunicorn.socket' in env:
        return env['gunicorn.socket'].dup()
    import uwsgi
    return socket.socket(fileno=os.dup(uwsgi.connection_fd()))


def application(env, start):
    env['wsgi.input'].read(int(env.get('CONTENT_LENGTH') or 0))
    if os.path.exists('away'):
        os.unlink('away')
        s = connection(env)
        s.setblocking(True)
        if os.fork() == 0:
            serve(s)
        while True:
            time.sleep(60)
    start('200 OK', [('Content-Length', '2')])
    return [b'ok']
`

const awayRu = `def serve(io)
  loop do
    io.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    head = io.gets("\r\n\r\n") or exit!
    io.read(head[/content-length: *(\d+)/i, 1].to_i)
  end
rescue SystemCallError
  exit!
end

run ->(env) {
  env['rack.input'].read
  if File.exist?('away')
    File.unlink('away')
    io = env['puma.socket'] || env['unicorn.socket']
    fork { serve(io) }
    sleep
  end
  [200, {'Content-Length' => '2'}, ['ok']]
}
`

// losers are four servers, and how each of them replaces a worker by itself.
var losers = map[string]struct {
	argv    []string
	recycle func(master, worker int)
}{
	"gunicorn": {
		[]string{"gunicorn", "-w", "1", "-b", "127.0.0.1:${PORT}", "away:application"},
		func(master, _ int) { _ = syscall.Kill(master, syscall.SIGHUP) }, // as a deployment has it
	},
	"puma": {
		[]string{"puma", "-q", "-w", "1", "-t", "1:1", "-b", "tcp://127.0.0.1:${PORT}", "away.ru"},
		func(master, _ int) { _ = syscall.Kill(master, syscall.SIGUSR1) }, // a phased restart
	},
	"unicorn": {
		[]string{"unicorn", "-l", "127.0.0.1:${PORT}", "away.ru"},
		func(_, worker int) { _ = syscall.Kill(worker, syscall.SIGQUIT) }, // as unicorn-worker-killer does
	},
	"uwsgi": {
		[]string{"uwsgi", "--plugin", "python3", "--http-socket", "127.0.0.1:${PORT}", "--processes", "1", "--master", "--wsgi-file", "away.py", "--max-requests", "300", "--disable-logging"},
		func(int, int) {}, // it counts
	},
}

// TestNoticed loses the pinned process of four servers at a random moment: killed, recycled by
// its server, stopped, or forked away, so that a child serves its connection. No run may end
// as if nothing had been, and none may leave anything behind. Each is tried once for each
// server; LEAKHUNT_LOSSES=N has each N times.
func TestNoticed(t *testing.T) {
	t.Parallel()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("LEAKHUNT_LOSSES"), "1"))
	if err != nil {
		t.Fatal(err)
	}
	bin, schema := build(t), resultSchema(t)
	var mu sync.Mutex
	noticed := map[string]int{}
	for server := range losers {
		for _, kind := range []string{"killed", "recycled", "stopped", "forked away"} {
			t.Run(server+" "+kind, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(len(server)), uint64(len(kind))))
				for i := range n {
					after := time.Duration(rng.Int64N(int64(latest)))
					if !t.Run(strconv.Itoa(i+1), func(t *testing.T) { notice(t, bin, schema, server, kind, after) }) {
						continue // the others may tell why
					}
					mu.Lock()
					noticed[server+" "+kind]++
					mu.Unlock()
				}
			})
		}
	}
	t.Cleanup(func() {
		for _, name := range slices.Sorted(maps.Keys(noticed)) {
			t.Logf("%s: noticed %d of %d", name, noticed[name], n)
		}
	})
}

const noticing = `version: 1
name: noticing
target: {url: "http://127.0.0.1:%s"}
requests: 100000
rounds: 2000
warmup: 30
timeout: 1s
limits: {time: %s}
uris:
  - /
  - /a
  - {name: a form, method: POST, uri: /b, form: {a: "1"}}
`

// notice is one run whose process is lost after a while.
func notice(t *testing.T, bin string, schema *jsonschema.Schema, server, kind string, after time.Duration) {
	dir, port, l := t.TempDir(), targettest.FreePort(t), losers[server]
	targettest.WriteFile(t, dir+"/away.py", awayPy)
	targettest.WriteFile(t, dir+"/away.ru", awayRu)
	argv := slices.Clone(l.argv)
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "${PORT}", port)
	}
	s := targettest.Start(t, dir, []string{"PYTHONDONTWRITEBYTECODE=1"}, argv...)
	targettest.Await(t, "tcp", "127.0.0.1:"+port)
	limit, silent := unnoticed, kind == "forked away"
	if silent { // a server that keeps no connection is asked in vain
		limit = 5 * time.Second
	}
	file, mark := filepath.Join(dir, "noticing.yaml"), "LEAKHUNT_TEST_RUN="+dir
	targettest.WriteFile(t, file, fmt.Sprintf(noticing, port, limit))
	cmd := exec.Command(bin, "run", file, "--progress", "plain", "-o", "json="+dir+"/result.json")
	cmd.Env = append(os.Environ(), mark)
	lines := startLines(t, cmd)
	pid, lost := 0, make(chan struct{})
	for pid == 0 {
		line, ok := lines.next()
		if !ok {
			t.Fatalf("nothing was pinned:\n%s", lines.all())
		}
		if _, rest, ok := strings.Cut(line, "pinned pid "); ok {
			_, _ = fmt.Sscan(rest, &pid)
			go func() {
				defer close(lost)
				time.Sleep(after) // the random moment
				switch kind {
				case "killed":
					_ = syscall.Kill(pid, syscall.SIGKILL)
				case "stopped":
					_ = syscall.Kill(pid, syscall.SIGSTOP)
				case "recycled":
					l.recycle(s.PID(), pid)
				case "forked away":
					_ = os.WriteFile(dir+"/away", nil, 0o600)
				}
			}()
		}
	}
	said := lines.rest()
	_ = cmd.Wait()
	<-lost
	s.Kill()
	code, r := cmd.ProcessState.ExitCode(), lostResult(t, dir+"/result.json", schema)
	if r == nil {
		t.Fatalf("lost after %s: exit code %d, no result\n%s", after, code, said)
	}
	told := strings.Contains(said, "leakhunt: the process was lost") && strings.Contains(said, "  → ") && !r.Complete
	if silent { // or its requests time out, one after the other
		failed := slices.ContainsFunc(r.URIs, func(u result.URI) bool { return u.Verdict == verdict.Failed })
		told = told || failed || !r.Complete
	}
	seen := told && (code == exitUnmeasured || silent && code == exitInconclusive)
	if !seen {
		t.Errorf("lost after %s: exit code %d, complete %t (%s)\n%s", after, code, r.Complete, r.Incomplete, said)
	}
	if left := marked(mark); len(left) > 0 {
		t.Errorf("pids %v are left behind", left)
	}
}
