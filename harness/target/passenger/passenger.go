// Package passenger finds the running instances of Phusion Passenger on this
// machine and reads which application processes they have: from the core's own
// socket, or from what passenger-status printed. It starts and changes nothing,
// Instance.Detach apart.
//
// Facts are from Passenger's own source, releases 4.0.60 to 6.0.17
// (src/agent/Core/ApplicationPool, src/ruby_supportlib/phusion_passenger/admin_tools).
package passenger

import (
	"slices"
	"strings"
)

// Instance is one running Passenger: a web server with its core, or Standalone.
type Instance struct {
	Name     string // as passenger-status calls it; "" where it printed none
	Dir      string // its folder in the registry; "" where a status command told of it
	Server   string // "Apache/2.4.57 (Debian) Phusion_Passenger/6.0.17"
	Watchdog int    // pid; 0 where unknown
	Core     int    // pid; 0 where unknown
	Pool
	// Err says why Pool is empty: ErrStale, ErrStarting, ErrDenied, or that the
	// core did not answer.
	Err error
}

// Pool is what an instance runs.
type Pool struct {
	Version string
	Max     int // processes over all applications
	Apps    []App
}

// App is one application group.
type App struct {
	Name        string // the group's name: PassengerAppGroupName, or the root with its environment
	Root        string
	Type        string // "ruby", "nodejs", "python", … ; "" for a generic application, and in the text form
	Environment string
	UID         int // -1 where unknown
	// Spawning and Restarting say that processes are on their way.
	Spawning, Restarting bool
	MinProcesses         int // -1 where unknown
	Processes            []Process
}

// The values of Process.Enabled.
const (
	Enabled   = "ENABLED"
	Disabling = "DISABLING"
	Disabled  = "DISABLED"
	Detached  = "DETACHED" // shutting down, when its last request is done
)

// Process is one process of an application.
type Process struct {
	PID       int
	GUPID     string // unique over all processes there ever were; "" in the text form
	Sessions  int    // requests it is busy with
	Processed int64  // requests that the pool gave it; requests sent to it directly do not count
	Life      string // "ALIVE", "SHUTDOWN_TRIGGERED", "DEAD"; "" in the text form
	Enabled   string
	Sockets   []Socket
	Password  Password
}

// Socket is an address that a process listens on.
type Socket struct {
	Name     string // up to 5.2 only: "main", "http"
	Network  string // "tcp" or "unix"
	Address  string
	Protocol string // "http", "session"; up to 5.x also "http_session", which is HTTP
}

// Password opens a process's sockets. It prints as dots.
type Password string

// String hides the password.
func (Password) String() string { return "•••" }

// GoString hides the password from %#v.
func (Password) GoString() string { return "•••" }

// MarshalText hides the password from JSON and YAML.
func (Password) MarshalText() ([]byte, error) { return []byte("•••"), nil }

// Ready says that the pool still gives requests to the process.
func (p *Process) Ready() bool {
	return p.Enabled == Enabled && (p.Life == "" || p.Life == "ALIVE")
}

// HTTP is the socket that speaks HTTP. Up to 5.2 a Ruby process's is the one
// named http, since 5.3 sockets have no name.
func (p *Process) HTTP() (Socket, bool) {
	return p.socket(func(s Socket) bool { return s.Name == "http" },
		func(s Socket) bool { return s.Protocol == "http" || s.Protocol == "http_session" })
}

// Session is the socket that speaks Passenger's session protocol.
func (p *Process) Session() (Socket, bool) {
	return p.socket(func(s Socket) bool { return s.Protocol == "session" })
}

func (p *Process) socket(wanted ...func(Socket) bool) (Socket, bool) {
	for _, want := range wanted {
		if i := slices.IndexFunc(p.Sockets, want); i >= 0 {
			return p.Sockets[i], true
		}
	}
	return Socket{}, false
}

// Find is the process with that pid and the application it belongs to.
func (p *Pool) Find(pid int) (*App, *Process) {
	for i := range p.Apps {
		for j := range p.Apps[i].Processes {
			if p.Apps[i].Processes[j].PID == pid {
				return &p.Apps[i], &p.Apps[i].Processes[j]
			}
		}
	}
	return nil, nil
}

// Runtime is the language the application runs in: "ruby", "node", "python",
// or "" where Passenger does not say.
func (a *App) Runtime() string {
	switch a.Type {
	case "ruby", "rack", "rails", "classic-rails":
		return "ruby"
	case "node", "nodejs", "meteor":
		return "node"
	case "python", "wsgi":
		return "python"
	}
	return ""
}

// parseAddress takes "tcp://127.0.0.1:4000" and "unix:/path" apart; ok is
// false for anything else.
func parseAddress(s string) (network, address string, ok bool) {
	if a, found := strings.CutPrefix(s, "tcp://"); found && a != "" {
		return "tcp", a, true
	}
	if a, found := strings.CutPrefix(s, "unix:"); found && strings.HasPrefix(a, "/") {
		return "unix", a, true
	}
	return "", "", false
}
