package target

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/target/passenger"
	"leakhunt/scenarios"
)

// chosen is one process of one application of one instance.
type chosen struct {
	instance passenger.Instance
	app      passenger.App
	process  passenger.Process
}

// notYet says that an application has no process that will do; coming, that
// Passenger is about to start one.
type notYet struct {
	error
	coming bool
}

func (e *notYet) Unwrap() error { return e.error }

// name tells a process from all others that the pool ever had: by its GUPID, in
// the text form by its pid.
func name(p *passenger.Process) string {
	if p.GUPID != "" {
		return p.GUPID
	}
	return strconv.Itoa(p.PID)
}

// choose finds the process that is wanted. Where the scenario leaves open which process
// of an application, it takes the one with the fewest requests in hand. Of several, it
// takes the one that the pool has given the fewest: to a Ruby process that has served
// the pool, the web server keeps a connection on the session socket, which serves one
// at a time. Its errors name what there is.
func choose(found []passenger.Instance, want scenarios.Passenger, not []string) (chosen, error) {
	running, err := readable(found, want.Instance)
	if err != nil {
		return chosen{}, err
	}
	var all, fit []chosen
	for _, in := range running {
		for _, app := range in.Apps {
			c := chosen{instance: in, app: app}
			all = append(all, c)
			if want.App == "" || fits(&app, want.App) {
				fit = append(fit, c)
			}
		}
	}
	if want.PID != 0 {
		return byPID(all, fit, want)
	}
	if exact := slices.DeleteFunc(slices.Clone(fit), func(c chosen) bool { return c.app.Name != want.App }); len(exact) == 1 {
		fit = exact
	}
	switch {
	case len(all) == 0:
		return chosen{}, &notYet{fault.Measuref("Passenger runs no application at the moment").
			WithHint("Send the application one request: Passenger starts applications on demand."), false}
	case len(fit) == 0:
		return chosen{}, fault.Measuref("Passenger runs no application %q; there are: %s", want.App, list(all)).
			WithHint("Set target.passenger.app to one of these names or folders. One that has had no request yet is not among them.")
	case len(fit) > 1 && want.App == "":
		return chosen{}, fault.Measuref("Passenger runs %d applications: %s", len(fit), list(fit)).
			WithHint("Say which one with target.passenger.app: its name or its folder.")
	case len(fit) > 1:
		return chosen{}, fault.Measuref("%d applications are called %q: %s", len(fit), want.App, list(fit)).
			WithHint("Tell them apart with the full name or folder in target.passenger.app, or with target.passenger.instance.")
	}
	return fit[0].pick(not)
}

// readable are the instances that run and may be read.
func readable(found []passenger.Instance, wanted string) ([]passenger.Instance, error) {
	var running, closed []passenger.Instance
	var names []string
	stale := 0
	for _, in := range found {
		if errors.Is(in.Err, passenger.ErrStale) {
			stale++
			continue
		}
		names = append(names, in.Name)
		switch {
		case wanted != "" && !strings.HasPrefix(in.Name, wanted):
		case in.Err != nil:
			closed = append(closed, in)
		default:
			running = append(running, in)
		}
	}
	switch {
	case len(running) > 0:
		return running, nil
	case len(closed) > 0:
		return nil, unreadable(closed[0])
	case len(names) > 0:
		return nil, fault.Measuref("there is no Passenger instance %q; there are: %s", wanted, strings.Join(names, ", ")).
			WithHint("Set target.passenger.instance to one of these names, or leave it out. A restart of the web server gives a new name.")
	case stale > 0:
		return nil, noPassenger("no Passenger is running; folders left behind by instances that have ended: %d", stale)
	}
	return nil, noPassenger("no Passenger is running that can be found")
}

func noPassenger(format string, args ...any) error {
	return fault.Measuref(format, args...).WithHint("Looked in %s. Set PASSENGER_INSTANCE_REGISTRY_DIR to the folder that PassengerInstanceRegistryDir names; "+
		"the folder of a systemd service is seen by root only: sudo leakhunt …", strings.Join(passenger.Registries(), ", "))
}

