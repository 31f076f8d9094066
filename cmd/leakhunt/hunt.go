package main

import (
	"slices"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/lanes"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/session"
	"leakhunt/report"
	"leakhunt/scenarios"
)

// prepare reads all that a run is asked for, and sends nothing.
func (a *app) prepare(path string, f *runFlags) (*harness.Plan, []report.Sink, error) {
	plan, err := a.plan(&f.overrides, path)
	if err != nil {
		return nil, nil, err
	}
	sc := plan.Scenario
	for _, g := range f.sitesFor {
		if !slices.ContainsFunc(sc.URIs, func(u scenarios.URI) bool { return scenarios.Match(g, u.Name) }) {
			return nil, nil, fault.Usagef("--sites-for %q matches no URI", g).WithHint("%s", there(sc))
		}
	}
	sinks, err := a.sinks(f.outputs)
	if err != nil {
		return nil, nil, err
	}
	return plan, sinks, f.gate.load(a, sc.Name)
}

// hunt carries the plan out, from where an earlier run stood unless from is nil.
func (a *app) hunt(cmd *cobra.Command, plan *harness.Plan, path string, f *runFlags, sinks []report.Sink, k *keeper, from *lanes.Run) error {
	defer k.close()
	if err := a.foretell(sinks); err != nil {
		return err
	}
	obs, err := a.observer(f.progress, plan.Scenario.Metric)
	if err != nil {
		return err
	}
	tgts, agents, done, err := a.openTargets(plan.Scenario, from)
	if err != nil {
		return err
	}
	defer done()
	res, runErr := harness.Run(cmd.Context(), plan, tgts[0], harness.Options{
		Version:     version(),
		Command:     repeated(cmd, path),
		Observer:    obs,
		OpenMeter:   openMeter,
		OpenCounter: a.counter(plan.Scenario, agents),
		Secret:      a.keepSecret,
		Redact:      a.secrets.RedactString,
		SitesFor:    f.sitesFor,
		Journal:     k.open,
		Stay:        a.stay,
		Beside:      tgts[1:],
		Resume:      from,
	})
	obs.Close()
	k.close()
	done() // an output may be waited for, and this program ended meanwhile
	f.flow = flowOf(cmd, plan, path, res)
	return a.conclude(res, runErr, path, sinks, f, k)
}

// openMeter is harness.Options.OpenMeter.
func openMeter(id proc.ID) (session.Meter, error) { return memory.Open(id) }
