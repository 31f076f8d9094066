package target

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/proc"
)

// advice is what to set on a server: to have one worker, and to keep it for
// the whole run.
type advice struct{ single, lasting string }

var advices = map[string]advice{
	"puma":     {"puma -w 0 -t 1:1 (or workers 0 in config/puma.rb)", "switch puma_worker_killer off"},
	"unicorn":  {"worker_processes 1 in its configuration", "switch unicorn-worker-killer off, and raise timeout"},
	"gunicorn": {"gunicorn -w 1 --max-requests 0", "gunicorn --max-requests 0, and raise --timeout"},
	"uwsgi":    {"uwsgi --processes 1 --http-socket 127.0.0.1:3000", "uwsgi without --max-requests, --reload-on-rss and --harakiri"},
	"php-fpm":  {"pm = static, pm.max_children = 1", "pm.max_requests = 0"},
	"uvicorn":  {"uvicorn --workers 1", "uvicorn without --limit-max-requests"},
	"passenger": {
		"target: {passenger: {}}, which addresses one process", "PassengerMaxPoolSize 1, PassengerMinInstances 1, PassengerPoolIdleTime 0, PassengerMaxRequests 0",
	},
}

// single is a sentence that says how to have one worker.
func (id Identity) single() string {
	if a, ok := advices[id.Server]; ok {
		return "Run it with one worker: " + a.single + "."
	}
	if id.Runtime == "node" {
		return "Run it without the cluster module (pm2: -i 1, instances: 1), or with one worker."
	}
	return "Run it with one worker process, or name the process with target.pid where the server keeps connections alive."
}

// lasting is a sentence that says how a worker lives as long as the run.
func (id Identity) lasting() string {
	if a, ok := advices[id.Server]; ok {
		return "For a run: " + a.lasting + "."
	}
	return "Switch off what replaces workers (a request limit, a memory killer, a reload on change) for the run."
}

// whoListens is a sentence with the TCP ports of this machine that a process
// we may look into listens on, at most six.
func whoListens() string {
	all, _, err := proc.Listeners()
	if err != nil {
		return "Start the application first, or check the port."
	}
	slices.SortFunc(all, func(a, b proc.Listener) int { return cmp.Compare(a.Addr.Port(), b.Addr.Port()) })
	var ports []string
	for _, l := range all {
		if l.Network != "tcp" || len(l.PIDs) == 0 {
			continue
		}
		port := strconv.Itoa(int(l.Addr.Port())) + ": " + describe(l.PIDs[0])
		if !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	const most = 6
	switch n := len(ports); {
	case n == 0:
		return "Nothing listens on any TCP port here: start the application first."
	case n > most:
		ports = append(ports[:most], fmt.Sprintf("and %d more", n-most))
	}
	return "Start the application first, or check the port. Who listens here: " + strings.Join(ports, "; ") + "."
}
