package main

import (
	"context"
	"fmt"
	"iter"

	"leakhunt/harness/calibration/simulate"
	"leakhunt/harness/verdict"
)

// simulated is n processes for each world, leak and way of judging, of every
// kind in turn.
type simulated struct {
	n    int
	seed uint64
}

// plan is one way in which a series comes to be judged.
type plan struct {
	evidence string
	requests int // burn-in included
	burnIn   int
	judge    func(rss []float64, burnIn int) verdict.Judgement
}

var plans = []plan{
	{"rss, sequential", 1024 + 16384, 1024, sequential},
	{"rss, recorded", 8192, 2048, func(rss []float64, burnIn int) verdict.Judgement {
		return verdict.Judge(rss, burnIn, verdict.Params{})
	}},
}

var rssLeaks = []simulate.Leak{{}, {Bytes: 1024}, {Bytes: 1024, Every: 10}, {Bytes: 4096}, {Bytes: 16384}}

func (s simulated) Samples(ctx context.Context) iter.Seq2[sample, error] {
	return func(yield func(sample, error) bool) {
		kinds := simulate.Kinds()
		cell := uint64(0)
		for _, p := range plans {
			for _, w := range simulate.Worlds() {
				for _, l := range rssLeaks {
					cell++
					for i := range s.n {
						if err := ctx.Err(); err != nil {
							yield(sample{}, err)
							return
						}
						if !yield(p.sample(s.seed+cell<<32+uint64(i), w, kinds[i%len(kinds)], l), nil) {
							return
						}
					}
				}
			}
		}
	}
}

func (p plan) sample(seed uint64, w simulate.World, k simulate.Kind, l simulate.Leak) sample {
	process := simulate.New(seed, w, k, l, p.requests)
	return sample{
		Source: "simulated", Evidence: p.evidence, World: string(w) + waves(k) + rare(l),
		Unit: "bytes", Leak: l.Bytes, Growth: process.Resident,
		Judge: func() verdict.Judgement { return p.judge(process.RSS, p.burnIn) },
	}
}

// waves sets apart the processes whose work comes and goes: a leak as large as
// those waves cannot be told from them while they rise.
func waves(k simulate.Kind) string {
	if k == simulate.Wave {
		return ", in waves"
	}
	return ""
}

func rare(l simulate.Leak) string {
	if l.Every > 1 {
		return fmt.Sprintf(", 1 in %d", l.Every)
	}
	return ""
}

// sequential asks for one request after another, as a run does.
func sequential(rss []float64, burnIn int) verdict.Judgement {
	late := verdict.NewLate(verdict.Params{
		BurnIn: burnIn, Rise: rss[burnIn] - rss[0], Slack: max(0, rss[burnIn]-rss[0]),
	})
	mem := rss[burnIn+1:]
	var j verdict.Judgement
	for done := false; !done && late.Next() <= len(mem); {
		j, done = late.Look(mem[:late.Next()])
	}
	return j
}
