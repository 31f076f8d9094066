package main

import (
	"cmp"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/report"
	"leakhunt/scenarios"
)

// shardFlags choose the part of the URIs that this run measures.
type shardFlags struct {
	shard, timings string
	uris           int // all there are, noted for merge
	flags          *pflag.FlagSet
	result         func(path string) (*result.Result, error)
}

func (s *shardFlags) register(f *pflag.FlagSet) {
	s.flags = f
	f.StringVar(&s.shard, "shard", "", "measure the i-th of n parts of the URIs, i/n; auto asks the CI job which (see leakhunt merge --help)")
	f.StringVar(&s.timings, "timings", "", "balance the shards by the time that each URI took in this result")
	f.IntVar(&s.uris, "shard-uris", 0, "the number of URIs in all shards, as a result notes it")
	_ = f.MarkHidden("shard-uris") // it is there
}

// nodes are the variables in which engines tell a job which of how many it is, and the
// number that they count from.
var nodes = [...]struct {
	engine, index, total string
	from                 int
}{
	{"GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
	{"CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
	{"Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
	{"GitHub", "STRATEGY_JOB_INDEX", "STRATEGY_JOB_TOTAL", 0},
	{"Kubernetes", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0},
}

// autoShard is the shard that the environment names. Without one, all is measured.
func autoShard(lookup func(string) (string, bool)) (report.Shard, error) {
	for _, n := range nodes {
		index, ok := lookup(n.index)
		if !ok || index == "" {
			continue
		}
		total, ok := lookup(n.total)
		if !ok || total == "" {
			hint := ""
			switch n.engine {
			case "Kubernetes":
				hint = "Kubernetes does not tell it: set JOB_COMPLETIONS in the container's env: to the Job's completions:."
			case "GitHub":
				hint = "Set STRATEGY_JOB_TOTAL: ${{ strategy.job-total }} under env: too."
			}
			return report.Shard{}, fault.Usagef("--shard auto: %s is set, and %s is not", n.index, n.total).WithHint("%s", hint)
		}
		i, err := strconv.Atoi(index)
		if err != nil {
			return report.Shard{}, fault.Usagef("--shard auto: %s=%q is no number", n.index, index)
		}
		s, err := report.ParseShard(strconv.Itoa(i-n.from+1) + "/" + total)
		if err != nil {
			return s, fault.Usagef("--shard auto: %s=%s, %s=%s", n.index, index, n.total, total).Because(err)
		}
		return s, nil
	}
	return report.Shard{}, fault.Usagef("--shard auto: no variable says which shard this is").
		WithHint("GitLab, CircleCI and Buildkite set theirs; on GitHub, set STRATEGY_JOB_INDEX: ${{ strategy.job-index }} and STRATEGY_JOB_TOTAL: ${{ strategy.job-total }}; elsewhere write --shard i/n.")
}

// apply keeps the shard's URIs of a scenario.
func (s *shardFlags) apply(sc *scenarios.Scenario) error {
	if s.shard == "" {
		if s.timings != "" {
			return fault.Usagef("--timings balances shards, and there is no --shard")
		}
		return nil
	}
	var sh report.Shard
	var err error
	if s.shard == "auto" {
		sh, err = autoShard(os.LookupEnv)
	} else {
		sh, err = report.ParseShard(s.shard)
	}
	if err != nil {
		return err
	}
	all := len(sc.URIs)
	switch {
	case sh.Of > all:
		return fault.Usagef("--shard %s: there are %d URIs to share", sh, all).WithHint("Use no more shards than URIs.")
	case s.uris != 0 && s.uris != all:
		return fault.Usagef("--shard-uris %d: there are %d URIs to share now", s.uris, all).
			WithHint("The scenario, or --only, --skip or --tag, differ from those of the other shards.")
	}
	var took map[string]float64
	if s.timings != "" {
		r, err := s.result(s.timings)
		if err != nil {
			return err
		}
		took = timesOf(r)
	}
	kept := sc.URIs[:0:0]
	for i, part := range share(sc.URIs, sh.Of, took) {
		if part == sh.Index-1 {
			kept = append(kept, sc.URIs[i])
		}
	}
	sc.URIs = kept
	// The result holds them, and a run that goes on elsewhere is the same shard.
	return cmp.Or(s.flags.Set("shard", sh.String()), s.flags.Set("shard-uris", strconv.Itoa(all)))
}

// share says which of n parts each URI is in. Those that took longest are laid first,
// each to the part with the least by then (Graham, 1969: at most a third above the best).
// A URI that no time is known of counts as the mean of the others.
func share(uris []scenarios.URI, n int, took map[string]float64) []int {
	mean, known := 0.0, 0
	for _, u := range uris {
		if t := took[u.Name]; t > 0 {
			mean += t
			known++
		}
	}
	mean = cmp.Or(mean/float64(max(1, known)), 1)
	time := func(i int) float64 { return cmp.Or(took[uris[i].Name], mean) }
	order := make([]int, len(uris))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(time(b), time(a)) })
	// Times are above 0: as long as a part is empty, the next URI is laid there.
	part, load := make([]int, len(uris)), make([]float64, n)
	for _, i := range order {
		best := 0
		for p := range load {
			if load[p] < load[best] {
				best = p
			}
		}
		part[i] = best
		load[best] += time(i)
	}
	return part
}

// timesOf is how many seconds each URI took in a run: its judged blocks, and about its
// warm-up.
func timesOf(r *result.Result) map[string]float64 {
	out := map[string]float64{}
	for _, u := range r.URIs {
		t := float64(u.Warmup.Requests) * u.LatencyMS.P50 / 1000
		for i := 1; i < len(u.Series); i++ {
			if p, q := u.Series[i-1], u.Series[i]; q.Requests > p.Requests && q.T > p.T {
				t += q.T - p.T
			}
		}
		out[u.Name] = t
	}
	return out
}
