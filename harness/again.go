package harness

import (
	"context"
	"time"

	"leakhunt/harness/runtimes"
	"leakhunt/harness/verdict"
)

// What a URI lets go of within a second or two is gone before the sweep ends, most
// of it while neighbours ran that leak, where it shows in nothing. So whoever grew
// is sent once more.

const (
	// againBlock is how many requests each gets where all are tried together.
	againBlock = 50
	// stirs is how many follow upon the wait: a cache drops what has expired when
	// it is used next (Guava's a quarter of its segments each time), not before.
	stirs = 20
)

// remains is what requests left for good: readings before them, so long after them
// that what was kept for a while has gone, and after the stirs.
type remains struct {
	n, stirs             int // requests
	before, quiet, after edge
	wait                 time.Duration
	most                 []float64 // of each counter, what a request to each URI may have made, in all
}

// left is how much of the i-th counter each request left, by the lower reading.
func (o *remains) left(i int) float64 {
	first := at(o.before.counters, i)
	return min((at(o.quiet.counters, i)-first)/float64(o.n), (at(o.after.counters, i)-first)/float64(o.n+o.stirs))
}

// together sends requests to each that grew, unless their number is fixed, and
// looks what all of them left for good; nil where it sent none, or not all.
func (h *hunt) together(ctx context.Context, grew []*track, stay time.Duration) (*remains, error) {
	o := &remains{n: againBlock, stirs: stirs, before: h.reading, wait: stay, most: make([]float64, len(h.counter.Columns()))}
	sent, failed := 0, false
	each := func(n int) error {
		for _, t := range grew {
			if !t.Requests.Auto {
				continue
			}
			sent++
			start := h.reading
			err := h.unjudged(ctx, t, n)
			if err == nil {
				_, err = h.again(ctx)
			}
			if err == nil && n == o.n {
				h.mostly(o, t, start)
			}
			if err != nil {
				failed = true
				if err = h.unlessLost(ctx, err); ends(ctx, err) {
					return err
				}
			}
		}
		return nil
	}
	err := each(o.n)
	if err == nil {
		o.quiet, err = h.quiet(ctx, stay)
	}
	if err != nil {
		return nil, err
	}
	h.swept = &o.quiet
	if sent == 0 {
		return nil, nil
	}
	// What the sweep left is that of before; that it stayed until now is what short tells.
	h.swept = &edge{Reading: o.before.Reading, metric: o.before.metric, counters: o.before.counters, at: o.quiet.at}
	if err = each(o.stirs); err != nil || failed {
		return nil, err
	}
	o.after = h.reading
	return o, nil
}

// mostly notes what a request to t may have made: what its blocks told, or, where
// neighbours have let go of something in those, what it has made since start.
func (h *hunt) mostly(o *remains, t *track, start edge) {
	for i, c := range h.counter.Columns() {
		now := (at(h.reading.counters, i) - at(start.counters, i)) / float64(o.n)
		o.most[i] += max(0, now, h.column(t, i, c).Growth)
	}
}

// short says of t that all those together left so much less than they made that it
// may have left less than half of its own, by each counter that would convict it.
func (h *hunt) short(t *track, o *remains) bool {
	if o == nil || !t.Requests.Auto {
		return false
	}
	for i, c := range h.counter.Columns() {
		if own := h.rate(t, i, c); own > 0 && 2*(o.most[i]-o.left(i)) <= own {
			return false
		}
	}
	return true
}

// rate is how much of the counter c, the i-th, a request makes where that convicts t.
func (h *hunt) rate(t *track, i int, c runtimes.Column) float64 {
	if j := h.column(t, i, c); c.Exact && j.Label == verdict.Leak {
		return j.Growth
	}
	return 0
}

// outlive sends t's requests once more, while nothing that others have left is let
// go, and looks what they left for good. No more are sent in a row than have been:
// more of them at a time would fill pools that are full.
func (h *hunt) outlive(ctx context.Context, t *track, stay time.Duration) error {
	o := &remains{n: againBlock, stirs: stirs, wait: stay}
	for _, b := range t.blocks {
		o.n = max(o.n, b.n)
	}
	o.n = min(o.n, t.requests(), settledBlock*settledRounds)
	// Once before it counts: a ring that all share is full of its own then.
	err := h.unjudged(ctx, t, o.n)
	if err != nil {
		return err
	}
	if o.before, err = h.quiet(ctx, stay); err != nil {
		return err
	}
	if err = h.unjudged(ctx, t, o.n); err != nil {
		return err
	}
	if o.quiet, err = h.quiet(ctx, stay); err != nil {
		return err
	}
	if err = h.unjudged(ctx, t, o.stirs); err != nil {
		return err
	}
	if o.after, err = h.again(ctx); err == nil {
		t.stayed = o
	}
	return err
}

// again is a reading that no earlier one stands for.
func (h *hunt) again(ctx context.Context) (edge, error) {
	h.fresh = false
	return h.edge(ctx)
}
