package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

const runLong = `Run pins one process of the application, sends each URI of the scenario, and reads
the process's memory. It ranks the URIs by the growth that will go on.

SCENARIO is a file, - for standard input, or leakhunt.yaml where none is named. A URL
in its place pins the process that answers there, and needs no file; demo is the
embedded demo.

A run keeps a journal, so that nothing measured is lost: leakhunt report renders the
last one again. One that was interrupted or killed, or that a limit ended, goes on with
--resume JOURNAL: on the same process where that still lives, else on a fresh one. It has
the time limit, or --max-time, once more from then on. It needs no SCENARIO,
and takes the flags of the run as it began. Flags that are given now stand above them,
except those that would change the plan. Outputs, --fail-on and --baseline are given anew.

Exit code 0: nothing to fail on. 1: a leak, a broken budget or a regression.
2: the command line or the scenario is wrong, nothing was sent. 3: could not
measure, or an output could not be written. 4: inconclusive, where --fail-on
inconclusive asks for it, and always where no URI could be settled at all.`

const runExample = `  leakhunt run demo                                  # four known leaks among eight innocents
  leakhunt run http://127.0.0.1:3000 / /cart         # the process that answers there, two URIs
  leakhunt run shop.yaml                             # a ranked table
  leakhunt run shop.yaml -n 500 --only '/orders*'    # 500 requests to each of these
  leakhunt run shop.yaml -t http://127.0.0.1:3000    # the process that answers there
  leakhunt run shop.yaml -o table -o json=out.json   # a table here, the result in a file
  leakhunt run shop.yaml --baseline main.json --fail-on regression # what main.json does not have
  leakhunt run shop.yaml --dry-run                   # what it would send
  leakhunt run shop.yaml --journal shop.jsonl        # the journal here
  leakhunt run --resume shop.jsonl                   # go on with a run that was cut short
  git bisect run leakhunt run shop.yaml --git-bisect # which commit brought the leak`

type runFlags struct {
	overrides
	outputs  []string
	progress string
	dryRun   bool
	sitesFor []string
	journal  string
	resume   string
	gate     gate
	flow     *flow // of the leaks that were found, nil for none
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:     "run [SCENARIO | demo | URL [URI...]]",
		Short:   "Find the URIs that leak",
		Long:    runLong,
		Example: runExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.given("resume") && f.resume == "":
				return fault.Usagef("no path after --resume").WithHint("leakhunt runs lists the journals that are kept.")
			case f.resume != "":
				return a.resume(cmd, args, &f)
			}
			path, err := a.scenarioPath(cmd, args)
			if err != nil {
				return err
			}
			return a.run(cmd, path, &f)
		},
	}
	fl := c.Flags()
	f.register(fl)
	f.gate.register(fl)
	fl.StringArrayVarP(&f.outputs, "output", "o", nil, formatsHelp())
	fl.StringVar(&f.progress, "progress", "auto", "progress on stderr: auto, bar, plain, none")
	fl.StringArrayVar(&f.sitesFor, "sites-for", nil, "name the lines of URIs whose name matches this glob, whatever their verdict")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print the plan and what it costs; send nothing")
	fl.StringVar(&f.journal, "journal", "", "write the journal to this file, or none (default: a file of its own; see leakhunt runs)")
	fl.StringVar(&f.resume, "resume", "", "go on with the run of this journal")
	fl.BoolVar(&a.bisect, "git-bisect", false, "exit codes for git bisect run: 0 good, 1 bad, 125 skip, 255 abort")
	return c
}

func (a *app) run(cmd *cobra.Command, path string, f *runFlags) error {
	plan, sinks, err := a.prepare(path, f)
	if err != nil {
		return err
	}
	k, err := a.newKeeper(f.journal, f.given("journal"))
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.describe(plan)
	}
	return a.hunt(cmd, plan, path, f, sinks, k, nil)
}

// plan is the scenario with the flags above it, compiled; its secrets are kept
// from here on.
func (a *app) plan(o *overrides, path string) (*harness.Plan, error) {
	o.shard.result = a.readResult
	text, err := a.text(path)
	if err != nil {
		return nil, err
	}
	sc, err := o.load(text, path)
	if err != nil {
		return nil, err
	}
	if err := a.secrets.Add(sc.Secrets...); err != nil {
		return nil, fault.Usagef("%s: secrets", path).Because(err)
	}
	for flag, values := range map[string][]string{"header": o.headers, "var": o.vars} {
		for _, v := range values {
			for _, c := range credentials(flag, v) {
				a.keepSecret(c)
			}
		}
	}
	return harness.NewPlan(sc)
}

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
	for _, line := range a.strategies(p) {
		fmt.Fprintln(a.stdout, "  "+line)
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

// strategies are what both strategies would cost, by a counter where there may be one.
func (a *app) strategies(p *harness.Plan) (lines []string) {
	sc := p.Scenario
	if sc.Runtime.Kind != "none" || sc.Settle != nil || len(sc.Probes) > 0 {
		for _, line := range p.Strategies(true) {
			lines = append(lines, "by a counter, "+line)
		}
	}
	if (sc.Runtime.Kind == "none" || sc.Runtime.Kind == "auto") && sc.Settle == nil && len(sc.Probes) == 0 {
		for _, line := range p.Strategies(false) {
			lines = append(lines, "by RSS alone, "+line)
		}
	}
	return lines
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
	isolate          bool
	lanes            int
	strategy         string
	maxTime          time.Duration
	shard            shardFlags
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
