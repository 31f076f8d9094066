package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"leakhunt/harness/verdict"
)

// cell is one row of the table: samples that are alike.
type cell struct {
	Source, Evidence, World, Unit string
	Leak                          float64
}

// tally counts what was said of the samples of one cell.
type tally struct {
	cell
	n        int
	labels   map[verdict.Label]int
	lies     int                   // called harmless with a floor below the truth
	held     map[verdict.Label]int // the interval held the true growth
	measured map[verdict.Label]int // samples with an interval
	soon     int                   // found within soonEnough requests
	requests []int
	ratios   []float64 // growth said ÷ true growth, of the leaks that were found
	spent    time.Duration
}

// soonEnough is within how many requests RSS alone is to find 1 KiB a request on
// a quiet process.
const soonEnough = 3200

func (t *tally) add(s sample, j verdict.Judgement, took time.Duration) {
	t.n++
	t.labels[j.Label]++
	t.spent += took
	if harmless(j.Label) && j.Detectable < s.Leak {
		t.lies++
	}
	if low, high := j.Interval(); high > low {
		t.measured[j.Label]++
		if low-s.Within <= s.Growth && s.Growth <= high+s.Within {
			t.held[j.Label]++
		}
	}
	if j.Label == verdict.Leak && s.Growth > 0 {
		t.ratios = append(t.ratios, j.Growth/s.Growth)
	}
	if j.Label == verdict.Leak && j.Requests <= soonEnough {
		t.soon++
	}
	if j.Label == verdict.Leak || s.Leak == 0 {
		t.requests = append(t.requests, j.Requests)
	}
}

func harmless(l verdict.Label) bool {
	return l == verdict.Stable || l == verdict.Bloat || l == verdict.Warmup
}

// join adds o to t, for totals.
func (t *tally) join(o *tally) {
	t.n += o.n
	t.lies += o.lies
	t.soon += o.soon
	t.spent += o.spent
	t.requests = append(t.requests, o.requests...)
	for _, m := range []struct{ to, from map[verdict.Label]int }{
		{t.labels, o.labels}, {t.held, o.held}, {t.measured, o.measured},
	} {
		for l, n := range m.from {
			m.to[l] += n
		}
	}
}

func newTally(c cell) *tally {
	return &tally{cell: c, labels: map[verdict.Label]int{}, held: map[verdict.Label]int{}, measured: map[verdict.Label]int{}}
}

// coverage is the share of the samples with these labels, of all without any,
// whose interval held the true growth.
func (t *tally) coverage(labels ...verdict.Label) string {
	held, measured := 0, 0
	for l, n := range t.measured {
		if len(labels) == 0 || slices.Contains(labels, l) {
			held, measured = held+t.held[l], measured+n
		}
	}
	return share(held, measured)
}

// quantile is the q-quantile of the requests used, 0 without any.
func (t *tally) quantile(q float64) int { return quantile(t.requests, q) }

func quantile[T cmp.Ordered](of []T, q float64) (v T) {
	if len(of) == 0 {
		return v
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// run judges every sample of the sources, and returns the cells in the order of
// evidence, world and leak.
func run(ctx context.Context, clock func() time.Time, sources ...source) ([]*tally, error) {
	cells := map[cell]*tally{}
	for _, src := range sources {
		for s, err := range src.Samples(ctx) {
			if err != nil {
				return nil, err
			}
			c := cell{s.Source, s.Evidence, s.World, s.Unit, s.Leak}
			if cells[c] == nil {
				cells[c] = newTally(c)
			}
			start := clock()
			j := s.Judge()
			cells[c].add(s, j, cmp.Or(s.Spent, clock().Sub(start)))
		}
	}
	out := make([]*tally, 0, len(cells))
	for _, t := range cells {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *tally) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Evidence, b.Evidence),
			cmp.Compare(a.World, b.World), cmp.Compare(a.Leak, b.Leak))
	})
	return out, nil
}

// clopperPearson is the exact 95 % interval of a share k of n (Clopper &
// Pearson 1934, Biometrika 26:404–413).
func clopperPearson(k, n int) (low, high float64) {
	low, high = 0, 1
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(0.025)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(0.975)
	}
	return low, high
}
