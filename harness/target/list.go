package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/target/passenger"
)

// Entry is one application process of this machine that can be sent requests.
type Entry struct {
	Server    string  `json:"server"` // "passenger", "puma", …; the runtime where no server is recognised; "" where it may not be looked at
	App       string  `json:"app"`    // Passenger's name of it, php-fpm's pool, else the folder it runs in
	PID       int     `json:"pid"`    // 0 where it may not be looked at
	Address   string  `json:"address"`
	Protocol  string  `json:"protocol"` // "http", "session", "fastcgi", "uwsgi"
	RSS       int64   `json:"rss_bytes"`
	Anon      int64   `json:"anonymous_bytes"`
	Uptime    float64 `json:"uptime_s"`
	Processed int64   `json:"processed"` // requests, as Passenger counts them; -1 where nobody counts
	Enabled   string  `json:"enabled,omitempty"`
	Instance  string  `json:"instance,omitempty"` // Passenger's
	// InContainer is the pid that it has for itself where it runs in a pid
	// namespace below ours, as in a container; else 0.
	InContainer int `json:"pid_in_container,omitempty"`
	// Problem says why no request can be sent to it, Remedy what would help;
	// both "" where one can.
	Problem string `json:"problem,omitempty"`
	Remedy  string `json:"remedy,omitempty"`

	endpoint load.Endpoint
}

// Endpoint is where requests to this process go; it is of use where there is no
// Problem. Where several workers share an address, its connections are those
// that this worker serves and keeps; dialling fails where it keeps none.
func (e Entry) Endpoint() load.Endpoint { return e.endpoint }

// Recognised is whether the process runs under a server that serves applications and
// nothing else. Of another only the runtime is known, as of a program of Go, or
// nothing, where it may not be looked at. It may be a database, or an agent that
// watches the machine.
func (e Entry) Recognised() bool {
	return e.App != "" && e.PID != 0 && !slices.Contains(runtimeNames, e.Server)
}

// runtimeNames are what Entry.Server is where no server is recognised.
var runtimeNames = []string{"ruby", "node", "python", "go", "java", "php", "perl"}

// ListOptions say where to look.
type ListOptions struct {
	// Registry are Passenger's instance registries; passenger.Registries()
	// where it is empty.
	Registry []string
}

// List finds the application processes of this machine: Passenger's, of all
// instances and types, and those that listen on a loopback address, or on a
// Unix socket, with a server that is recognised. Nothing is sent to any of
// them. One that may not be looked at is listed with its Problem.
func List(ctx context.Context, opts ListOptions) ([]Entry, error) {
	instances, err := passenger.Discover(ctx, passenger.Options{Registry: opts.Registry})
	if err != nil {
		return nil, err
	}
	var all []Entry
	for _, in := range instances {
		all = append(all, ofPassenger(in)...)
	}
	known := []int{os.Getpid()}
	for _, e := range all {
		known = append(known, e.PID)
	}
	listening, err := ofListeners(known)
	if err != nil {
		return nil, err
	}
	all = append(all, listening...)
	for i := range all {
		all[i].measure()
	}
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Server, b.Server), cmp.Compare(a.App, b.App), cmp.Compare(a.PID, b.PID))
	})
	return all, ctx.Err()
}

// measure reads memory and uptime of the entry's process.
func (e *Entry) measure() {
	if e.PID == 0 {
		return
	}
	e.InContainer = InContainer(e.PID)
	id, err := proc.Find(e.PID)
	if err == nil {
		if up, err := id.Uptime(); err == nil {
			e.Uptime = up.Seconds()
		}
		var m *memory.Meter
		if m, err = memory.Open(id); err == nil {
			defer m.Close()
			var r memory.Reading
			r, err = m.Read()
			e.RSS, e.Anon = r.RSS, r.Anon
		}
	}
	if err != nil {
		e.trouble(err)
	}
}

// trouble notes an error as the entry's problem; the first one stays.
func (e *Entry) trouble(err error) {
	if e.Problem != "" {
		return
	}
	e.Problem, e.Remedy = err.Error(), fault.HintOf(err)
}

// ofPassenger are the processes of one instance, or why there are none.
func ofPassenger(in passenger.Instance) []Entry {
	if errors.Is(in.Err, passenger.ErrStale) {
		return nil
	}
	if in.Err != nil {
		e := Entry{Server: "passenger", Instance: in.Name, PID: in.Core, Address: in.Dir, Processed: -1}
		e.trouble(unreadable(in))
		return []Entry{e}
	}
	var all []Entry
	for _, app := range in.Apps {
		for _, p := range app.Processes {
			e := Entry{
				Server: "passenger", App: app.Name, PID: p.PID, Processed: p.Processed,
				Enabled: strings.ToLower(p.Enabled), Instance: in.Name,
			}
			if _, err := proc.Find(p.PID); err != nil {
				e.trouble(unfound(in, err))
			}
			c := chosen{instance: in, app: app, process: p}
			ep, err := c.endpoint("auto")
			if err != nil {
				e.trouble(err)
			} else {
				e.Address, e.Protocol, e.endpoint = addressOf(ep), protocolOf(ep), ep
			}
			if !p.Ready() {
				e.trouble(fault.Measuref("it is on its way out").WithHint("Passenger is putting another process in its place."))
			}
			all = append(all, e)
		}
	}
	return all
}

func addressOf(ep load.Endpoint) string {
	if ep.Network == "unix" {
		return "unix:" + ep.Address
	}
	return ep.Address
}

func protocolOf(ep load.Endpoint) string {
	switch ep.Protocol.(type) {
	case load.Session:
		return "session"
	case load.FastCGI:
		return "fastcgi"
	}
	return "http"
}

// folder is the name of the folder that a process runs in, of its program where
// that says nothing.
func folder(pid int) string {
	if dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil && dir != "/" {
		return filepath.Base(dir)
	}
	exe, err := proc.Exe(pid)
	if err != nil {
		return ""
	}
	return filepath.Base(exe)
}
