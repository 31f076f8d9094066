package harness

import (
	"cmp"
	"fmt"
	"math"
	"os"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/units"
	"leakhunt/scenarios"
)

// Plan is what a run will do: the URIs with their requests compiled, and how
// many requests each gets in which block.
type Plan struct {
	Scenario *scenarios.Scenario
	Items    []Item
	Before   []*load.Template
	Seed     int64
}

// Item is one URI of the plan.
type Item struct {
	scenarios.URI
	Template *load.Template
	Requests scenarios.Count
}

// Burn-in, from the measurements behind the verdict: three passes over all
// URIs and so many requests in all. One URI alone has nobody else to warm the
// process up for it.
const (
	burnInPasses = 3
	burnInAll    = 1024
	burnInAlone  = 2048
	// burnInSettled is enough for each URI where garbage is collected before
	// each reading: what the first requests load and cache is in, and the
	// heap's high-water mark does not matter.
	burnInSettled = 100
)

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
	return p, p.compileBefore()
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
		body, err := os.ReadFile(sc.File(r.BodyFile))
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

// BurnIn is the number of requests that each URI gets before the first round.
func (p *Plan) BurnIn(settled bool) int {
	if w := p.Scenario.Warmup; !w.Auto {
		return w.N
	}
	n := len(p.Items)
	switch {
	case settled:
		return burnInSettled
	case n == 1:
		return burnInAlone
	default:
		return max(burnInPasses, int(math.Ceil(burnInAll/float64(n))))
	}
}

// Blocks cuts total requests into rounds. Doubling blocks make the last half
// of a series, on which growth is judged, one uninterrupted block; for a counter
// that is read at block edges equal ones are made uneven.
func Blocks(total, rounds int, doubling bool) []int {
	rounds = min(rounds, total)
	if rounds <= 0 {
		return nil
	}
	edges := make([]int, rounds+1)
	for i := 1; i <= rounds; i++ {
		if doubling {
			edges[i] = int(math.Round(float64(total) * math.Pow(2, float64(i-rounds))))
		} else {
			edges[i] = total * i / rounds
		}
	}
	var blocks []int
	for i := 1; i <= rounds; i++ {
		if n := edges[i] - edges[i-1]; n > 0 {
			blocks = append(blocks, n)
		}
	}
	return blocks
}

// Cost is the number of requests the plan will send, at least and at most,
// the pass for sites not counted.
func (p *Plan) Cost(settled bool) (least, most int) {
	w := p.BurnIn(settled) * len(p.Items)
	least, most = w+len(p.Scenario.Before), w+len(p.Scenario.Before)
	for _, it := range p.Items {
		switch {
		case !it.Requests.Auto:
			least += it.Requests.N
			most += it.Requests.N
		case settled:
			least += settledBlock * settledRounds
			most += 2 * settledHorizon
		default:
			least += 128
			most += maxAuto + confirmFar
			if p.Scenario.Target.Kind == "command" && len(p.Items) > 1 {
				most += isolateMost
			}
		}
	}
	return least, most
}

// Describe is the plan in words, for --dry-run.
func (p *Plan) Describe(settled bool) string {
	least, most := p.Cost(settled)
	s := fmt.Sprintf("%s, %s requests to each before the first round", units.Quantity(float64(len(p.Items)), "URIs"), units.Count(p.BurnIn(settled)))
	if least == most {
		return fmt.Sprintf("%s, %s requests in all", s, units.Count(least))
	}
	return fmt.Sprintf("%s, %s to %s requests in all, as many as the verdicts need", s, units.Count(least), units.Count(most))
}
