package passenger

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Errors of what passenger-status says instead of a status.
var (
	ErrNoInstance    = errors.New("passenger-status says that Passenger is not running")
	ErrManyInstances = errors.New("passenger-status says that several instances run")
	ErrDenied        = errors.New("not allowed to read the status")
	errNoStatus      = errors.New("this is neither the XML nor the text that passenger-status prints")
)

var (
	colours     = regexp.MustCompile("\x1b\\[[0-9;]*m")
	processLine = regexp.MustCompile(`^\s*\* PID: *(\d+)\s+Sessions: *(\d+)\s+Processed: *(\d+)\s+Uptime:`)
	headerLine  = regexp.MustCompile(`^(Version|Instance|Max pool size)\s*: *(.*)$`)
	fieldLine   = regexp.MustCompile(`^ +(App root|URL|Password)\s*: *(.*)$`)
	instance    = regexp.MustCompile(`^(\S+)(?: \((.*)\))?$`)
)

// ParseText reads what passenger-status --verbose prints, versions 4.0 to 6.x.
// It says of each process where its HTTP socket is, and nothing of the others.
func ParseText(raw []byte) (Instance, error) {
	text := colours.ReplaceAllString(string(raw), "")
	if err := complaint(text); err != nil {
		return Instance{}, err
	}
	r := textReader{}
	for i, line := range strings.Split(text, "\n") {
		if err := r.line(strings.TrimRight(line, " \r\t")); err != nil {
			return Instance{}, fmt.Errorf("malformed status of Passenger, line %d: %w", i+1, err)
		}
	}
	if !r.known {
		return Instance{}, errNoStatus
	}
	return r.in, nil
}

// complaint recognises what is printed where there is no status to print.
func complaint(text string) error {
	switch {
	case strings.Contains(text, "doesn't seem to be running"):
		return ErrNoInstance
	case strings.Contains(text, "It appears that multiple"):
		return ErrManyInstances
	case strings.Contains(text, "You are not authorized"):
		return ErrDenied
	}
	return nil
}

// textReader builds an instance from one line after the other.
type textReader struct {
	in     Instance
	known  bool // this is a status at all
	groups bool // inside "Application groups"
	name   string
}

func (r *textReader) line(line string) error {
	switch {
	case strings.Contains(line, "- General information -"):
		r.known = true
		return nil
	case strings.Contains(line, "- Application groups -"):
		r.known, r.groups = true, true
		return nil
	case strings.HasSuffix(line, "is currently not serving any applications."):
		r.known = true
		return nil
	}
	if !r.groups {
		if m := headerLine.FindStringSubmatch(line); m != nil {
			return r.header(m[1], m[2])
		}
		return nil
	}
	if line == "" {
		return nil
	}
	if m := fieldLine.FindStringSubmatch(line); m != nil {
		return r.field(m[1], m[2])
	}
	if m := processLine.FindStringSubmatch(line); m != nil {
		return r.process(m)
	}
	if line[0] != ' ' && strings.HasSuffix(line, ":") {
		r.name = strings.TrimSuffix(line, ":")
		return nil
	}
	r.state(strings.TrimSpace(line))
	return nil
}

func (r *textReader) header(key, value string) (err error) {
	switch key {
	case "Version":
		r.in.Version = value
	case "Instance":
		if m := instance.FindStringSubmatch(value); m != nil {
			r.in.Name, r.in.Server = m[1], m[2]
		}
	case "Max pool size":
		r.in.Max, err = strconv.Atoi(value)
	}
	return harmless(err)
}

func (r *textReader) field(key, value string) error {
	switch key {
	case "App root":
		if r.name == "" {
			r.name = value
		}
		r.in.Apps = append(r.in.Apps, App{Name: r.name, Root: value, UID: -1, MinProcesses: -1})
		r.name = ""
	case "URL":
		return r.url(value)
	case "Password":
		if p := r.last(); p != nil {
			p.Password = Password(value)
		}
	}
	return nil
}

// url reads "http://127.0.0.1:4000" and "http://unix:/path", which is how a
// Node process's socket is printed. A mail or a web page that lost the address
// leaves an empty one.
func (r *textReader) url(value string) error {
	p := r.last()
	if p == nil || value == "" {
		return nil
	}
	address, ok := strings.CutPrefix(value, "http://")
	if !ok {
		return errors.New("a URL that is not http://")
	}
	address = strings.TrimSuffix(address, "/")
	s := Socket{Network: "tcp", Address: address, Protocol: "http"}
	if network, path, ok := parseAddress(address); ok {
		s.Network, s.Address = network, path
	}
	if s.Address == "" {
		return errors.New("a URL without an address")
	}
	p.Sockets = append(p.Sockets, s)
	return nil
}

func (r *textReader) process(m []string) error {
	if len(r.in.Apps) == 0 {
		return errors.New("a process before any application")
	}
	pid, err := strconv.Atoi(m[1])
	if err != nil || pid <= 0 {
		return errors.New("a process without a pid")
	}
	sessions, err := strconv.Atoi(m[2])
	if err != nil {
		return harmless(err)
	}
	processed, err := parseCount(m[3])
	if err != nil {
		return err
	}
	app := &r.in.Apps[len(r.in.Apps)-1]
	app.Processes = append(app.Processes, Process{
		PID: pid, Sessions: sessions, Processed: processed, Enabled: Enabled,
	})
	return nil
}

// state reads the lines that have no colon.
func (r *textReader) state(s string) {
	if len(r.in.Apps) == 0 {
		return
	}
	app := &r.in.Apps[len(r.in.Apps)-1]
	if strings.HasPrefix(s, "(restarting") {
		app.Restarting = true
	}
	if strings.HasPrefix(s, "(spawning") {
		app.Spawning = true
	}
	p := r.last()
	if p == nil {
		return
	}
	switch s {
	case "Disabling...":
		p.Enabled = Disabling
	case "DISABLED":
		p.Enabled = Disabled
	case "Shutting down...":
		p.Enabled = Detached
	}
}

// last is the process that the lines are about, nil before the first.
func (r *textReader) last() *Process {
	if len(r.in.Apps) == 0 {
		return nil
	}
	ps := r.in.Apps[len(r.in.Apps)-1].Processes
	if len(ps) == 0 {
		return nil
	}
	return &ps[len(ps)-1]
}

func parseCount(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, harmless(err)
}
