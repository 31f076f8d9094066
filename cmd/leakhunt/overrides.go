package main

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
	"leakhunt/scenarios"
)

func (o *overrides) register(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVarP(&o.requests, "requests", "n", "", "judged requests to each URI: a number, or auto")
	f.StringVar(&o.warmup, "warmup", "", "requests to each URI before the first round: a number, or auto")
	f.IntVarP(&o.rounds, "rounds", "r", 0, "rounds that the requests are sent in")
	f.StringVarP(&o.url, "target", "t", "", "pin the process that answers at this URL")
	f.IntVarP(&o.pid, "pid", "p", 0, "the process that must answer")
	f.StringArrayVarP(&o.headers, "header", "H", nil, `a header for every request, "Name: value"; repeatable`)
	f.StringArrayVar(&o.vars, "var", nil, "k=v, for {{k}} in requests; repeatable")
	f.StringArrayVar(&o.only, "only", nil, "only URIs whose name matches this glob; repeatable")
	f.StringArrayVar(&o.skip, "skip", nil, "no URIs whose name matches this glob; repeatable")
	f.StringArrayVar(&o.tags, "tag", nil, "only URIs with this tag; repeatable")
	f.Int64Var(&o.seed, "seed", 0, "seed of the random order; 0: a new one")
	f.BoolVar(&o.isolate, "isolate", false, "a fresh process for each URI")
	f.IntVar(&o.lanes, "lanes", 0, "pinned processes that work side by side, each on its own URIs")
	f.StringVar(&o.strategy, "strategy", "", "sweep (every URI by itself), scan (groups first) or auto")
	o.shard.register(f)
	f.DurationVar(&o.maxTime, "max-time", 0, "stop after this time and keep what was measured")
}

// load reads the scenario that is in text and puts the flags above it.
func (o *overrides) load(text []byte, path string) (*scenarios.Scenario, error) {
	opt, err := o.options()
	if err != nil {
		return nil, err
	}
	sc, err := scenarios.Parse(text, path, opt)
	if err != nil {
		return nil, err
	}
	for _, apply := range []func(*scenarios.Scenario) error{o.counts, o.target, o.request, o.choose, o.alone, o.shard.apply, o.sideBySide} {
		if err := apply(sc); err != nil {
			return nil, err
		}
	}
	return sc, nil
}

func (o *overrides) counts(sc *scenarios.Scenario) error {
	if o.requests != "" {
		n, err := count("--requests", o.requests, 1)
		if err != nil {
			return err
		}
		sc.Requests = n
		for i := range sc.URIs {
			sc.URIs[i].Requests = nil
		}
	}
	if o.warmup != "" {
		n, err := count("--warmup", o.warmup, 0)
		if err != nil {
			return err
		}
		sc.Warmup = n
	}
	if o.given("rounds") {
		if o.rounds < 1 {
			return fault.Usagef("--rounds %d: a whole number from 1 on is needed", o.rounds)
		}
		sc.Rounds = o.rounds
	}
	if o.given("seed") {
		if o.seed < 0 {
			return fault.Usagef("--seed %d: a whole number from 0 on is needed", o.seed)
		}
		sc.Seed = o.seed
	}
	if o.given("max-time") {
		if o.maxTime <= 0 {
			return fault.Usagef("--max-time %s: a duration above 0 is needed, such as 15m", o.maxTime)
		}
		sc.Limits.Time = o.maxTime
	}
	return nil
}

// alone takes over whether each URI has a fresh process, and whether groups are sent first,
// which the scenario must allow.
func (o *overrides) alone(sc *scenarios.Scenario) error {
	if o.given("isolate") {
		sc.Isolate = o.isolate
	}
	if wrong, fix := sc.Unisolated(); wrong != "" {
		return fault.Usagef("%s", wrong).WithHint("%s", strings.ToUpper(fix[:1])+fix[1:]+".")
	}
	if o.given("strategy") {
		if !slices.Contains([]string{"auto", "sweep", "scan"}, o.strategy) {
			return fault.Usagef("--strategy %s: auto, sweep or scan is needed", o.strategy)
		}
		sc.Strategy = o.strategy
	}
	if wrong, fix := sc.Unscannable(); wrong != "" {
		return fault.Usagef("%s", wrong).WithHint("%s", strings.ToUpper(fix[:1])+fix[1:]+".")
	}
	return nil
}

