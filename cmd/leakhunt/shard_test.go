package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/scenarios"
)

func TestAutoShard(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}, "2/3"},
		{map[string]string{"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "4"}, "1/4"},
		{map[string]string{"BUILDKITE_PARALLEL_JOB": "3", "BUILDKITE_PARALLEL_JOB_COUNT": "4"}, "4/4"},
		{map[string]string{"STRATEGY_JOB_INDEX": "1", "STRATEGY_JOB_TOTAL": "2"}, "2/2"},
		{map[string]string{"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "5"}, "1/5"},
		{map[string]string{"JOB_COMPLETION_INDEX": "0"}, "--shard auto: JOB_COMPLETION_INDEX is set, and JOB_COMPLETIONS is not"},
		{map[string]string{"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "3"}, "--shard auto: CI_NODE_INDEX=4, CI_NODE_TOTAL=3: --shard 4/3: the index is out of range"},
		{map[string]string{"CI_NODE_INDEX": "x", "CI_NODE_TOTAL": "3"}, `--shard auto: CI_NODE_INDEX="x" is no number`},
		{nil, "--shard auto: no variable says which shard this is"},
	} {
		s, err := autoShard(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
		got := s.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.env, got, c.want)
		}
	}
}

// TestShare lays every URI to one shard, none of which is empty, and the load evenly.
func TestShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		uris := make([]scenarios.URI, 1+rng.IntN(60))
		took := map[string]float64{}
		longest, all := 0.0, 0.0
		for i := range uris {
			uris[i].Name = fmt.Sprint(i)
			took[uris[i].Name] = 0.1 + 10*rng.Float64()*rng.Float64()
			longest, all = max(longest, took[uris[i].Name]), all+took[uris[i].Name]
		}
		n := 1 + rng.IntN(len(uris))
		load, count := make([]float64, n), make([]int, n)
		for i, p := range share(uris, n, took) {
			load[p] += took[uris[i].Name]
			count[p]++
		}
		for p := range n {
			if count[p] == 0 || load[p] > (all/float64(n)+longest) {
				t.Fatalf("%d URIs in %d shards: shard %d has %d, which take %.1f of %.1f s", len(uris), n, p+1, count[p], load[p], all)
			}
		}
	}
}

func TestTimesOf(t *testing.T) {
	r := &result.Result{URIs: []result.URI{{
		Name: "a", Warmup: result.Warmup{Requests: 100}, LatencyMS: result.Latency{P50: 5},
		Series: []result.Point{{Requests: 0, T: 1}, {Requests: 10, T: 2}, {Requests: 10, T: 7}, {Requests: 20, T: 9}},
	}}}
	if got := timesOf(r)["a"]; got != 3.5 {
		t.Errorf("it took %.2f s, want 3.5", got)
	}
}