// unreadable says why an instance tells nothing, and what would help.
func unreadable(in passenger.Instance) error {
	e := fault.Measuref("the Passenger instance %s (%s) cannot be read", in.Name, in.Dir).Because(in.Err)
	switch {
	case errors.Is(in.Err, passenger.ErrDenied):
		return e.WithHint("Run leakhunt as root (sudo leakhunt …) or as the application's user, or set target.passenger.status_command: [sudo, passenger-status, --show=xml, --verbose].")
	case errors.Is(in.Err, passenger.ErrStarting):
		return &notYet{e.WithHint("Try again when the web server is up."), true}
	case errors.Is(in.Err, passenger.ErrOld):
		return e.WithHint("Set target.passenger.status_command: [sudo, passenger-status, --show=xml, --verbose].")
	}
	return e.WithHint("Look into the web server's error log.")
}

// fits says whether an application goes by that name: its group's name, with or
// without the environment that Passenger adds, its folder, or the folder's name.
func fits(app *passenger.App, wanted string) bool {
	bare := strings.TrimSuffix(app.Name, " ("+app.Environment+")")
	wanted = strings.TrimRight(wanted, "/")
	return slices.Contains([]string{app.Name, bare, app.Root, filepath.Base(app.Root)}, wanted)
}

func byPID(all, fit []chosen, want scenarios.Passenger) (chosen, error) {
	for _, c := range fit {
		for _, p := range c.app.Processes {
			if p.PID != want.PID {
				continue
			}
			if !p.Ready() {
				return chosen{}, fault.Measuref("pid %d of %s is on its way out (%s)", p.PID, c.app.Name, strings.ToLower(p.Enabled)).
					WithHint("Passenger is putting another process in its place: leave target.passenger.pid out.")
			}
			c.process = p
			return c, nil
		}
	}
	return chosen{}, fault.Measuref("Passenger has no process %d; there are: %s", want.PID, list(all)).
		WithHint("Set target.passenger.pid to one of these, or leave it out: a restart gives new pids.")
}

// pick takes a process of the application.
func (c chosen) pick(not []string) (chosen, error) {
	var ready []passenger.Process
	leaving := 0
	for i := range c.app.Processes {
		p := &c.app.Processes[i]
		switch {
		case !p.Ready():
			leaving++
		case !slices.Contains(not, name(p)):
			ready = append(ready, *p)
		}
	}
	if len(ready) > 0 {
		c.process = slices.MinFunc(ready, func(a, b passenger.Process) int {
			return cmp.Or(cmp.Compare(a.Sessions, b.Sessions), cmp.Compare(a.Processed, b.Processed))
		})
		return c, nil
	}
	coming := c.app.Spawning || c.app.Restarting
	switch {
	case coming:
		return chosen{}, &notYet{fault.Measuref("Passenger is starting %s: it has no process yet", c.app.Name).
			WithHint("Where it never gets one, the web server's error log says why."), true}
	case leaving > 0:
		return chosen{}, &notYet{fault.Measuref("Passenger is restarting %s: its processes are on their way out", c.app.Name).
			WithHint("Send it one request, and try again."), false}
	case len(not) > 0:
		return chosen{}, &notYet{fault.Measuref("Passenger has started no fresh process of %s", c.app.Name).
			WithHint("It starts one where there are fewer than PassengerMinInstances: set that to the number of processes, at least 1."), false}
	}
	return chosen{}, &notYet{fault.Measuref("%s has no process at the moment", c.app.Name).
		WithHint("Send it one request: Passenger starts processes on demand. PassengerMinInstances 1 keeps one."), false}
}

// list names applications with what tells them apart.
func list(all []chosen) string {
	var names []string
	for _, c := range all {
		var pids []string
		for _, p := range c.app.Processes {
			pids = append(pids, strconv.Itoa(p.PID))
		}
		s := c.app.Name
		if c.app.Root != "" && !strings.HasPrefix(c.app.Name, c.app.Root) {
			s += " in " + c.app.Root
		}
		if c.instance.Name != "" {
			s += ", instance " + c.instance.Name
		}
		names = append(names, fmt.Sprintf("%s (pid %s)", s, strings.Join(pids, ", ")))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, "; ")
}
