package harness

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/judge"
	"leakhunt/harness/load"
	"leakhunt/harness/record"
	"leakhunt/harness/session"
	"leakhunt/harness/strategy"
	"leakhunt/harness/units"
	"leakhunt/scenarios"
)

// Plan is what a run will do: the URIs with their requests compiled.
type Plan struct {
	Scenario *scenarios.Scenario
	Items    []Item
	Before   []*load.Template
	Seed     int64 // 0: chosen by the run
}

// Item is one URI of the plan.
type Item struct {
	scenarios.URI
	Template *load.Template
	Requests scenarios.Count
}

// NewPlan compiles a scenario. It returns a usage fault for a request that
// cannot be built.
func NewPlan(sc *scenarios.Scenario) (*Plan, error) {
	p := &Plan{Scenario: sc, Seed: sc.Seed}
	for _, u := range sc.URIs {
		t, err := compile(sc, u.Request, false)
		if err != nil {
			return nil, fault.Usagef("%s: uri %q", sc.Path, u.Name).Because(err)
		}
		u.Budget = cmp.Or(u.Budget, budgetFor(sc.Budgets, u.Name))
		n := sc.Requests
		if u.Requests != nil {
			n = *u.Requests
		}
		p.Items = append(p.Items, Item{URI: u, Template: t, Requests: n})
	}
	// The answers of the steps are kept for captures, and to say what they held
	// where a step fails.
	for _, step := range sc.Before {
		t, err := compile(sc, step.Request, true)
		if err != nil {
			return nil, fault.Usagef("%s:%d: before: %s", sc.Path, step.Line, step.URI).Because(err)
		}
		p.Before = append(p.Before, t)
	}
	return p, nil
}

// budgetFor is the budget of the first glob that matches, 0 without one.
func budgetFor(budgets []scenarios.Budget, name string) int64 {
	for _, b := range budgets {
		if scenarios.Match(b.Match, name) {
			return b.Bytes
		}
	}
	return 0
}

func compile(sc *scenarios.Scenario, r scenarios.Request, keepBody bool) (*load.Template, error) {
	if r.BodyFile != "" {
		body, err := load.BodyFile(sc.File(r.BodyFile))
		if err != nil {
			return nil, err
		}
		r.Body, r.HasBody = string(body), true
	}
	spec := load.Spec{
		Method: r.Method, URI: r.URI, Body: r.Body, HasBody: r.HasBody,
		Timeout: sc.Timeout, Status: r.Expect.Status, Contains: r.Expect.Contains,
		Fresh: r.Fresh, KeepBody: keepBody,
	}
	for _, h := range [][]scenarios.Pair{sc.Headers, r.Headers} {
		for _, p := range h {
			spec.Header = append(spec.Header, [2]string{p.Name, p.Value})
		}
	}
	return load.Compile(spec)
}

// usualStay is how long what is convicted must have stayed: connections, timers, sessions,
// and the entries of caches last a minute at most, mostly.
const usualStay = 65 * time.Second

// Header is the first line of the record of a run that begins now.
func (p *Plan) Header(opt Options, now time.Time) record.Header {
	sc := p.Scenario
	seed := p.Seed
	if seed == 0 {
		seed = now.UnixNano()&(1<<53-1) | 1
	}
	h := record.Header{
		Version: record.Version, Tool: opt.Version, StartedAt: now.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano),
		Seed: seed, Command: opt.Command,
		Scenario:    record.Scenario{Name: sc.Name, Path: sc.Path, SHA256: sc.SHA256},
		Environment: environment(),
		Plan: record.Plan{
			Target: sc.Target.Kind, Runtime: sc.Runtime.Kind, Metric: sc.Metric, Rounds: sc.Rounds,
			Warmup: record.Count(sc.Warmup), Before: len(sc.Before), Restarts: sc.Target.Restarts, Sites: sc.Sites,
			Stay: cmp.Or(opt.Stay, usualStay).Seconds(), Strategy: sc.Strategy, Isolate: sc.Isolate, Lanes: several(sc.Lanes),
			Limits: record.Limits{RSS: sc.Limits.RSS, Time: sc.Limits.Time.Seconds(), Errors: sc.Limits.Errors},
		},
	}
	for _, it := range p.Items {
		r := record.Item{
			Name: it.Name, Method: it.Method, URI: it.URI.URI, Requests: record.Count(it.Requests), Budget: it.Budget, Line: it.Line,
			Forced: slices.ContainsFunc(opt.SitesFor, func(glob string) bool { return scenarios.Match(glob, it.Name) }),
		}
		if ig := it.Ignore; ig != nil {
			r.Ignore = &record.Ignore{Reason: ig.Reason, Until: ig.Until.Format(time.DateOnly), Active: now.Before(ig.Until.AddDate(0, 0, 1))}
		}
		h.Items = append(h.Items, r)
	}
	return h
}