// sideBySide takes over how many lanes there are, which must have processes and URIs.
func (o *overrides) sideBySide(sc *scenarios.Scenario) error {
	if o.given("lanes") {
		if o.lanes < 1 || o.lanes > record.MaxLanes {
			return fault.Usagef("--lanes %d: a whole number from 1 to %d is needed", o.lanes, record.MaxLanes)
		}
		sc.Lanes = o.lanes
	}
	if wrong, fix := sc.Crowded(); wrong != "" {
		return fault.Usagef("%s", wrong).WithHint("%s", strings.ToUpper(fix[:1])+fix[1:]+".")
	}
	return nil
}

func (o *overrides) target(sc *scenarios.Scenario) error {
	if o.url != "" {
		if err := scenarios.CheckTargetURL(o.url); err != nil {
			return fault.Usagef("--target").Because(err)
		}
		sc.Target = scenarios.Target{Kind: "url", URL: o.url, Insecure: sc.Target.Insecure}
	}
	if o.given("pid") {
		if o.pid < 1 {
			return fault.Usagef("--pid %d: a whole number from 1 on is needed", o.pid)
		}
		switch sc.Target.Kind {
		case "":
			sc.Target = scenarios.Target{Kind: "url", PID: o.pid}
		case "url":
			sc.Target.PID = o.pid
		case "passenger":
			sc.Target.Passenger.PID = o.pid
		default:
			return fault.Usagef("--pid %d: the %s target starts its own process", o.pid, sc.Target.Kind).
				WithHint("Give --target URL too, to pin a running process.")
		}
	}
	return nil
}

func (o *overrides) request(sc *scenarios.Scenario) error {
	headers, err := pairs("--header", ":", o.headers)
	if err != nil {
		return err
	}
	sc.Headers = append(slices.Clone(sc.Headers), headers...)
	return nil
}

// choose keeps the URIs that --only, --skip and --tag leave.
func (o *overrides) choose(sc *scenarios.Scenario) error {
	for _, g := range slices.Concat(o.only, o.skip) {
		if _, err := path.Match(g, ""); err != nil {
			return fault.Usagef("bad glob %q", g).Because(err)
		}
	}
	keep := sc.URIs[:0:0]
	for _, u := range sc.URIs {
		tagged := len(o.tags) == 0 || slices.ContainsFunc(u.Tags, func(t string) bool { return slices.Contains(o.tags, t) })
		if tagged && (len(o.only) == 0 || matches(o.only, u)) && !matches(o.skip, u) {
			keep = append(keep, u)
		}
	}
	if len(keep) == 0 {
		return fault.Usagef("--only, --skip and --tag leave no URI").WithHint("%s", there(sc))
	}
	sc.URIs = keep
	return nil
}

// there says which names and tags the URIs of a scenario have.
func there(sc *scenarios.Scenario) string {
	var names, tags []string
	for _, u := range sc.URIs {
		names = append(names, u.Name)
		tags = append(tags, u.Tags...)
	}
	s := "The scenario has: " + strings.Join(names, ", ") + "."
	if slices.Sort(tags); len(tags) > 0 {
		s += " Its tags are: " + strings.Join(slices.Compact(tags), ", ") + "."
	}
	return s
}

func matches(globs []string, u scenarios.URI) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return scenarios.Match(g, u.Name) })
}

func count(flag, s string, least int) (scenarios.Count, error) {
	if s == "auto" {
		return scenarios.Count{Auto: true}, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least {
		return scenarios.Count{}, fault.Usagef("%s %s: a whole number from %d on is needed, or auto", flag, s, least)
	}
	return scenarios.Count{N: n}, nil
}

func pairs(flag, sep string, list []string) ([]scenarios.Pair, error) {
	var out []scenarios.Pair
	for _, s := range list {
		k, v, ok := strings.Cut(s, sep)
		if !ok || strings.TrimSpace(k) == "" {
			if first, rest, more := strings.Cut(strings.TrimSpace(s), " "); more && rest != "" {
				s = first + " …" // what follows may be a secret
			}
			return nil, fault.Usagef("%s %q: it must look like name%svalue", flag, s, sep)
		}
		out = append(out, scenarios.Pair{Name: strings.TrimSpace(k), Value: strings.TrimSpace(v)})
	}
	return out, nil
}
