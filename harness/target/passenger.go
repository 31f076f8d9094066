package target

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/target/passenger"
	"leakhunt/scenarios"
)

// startLimit bounds the wait for an application's process; Passenger gives up
// after 90 s itself (PassengerStartTimeout).
const startLimit = 100 * time.Second

// passengerTarget is one process of a running Phusion Passenger, or of a
// Passenger Standalone that is started for the run.
type passengerTarget struct {
	want    scenarios.Passenger
	command *command // starts Standalone; nil where Passenger runs already
	opt     Options
	lane    *place // in the pool that lanes share; nil: no lanes
}

func openPassenger(sc *scenarios.Scenario, opt Options) (Target, error) {
	t := &passengerTarget{opt: opt}
	if sc.Target.Passenger != nil {
		t.want = *sc.Target.Passenger
	}
	switch t.want.Protocol {
	case "", "auto", "http", "session":
	default:
		return nil, fault.Usagef("target.passenger.protocol: %q is none", t.want.Protocol).WithHint("Use auto, http or session.")
	}
	if len(sc.Target.Command) > 0 {
		t.command = openCommand(sc, sc.Target.Command, opt)
	}
	return t, nil
}

// passengerPinned addresses its process directly. The pool does not see these
// requests, so it may retire the process as idle: the pool is asked at each
// check whether the process is still in it.
type passengerPinned struct {
	pinned
	target *passengerTarget
	chosen
	beside  []string // the GUPIDs that the application had when this process was pinned
	ep      load.Endpoint
	looked  time.Time // when the pool was asked last
	private string    // registry of a Standalone that was started; "" without one
}

var (
	_ Restarter = (*passengerPinned)(nil)
	_ Advisor   = (*passengerPinned)(nil)
	_ Explainer = (*passengerPinned)(nil)
)

// Pin implements Target.
func (t *passengerTarget) Pin(ctx context.Context) (Pinned, error) {
	p := &passengerPinned{target: t}
	err := p.begin(ctx)
	if err != nil {
		_ = p.Close() // begin has failed, and says why
		return nil, err
	}
	return p, nil
}

func (p *passengerPinned) begin(ctx context.Context) error {
	if p.target.command != nil {
		if err := p.standalone(ctx); err != nil {
			return err
		}
	}
	c, err := p.await(ctx, nil)
	if err != nil {
		return err
	}
	return p.use(ctx, c)
}

// look reads the instances that the process may belong to.
func (p *passengerPinned) look(ctx context.Context) ([]passenger.Instance, error) {
	if argv := p.target.want.StatusCommand; len(argv) > 0 {
		in, err := passenger.FromCommand(ctx, argv)
		return []passenger.Instance{in}, err
	}
	if p.private == "" {
		return passenger.Discover(ctx, passenger.Options{})
	}
	// The command may name another registry than the one it was given.
	registries := append([]string{p.private}, passenger.Registries()...)
	registries = slices.DeleteFunc(registries, func(dir string) bool { _, err := os.Stat(dir); return err != nil })
	found, err := passenger.Discover(ctx, passenger.Options{Registry: registries})
	own := p.child.processes()
	return slices.DeleteFunc(found, func(in passenger.Instance) bool { return !slices.Contains(own, in.Core) }), err
}

// await chooses a process, and waits where one is on its way. Those with the
// GUPIDs in not will not do.
func (p *passengerPinned) await(ctx context.Context, not []string) (chosen, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	told := false
	for began := time.Now(); ; {
		found, err := p.look(ctx)
		if err != nil {
			return chosen{}, err
		}
		leave := p.target.lane.enter()
		c, err := p.target.lane.choose(found, p.target.want, not)
		leave()
		var later *notYet
		if !errors.As(err, &later) {
			return c, err
		}
		if !later.coming && time.Since(began) > idleStart {
			return chosen{}, later.error
		}
		if !told && p.target.opt.Note != nil {
			told = true
			p.target.opt.Note(later.Error())
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return chosen{}, ctx.Err()
			}
			return chosen{}, later.error
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// idleStart is how long a pool that starts no process is watched: it may be
// about to.
const idleStart = 3 * time.Second

// use pins the chosen process and makes sure that it answers.
func (p *passengerPinned) use(ctx context.Context, c chosen) error {
	id, err := proc.Find(c.process.PID)
	if err != nil {
		return fault.Measuref("Passenger says that %s is served by pid %d", c.app.Name, c.process.PID).Because(unfound(c.instance, err))
	}
	ep, err := c.endpoint(p.target.want.Protocol)
	if err != nil {
		return err
	}
	if c.process.Password != "" && p.target.opt.AddSecret != nil {
		p.target.opt.AddSecret(string(c.process.Password))
	}
	restarts := p.info.Restarts
	p.chosen, p.ep, p.id, p.looked = c, ep, id, time.Now()
	p.parent, _ = proc.Parent(id.PID)
	p.many = true // others answer for the application, and never at this address
	p.at = address{url: shown(ep), network: ep.Network, at: ep.Address, host: ep.Host}
	p.info = Info{
		Kind: "passenger", PID: id.PID, App: c.app.Name, URL: p.at.url, Server: "passenger",
		Runtime: c.app.Runtime(), Restarts: restarts, Settings: p.info.Settings,
	}
	if p.info.Runtime == "" {
		p.info.Runtime = Identify(id.PID).Runtime
	}
	p.beside = nil
	for i := range c.app.Processes {
		p.beside = append(p.beside, name(&c.app.Processes[i]))
	}
	return p.ping(ctx)
}

// Endpoint implements Pinned.
func (p *passengerPinned) Endpoint() load.Endpoint { return p.ep }

// Close implements Pinned.
func (p *passengerPinned) Close() error {
	err := p.pinned.Close()
	if p.private != "" {
		err = errors.Join(err, os.RemoveAll(p.private))
		p.private = ""
	}
	return err
}