// several is a number of lanes as a record has it.
func several(lanes int) int {
	if lanes > 1 {
		return lanes
	}
	return 0
}

// part is the plan of a hunt that has those of its URIs.
func (p *Plan) part(uris []int) *Plan {
	part := *p
	part.Items = nil
	for _, i := range uris {
		part.Items = append(part.Items, p.Items[i])
	}
	return &part
}

// environment is the machine the run is made on.
func environment() record.Environment {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte("unknown")
	}
	return record.Environment{
		OS: runtime.GOOS, Kernel: strings.TrimSpace(string(kernel)), CPUs: runtime.NumCPU(), PageBytes: os.Getpagesize(),
	}
}

// Session is how the plan's session is configured, which goes on from st.
func (p *Plan) Session(tgt session.Target, opt Options, st *judge.State, now time.Time, tick func(session.Tick)) session.Config {
	c := session.Config{
		Scenario: p.Scenario, Before: p.Before, Target: tgt, OpenMeter: opt.OpenMeter, OpenCounter: opt.OpenCounter,
		Patience: opt.Patience, Secret: opt.Secret, Redact: opt.Redact, Tick: tick,
		Began: now, Elapsed: time.Duration(st.Now * float64(time.Second)), Total: st.Total,
	}
	for i, it := range p.Items {
		c.Items = append(c.Items, session.Item{Name: it.Name, Template: it.Template})
		c.Sent = append(c.Sent, st.Sent(i))
	}
	for i, it := range st.Header.Items[len(p.Items):] {
		c.Items = append(c.Items, session.Item{Name: it.Name, Template: p.Items[*it.Visitor].Template.Visitor()})
		c.Sent = append(c.Sent, st.Sent(len(p.Items)+i))
	}
	if life := st.Life(); life != nil {
		c.Rejoin = processID(life.Process)
	}
	return c
}

// Cost is the number of requests the plan will send, at least and at most,
// the pass for sites not counted.
func (p *Plan) Cost(counted bool) (least, most int) {
	h := p.Header(Options{}, time.Unix(0, 0))
	return strategy.Cost(h.Plan, h.Items, counted)
}

// sharing is how many URIs share a process.
func (p *Plan) sharing() int {
	if p.Scenario.Isolate {
		return 1
	}
	return len(p.Items)
}

// Describe is the plan in words, for --dry-run.
func (p *Plan) Describe(counted bool) string {
	least, most := p.Cost(counted)
	each := strategy.Warmup(record.Count(p.Scenario.Warmup), p.sharing(), counted)
	alone := ""
	if p.Scenario.Isolate {
		alone = ", a process for each"
	}
	s := fmt.Sprintf("%s%s, %s requests to each before the first round", units.Quantity(float64(len(p.Items)), "URIs"), alone, units.Count(each))
	if least == most {
		return fmt.Sprintf("%s, %s requests in all", s, units.Count(least))
	}
	return fmt.Sprintf("%s, %s to %s requests in all, as many as the verdicts need", s, units.Count(least), units.Count(most))
}

// usualLatency is how long a request takes, in seconds, where nothing is known of that.
const usualLatency = 0.005

// Strategies says what both strategies would cost, in requests and minutes, the pauses of a scan
// included, and which of them is taken. It is nil where groups cannot be sent, or are not worth a word.
func (p *Plan) Strategies(counted bool) []string {
	sc := p.Scenario
	probe := *sc
	probe.Strategy = "scan"
	if wrong, _ := probe.Unscannable(); wrong != "" || sc.Strategy != "scan" && len(p.Items) < judge.ScanFrom {
		return nil
	}
	h := p.Header(Options{}, time.Unix(0, 0))
	cost := func(name string, least, most int, pauses float64) string {
		s := fmt.Sprintf("strategy: %s sends about %s to %s requests, in %s to %s min at 5 ms a request", name, units.Count(least), units.Count(most),
			units.Number(minutes(least, 0)), units.Number(minutes(most, pauses)))
		if pauses > 0 {
			s += fmt.Sprintf(", with %s of pauses", units.Seconds(pauses))
		}
		if name == "scan" && (sc.Strategy == name || sc.Strategy == "auto" && counted) {
			s += "; it is taken"
		}
		return s
	}
	least, most := strategy.ScanCost(h.Plan, h.Items, counted)
	out := []string{cost("scan", least, most, strategy.ScanPauses(h.Plan))}
	least, most = strategy.Cost(h.Plan, h.Items, counted)
	return append(out, cost("sweep", least, most, 0))
}

func minutes(requests int, pauses float64) float64 {
	return math.Ceil((float64(requests)*usualLatency+pauses)/6) / 10
}
