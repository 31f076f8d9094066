//go:build live

package target_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
	"leakhunt/scenarios"
)

// A server is a real one from Debian's packages. ${PORT} in argv and files is
// the port it listens on.
type server struct {
	argv    []string
	env     []string
	files   map[string]string // beside the fixture applications
	keeps   bool              // connections after an answer
	workers bool              // a master puts another worker in a lost one's place
	want    target.Identity
	status  bool // the pinned process is the command itself, not a worker
	several int  // processes answer; 0: one
}

const unicornConfig = `
worker_processes %d
listen "127.0.0.1:#{ENV.fetch("PORT")}"
`

var servers = map[string]server{
	"puma": {
		argv:  []string{"puma", "-q", "-w", "0", "-t", "1:1", "-b", "tcp://127.0.0.1:${PORT}"},
		keeps: true, status: true, want: target.Identity{Server: "puma", Runtime: "ruby"},
	},
	"puma cluster of one": {
		argv:  []string{"puma", "-q", "-w", "1", "-t", "1:1", "-b", "tcp://127.0.0.1:${PORT}"},
		keeps: true, workers: true, want: target.Identity{Server: "puma", Runtime: "ruby"},
	},
	"puma cluster of two": {
		several: 2,
		argv:    []string{"puma", "-q", "-w", "2", "-t", "1:1", "-b", "tcp://127.0.0.1:${PORT}"},
		keeps:   true, workers: true, want: target.Identity{Server: "puma", Runtime: "ruby"},
	},
	"unicorn": {
		argv: []string{"unicorn", "-c", "unicorn.rb"}, files: map[string]string{"unicorn.rb": fmt.Sprintf(unicornConfig, 1)},
		workers: true, want: target.Identity{Server: "unicorn", Runtime: "ruby"},
	},
	"gunicorn": {
		argv:    []string{"gunicorn", "-w", "1", "-b", "127.0.0.1:${PORT}", "passenger_wsgi:application"},
		workers: true, want: target.Identity{Server: "gunicorn", Runtime: "python"},
	},
	"uwsgi, Python": {
		argv:    []string{"uwsgi", "--plugin", "python3", "--http-socket", "127.0.0.1:${PORT}", "--processes", "1", "--master", "--wsgi-file", "passenger_wsgi.py"},
		workers: true, want: target.Identity{Server: "uwsgi", Runtime: "python"},
	},
	"uwsgi, Ruby": {
		argv:    []string{"uwsgi", "--plugin", "rack", "--http-socket", "127.0.0.1:${PORT}", "--processes", "1", "--master", "--rack", "config.ru"},
		workers: true, want: target.Identity{Server: "uwsgi", Runtime: "ruby"},
	},
	"node": {
		argv:  []string{"node", "app.js"},
		keeps: true, status: true, want: target.Identity{Runtime: "node"},
	},
	"node cluster": {
		several: 2,
		argv:    []string{"node", "cluster.js"},
		keeps:   true, want: target.Identity{Runtime: "node"},
	},
	"python http.server": {
		argv:   []string{"/usr/bin/python3", "passenger_wsgi.py", "${PORT}"},
		status: true, want: target.Identity{Runtime: "python"},
	},
}

func (s server) dir(t *testing.T) string {
	t.Helper()
	dir := targettest.AppDir(t)
	for name, text := range s.files {
		targettest.WriteFile(t, dir+"/"+name, text)
	}
	return dir
}

func (s server) command(t *testing.T) scenarios.Target {
	t.Helper()
	return scenarios.Target{Kind: "command", Command: s.argv, Env: s.env, Dir: s.dir(t), Tighten: true, Ready: scenarios.Ready{URI: "/clean"}}
}

// start runs the server as somebody else would, and returns its address.
func (s server) start(t *testing.T) string {
	t.Helper()
	port := targettest.FreePort(t)
	argv := make([]string, len(s.argv))
	for i, a := range s.argv {
		argv[i] = strings.ReplaceAll(a, "${PORT}", port)
	}
	targettest.Start(t, s.dir(t), append(s.env, "PORT="+port), argv...)
	targettest.AwaitWorkers(t, "tcp", "127.0.0.1:"+port, max(1, s.several))
	return "http://127.0.0.1:" + port
}

