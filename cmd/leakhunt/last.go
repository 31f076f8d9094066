package main

import (
	"slices"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/journal"
	"leakhunt/harness/result"
)

// ended are the kept runs that can be read and have ended, the newest first: what a
// run that goes on will find is not known yet.
func ended() ([]journal.Entry, error) {
	all, err := journal.List("")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(e journal.Entry) bool { return e.Err != nil || e.Running }), nil
}

// lastRun is the newest of them.
func lastRun() (journal.Entry, error) {
	all, err := ended()
	if err != nil {
		return journal.Entry{}, err
	}
	if len(all) == 0 {
		return journal.Entry{}, fault.Usagef("no journal of a run is kept").
			WithHint("Name a file, or run a scenario first; leakhunt runs lists what is kept.")
	}
	return all[0], nil
}

// noteRun says which run was taken, since nobody has named it.
func (a *app) noteRun(role string, e journal.Entry) {
	a.note("%s: %s, %s (%s)", role, printable(e.Scenario.Name), e.Started.Local().Format(time.DateTime), printable(e.Path))
}

// both are the two runs that compare is to compare: the base in g, and the head.
func (a *app) both(args []string, g *gate) (head *result.Result, err error) {
	switch len(args) {
	case 0:
		return a.lastTwo(g)
	case 1:
		return a.lastAfter(args[0], g)
	}
	if g.base, err = a.readResult(args[0]); err != nil {
		return nil, err
	}
	return a.readResult(args[1])
}

// lastTwo are the last run, and the complete one of its scenario before it.
func (a *app) lastTwo(g *gate) (head *result.Result, err error) {
	last, err := lastRun()
	if err != nil {
		return nil, err
	}
	all, err := ended()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(e journal.Entry) bool {
		return e.Scenario.Name == last.Scenario.Name && e.Complete && e.Started.Before(last.Started)
	})
	if i < 0 {
		return nil, fault.Usagef("no complete run of %q is kept from before the last one", last.Scenario.Name).
			WithHint("Run it once more, or name what to compare with: leakhunt compare BASE. leakhunt runs lists what is kept.")
	}
	a.noteRun("BASE", all[i])
	a.noteRun("HEAD", last)
	if g.base, err = a.readResult(all[i].Path); err != nil {
		return nil, err
	}
	return a.readResult(last.Path)
}

// lastAfter are the base that is named, and the last run of its scenario.
func (a *app) lastAfter(base string, g *gate) (head *result.Result, err error) {
	if g.base, err = a.readResult(base); err != nil {
		return nil, err
	}
	all, err := ended()
	if err != nil {
		return nil, err
	}
	name := g.base.Scenario.Name
	i := slices.IndexFunc(all, func(e journal.Entry) bool { return e.Scenario.Name == name })
	if i < 0 || !all[i].Started.After(g.base.StartedAt) {
		return nil, fault.Usagef("no run of %q is kept from after %s", name, base).
			WithHint("Run it once more, or name HEAD too: leakhunt compare BASE HEAD. leakhunt runs lists what is kept.")
	}
	a.noteRun("HEAD", all[i])
	return a.readResult(all[i].Path)
}
