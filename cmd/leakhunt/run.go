package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/session"
	"leakhunt/scenarios"
)

const runLong = `Run pins one process of the application, sends each URI of the scenario, reads
the process's memory, and ranks the URIs by the growth that will go on.

Exit code 0: nothing to fail on. 1: a leak, a broken budget or a regression.
2: the command line or the scenario is wrong, nothing was sent. 3: could not
measure. 4: inconclusive, where --fail-on inconclusive asks for it.`

const runExample = `  leakhunt run shop.yaml                             # a ranked table
  leakhunt run shop.yaml -n 500 --only '/orders*'    # 500 requests to each of these
  leakhunt run shop.yaml -t http://127.0.0.1:3000    # the process that answers there
  leakhunt run shop.yaml -o table -o json=out.json   # a table here, the result in a file
  leakhunt run shop.yaml --baseline main.json --fail-on regression # what main.json does not have
  leakhunt run shop.yaml --dry-run                   # what it would send
  git bisect run leakhunt run shop.yaml --git-bisect # which commit brought the leak`

type runFlags struct {
	overrides
	outputs  []string
	progress string
	dryRun   bool
	sitesFor []string
	gate     gate
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:     "run SCENARIO",
		Short:   "Find the URIs that leak",
		Long:    runLong,
		Example: runExample,
		Args:    one("scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd, args[0], &f)
		},
	}
	fl := c.Flags()
	f.register(fl)
	f.gate.register(fl)
	fl.StringArrayVarP(&f.outputs, "output", "o", nil, formatsHelp())
	fl.StringVar(&f.progress, "progress", "auto", "progress on stderr: auto, bar, plain, none")
	fl.StringArrayVar(&f.sitesFor, "sites-for", nil, "name the lines of URIs whose name matches this glob, whatever their verdict")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print the plan and what it costs; send nothing")
	fl.BoolVar(&a.bisect, "git-bisect", false, "exit codes for git bisect run: 0 good, 1 bad, 125 skip, 255 abort")
	return c
}

func (a *app) run(cmd *cobra.Command, path string, f *runFlags) error {
	plan, err := a.plan(&f.overrides, path)
	if err != nil {
		return err
	}
	sc := plan.Scenario
	for _, g := range f.sitesFor {
		if !slices.ContainsFunc(sc.URIs, func(u scenarios.URI) bool { return scenarios.Match(g, u.Name) }) {
			return fault.Usagef("--sites-for %q matches no URI", g).WithHint("%s", there(sc))
		}
	}
	sinks, err := a.sinks(f.outputs)
	if err != nil {
		return err
	}
	if err := f.gate.load(a, sc.Name); err != nil {
		return err
	}
	if f.dryRun {
		return a.describe(plan)
	}
	if err := a.foretell(sinks); err != nil {
		return err
	}
	obs, err := a.observer(f.progress, sc.Metric)
	if err != nil {
		return err
	}
	tgt, agents, done, err := a.openTarget(sc)
	if err != nil {
		return err
	}
	defer done()
	res, runErr := harness.Run(cmd.Context(), plan, tgt, harness.Options{
		Version:     version(),
		Command:     repeated(cmd, path),
		Observer:    obs,
		OpenMeter:   openMeter,
		OpenCounter: a.counter(sc, agents),
		Secret:      a.keepSecret,
		SitesFor:    f.sitesFor,
	})
	obs.Close()
	return a.conclude(res, runErr, sc, sinks, &f.gate)
}

// plan is the scenario with the flags above it, compiled; its secrets are kept
// from here on.
func (a *app) plan(o *overrides, path string) (*harness.Plan, error) {
	sc, err := o.load(path)
	if err != nil {
		return nil, err
	}
	if err := a.secrets.Add(sc.Secrets...); err != nil {
		return nil, fault.Usagef("%s: secrets", path).Because(err)
	}
	return harness.NewPlan(sc)
}

// openMeter is harness.Options.OpenMeter.
func openMeter(id proc.ID) (session.Meter, error) { return memory.Open(id) }

// describe prints the plan. Where the runtime is not known yet, whether it counts
// what is alive is not, and what the plan costs is told both ways.
func (a *app) describe(p *harness.Plan) error {
	sc := p.Scenario
	byRSS, counted := p.Describe(false), p.Describe(true)
	switch rt := sc.Runtime.Kind; {
	case rt != "auto" && rt != "none" || sc.Settle != nil || len(sc.Probes) > 0:
		fmt.Fprintf(a.stdout, "%s: %s\n", sc.Name, counted)
	case rt == "none" || byRSS == counted:
		fmt.Fprintf(a.stdout, "%s: %s\n", sc.Name, byRSS)
	default:
		fmt.Fprintf(a.stdout, "%s, by a counter of the runtime: %s\n%[1]s, by RSS alone: %[3]s\n", sc.Name, counted, byRSS)
	}
	for _, it := range p.Items {
		n := "auto"
		if !it.Requests.Auto {
			n = fmt.Sprint(it.Requests.N)
		}
		fmt.Fprintf(a.stdout, "  %-7s %s  (%s requests)\n", it.Method, it.URI.URI, n)
	}
	return nil
}

// overrides are the flags that stand above the scenario.
type overrides struct {
	requests, warmup string
	rounds           int
	url              string
	pid              int
	headers, vars    []string
	only, skip, tags []string
	seed             int64
	maxTime          time.Duration
	given            func(flag string) bool // on the command line or in the environment
}

func (o *overrides) options() (scenarios.Options, error) {
	vars, err := pairs("--var", "=", o.vars)
	if err != nil {
		return scenarios.Options{}, err
	}
	m := map[string]string{}
	for _, p := range vars {
		m[p.Name] = p.Value
	}
	return scenarios.Options{Vars: m, TargetGiven: o.url != "" || o.pid != 0}, nil
}
