package main

import (
	"context"
	"errors"
	"strings"

	"leakhunt/harness/claim"
	"leakhunt/harness/lanes"
	"leakhunt/harness/proc"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/session"
	"leakhunt/harness/target"
	"leakhunt/scenarios"
)

// openTarget makes the scenario's target. A command is started with leakhunt's
// agent in its environment, unless the scenario wants none; agents is the
// folder of its sockets, "" without. done removes what was written for it.
func (a *app) openTarget(sc *scenarios.Scenario) (tgt session.Target, agents string, done func(), err error) {
	one := *sc
	one.Lanes = 1
	tgts, agents, done, err := a.openTargets(&one, nil)
	if err != nil {
		return nil, "", nil, err
	}
	return tgts[0], agents, done, nil
}

// openTargets is openTarget for each of the scenario's lanes, which go on as they were in
// a run unless that is nil.
func (a *app) openTargets(sc *scenarios.Scenario, from *lanes.Run) (tgts []session.Target, agents string, done func(), err error) {
	if err := proc.Mounted(); err != nil {
		return nil, "", nil, err
	}
	a.begun.Store(true)
	opt := a.targetOptions()
	done = func() {}
	if len(sc.Target.Command) > 0 && sc.Runtime.Kind == "auto" {
		env, cleanup, err := runtimes.Preload()
		if err != nil {
			return nil, "", nil, err
		}
		opt.ExtraEnv, done = env, cleanup
		a.scratch.Store(&cleanup)
		for _, e := range env {
			if dir, ok := strings.CutPrefix(e, runtimes.AgentVar+"="); ok {
				agents, opt.Scratch = dir, []string{dir}
			}
		}
	}
	scratch := done
	done = func() {
		for _, t := range tgts {
			t.(*claimed).release()
		}
		scratch()
	}
	all, err := target.OpenLanes(sc, opt, processes(from))
	if err != nil {
		done()
		return nil, "", nil, err
	}
	for _, tgt := range all {
		tgts = append(tgts, &claimed{Target: tgt})
	}
	return tgts, agents, done, nil
}

// processes are those that the lanes of a run had last.
func processes(run *lanes.Run) (out []proc.ID) {
	if run == nil {
		return nil
	}
	for _, l := range run.Lanes {
		var id proc.ID
		for _, h := range l.Hunts {
			if life := h.Life(); life != nil {
				id = proc.ID{PID: life.Process.PID, Start: life.Process.Start}
			}
		}
		out = append(out, id)
	}
	return out
}

// claimed is a target whose process no other run of leakhunt measures.
type claimed struct {
	session.Target
	free func()
}

// Pin implements session.Target.
func (c *claimed) Pin(ctx context.Context) (session.Pinned, error) {
	p, err := c.Target.Pin(ctx)
	if err != nil {
		return nil, err
	}
	c.release()
	if c.free, err = claim.Take(p.Process()); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (c *claimed) release() {
	if c.free != nil {
		c.free()
		c.free = nil
	}
}

// targetOptions are what every target is opened with.
func (a *app) targetOptions() target.Options {
	opt := target.Options{AddSecret: a.keepSecret}
	if !a.untold {
		opt.Note = func(text string) { a.note("%s", printable(text)) }
	}
	if a.verbose {
		opt.Stdout, opt.Stderr = a.stderr, a.stderr
	}
	return opt
}

// keepSecret adds a value that must appear in no output. One that is too short
// to be taken out of a text is said to be so, and never shown.
func (a *app) keepSecret(v string) {
	if err := a.secrets.Add(v); err != nil {
		a.note("a value that should be kept out of every output cannot be: %v", err)
	}
}