func TestServersConform(t *testing.T) {
	for name, s := range servers {
		t.Run(name+", started", func(t *testing.T) {
			targettest.Run(t, targettest.Subject{KeepsAlive: s.keeps, Owned: true, Status: s.status, Open: func(t *testing.T) targettest.Fixture {
				return targettest.Fixture{Target: open(t, s.command(t), target.Options{})}
			}})
		})
		t.Run(name+", found", func(t *testing.T) {
			targettest.Run(t, targettest.Subject{KeepsAlive: s.keeps, Replaced: s.workers, Open: func(t *testing.T) targettest.Fixture {
				at := s.start(t)
				fx := targettest.Fixture{Target: open(t, url(at), target.Options{})}
				if s.workers {
					fx.Replace = func(t *testing.T, p target.Pinned) { recycle(t, at, p) }
				}
				return fx
			}})
		})
	}
}

// recycle kills a worker and waits until its master has put another in its
// place.
func recycle(t *testing.T, at string, p target.Pinned) {
	t.Helper()
	if err := syscall.Kill(p.Process().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for p.Process().Check() == nil {
	}
	targettest.Await(t, "tcp", strings.TrimPrefix(at, "http://"))
}

func TestServersAreRecognised(t *testing.T) {
	for name, s := range servers {
		t.Run(name, func(t *testing.T) {
			sc := s.command(t)
			p, err := open(t, sc, target.Options{}).Pin(t.Context())
			if err != nil {
				t.Fatalf("%v (%s)", err, fault.HintOf(err))
			}
			defer p.Close()
			if got := (target.Identity{Server: p.Info().Server, Runtime: p.Info().Runtime}); got != s.want {
				t.Errorf("running: %+v, want %+v", got, s.want)
			}
			if got := target.Recognise(s.argv, sc.Dir); got != s.want {
				t.Errorf("before it starts: %+v, want %+v", got, s.want)
			}
			if len(p.Info().Settings) == 0 {
				t.Error("nothing was set to make RSS tight")
			}
			env, err := proc.Environ(p.Process().PID)
			if err != nil {
				t.Fatal(err)
			}
			for _, setting := range p.Info().Settings {
				if !strings.Contains(strings.Join(env, "\n")+"\n", setting+"\n") {
					t.Errorf("%s is not in the process's environment", setting)
				}
			}
		})
	}
}

// Several workers that keep no connection cannot be told apart by it.
func TestServersWithSeveralWorkersAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		server
		hint string
	}{
		"unicorn":             {server{argv: []string{"unicorn", "-c", "unicorn.rb"}, files: map[string]string{"unicorn.rb": fmt.Sprintf(unicornConfig, 3)}}, "worker_processes 1"},
		"gunicorn":            {server{argv: []string{"gunicorn", "-w", "3", "-b", "127.0.0.1:${PORT}", "passenger_wsgi:application"}}, "gunicorn -w 1"},
		"uwsgi":               {server{argv: []string{"uwsgi", "--plugin", "python3", "--http-socket", "127.0.0.1:${PORT}", "--processes", "3", "--master", "--wsgi-file", "passenger_wsgi.py"}}, "--processes 1"},
		"uwsgi's http router": {server{argv: []string{"uwsgi", "--plugin", "http,python3", "--http", "127.0.0.1:${PORT}", "--processes", "1", "--master", "--wsgi-file", "passenger_wsgi.py"}}, "--http-socket"},
	} {
		t.Run(name, func(t *testing.T) {
			at := c.start(t)
			err := pinOnly(t, url(at))
			if err == nil || !strings.Contains(fault.HintOf(err), c.hint) {
				t.Errorf("%v (%s); want a hint with %q", err, fault.HintOf(err), c.hint)
			}
			t.Log(err, fault.HintOf(err))
		})
	}
}
