package harness

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Servers keep for a while what they need no more: the timers that a request set
// and nobody cancelled, a connection that is idle, a batch that is not sent yet.
// Most of it goes within five seconds. By then a quick run is over, and what goes
// is missed where it is not looked for: in a neighbour's blocks, or after the end.

// leastStay is how long what a counter convicts for must have stayed.
const leastStay = 6 * time.Second

// outlast waits, where a counter would convict somebody, until what was only kept
// for a while has been let go, and reads once more. Whoever that may have been is
// tried again by itself with the same wait behind it, which tells a leak from what
// is let go.
func (h *hunt) outlast(ctx context.Context) error {
	if h.counter == nil {
		return nil
	}
	stay := cmp.Or(h.opt.Outlast, leastStay)
	var grew []*track
	for _, t := range h.tracks {
		if !t.broken && h.grew(t) {
			grew = append(grew, t)
		}
	}
	now := h.reading
	if h.swept = &now; len(grew) == 0 || !h.allows(stay) {
		return nil
	}
	h.progress.phase = "letting go"
	again, err := h.together(ctx, grew, stay)
	if err != nil {
		return h.revive(ctx, err)
	}
	for _, t := range grew {
		if j, _ := h.settled(t); j.Label != verdict.Inconclusive && !h.short(t, again) || !h.allows(3*stay) {
			continue
		}
		if err = h.outlive(ctx, t, stay); err == nil {
			continue
		}
		if err = h.unlessLost(ctx, err); ends(ctx, err) {
			return err
		}
	}
	return nil
}

// grew says that an exact counter would convict t, were it not for what was let go.
func (h *hunt) grew(t *track) bool {
	for i, c := range h.counter.Columns() {
		if c.Exact && h.column(t, i, c).Label == verdict.Leak {
			return true
		}
	}
	return false
}

// quiet is a reading after nothing was sent for so long.
func (h *hunt) quiet(ctx context.Context, wait time.Duration) (edge, error) {
	if err := h.silence(ctx, wait); err != nil {
		return edge{}, err
	}
	return h.again(ctx)
}

// silence sends nothing for so long.
func (h *hunt) silence(ctx context.Context, wait time.Duration) error {
	h.observer.Note(fmt.Sprintf("waiting %s, to see whether what grew is let go", wait.Round(time.Second)))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
	}
	h.fresh = false
	return nil
}

// allows says that the run's time is not over by then.
func (h *hunt) allows(wait time.Duration) bool {
	l := h.plan.Scenario.Limits.Time
	return l <= 0 || time.Since(h.began)+wait < l
}

// outlived is how many seconds before the last reading half of t's requests had
// been sent, 0 before that: had they been kept for less, unlessLetGo would have told.
func (h *hunt) outlived(t *track) float64 {
	if h.swept == nil || len(t.at) == 0 {
		return 0
	}
	return h.swept.at.Seconds() - float64(t.at[len(t.at)/2])
}

// unlessLetGo judges anew what the i-th counter, an exact one, would convict t for,
// where half of what its blocks added, or more, was let go by the end of the sweep:
// somebody holds for a while what a request made. What leaks stays.
func (h *hunt) unlessLetGo(t *track, j verdict.Judgement, i int, unit string) verdict.Judgement {
	if j.Label != verdict.Leak {
		return j
	}
	if o := t.stayed; o != nil {
		left := o.left(i)
		if 2*left >= j.Growth {
			return j
		}
		// What others let go of during a trial may hide a leak: its blocks tell how large.
		j.Label, j.Detectable = verdict.Warmup, max(left, j.High)
		j.Reason = fmt.Sprintf("grew %s per request, and let go of it within %s", amount(j.Growth, unit), o.wait)
		j.Growth, j.Low, j.High = max(0, left), min(0, left), j.Detectable
		return j
	}
	grown, gone := h.letGo(t, i)
	if grown <= 0 {
		return j
	}
	if fell := h.fell(t, i); fell > gone && fell >= j.Low*float64(t.requests()) {
		gone = fell
	} else if 2*gone < grown {
		return j
	}
	return open(j, t.requests(), "grew %s per request, and %s was let go while others ran or nobody did", amount(j.Growth, unit), amount(gone, unit))
}

// letGo is what the blocks of t have added to the i-th counter, and how much of
// all that was added since the first of them was gone in the end: by it and by
// those of its neighbours that grew, for those that fell made nothing. Blocks of
// former processes do not count.
func (h *hunt) letGo(t *track, i int) (grown, gone float64) {
	now := h.reading
	if h.swept != nil {
		now = *h.swept
	}
	own := t.added(nil)
	if len(own) == 0 {
		return 0, 0
	}
	first := &own[0].start
	grown = sum(own, i)
	all := grown
	for _, o := range h.tracks {
		if o != t {
			all += max(0, sum(o.added(first), i))
		}
	}
	return grown, all - (at(now.counters, i) - at(first.counters, i))
}

// fell is what the requests of t's neighbours have let go of, by the i-th counter,
// where that is likelier than not: they drop what t has put into a ring that all
// share, such as the last events of a log, which does not grow. Those that grow
// themselves drop as much as the others, unseen.
func (h *hunt) fell(t *track, i int) float64 {
	c := h.counter.Columns()[i]
	var fell, seen, all float64 // the latter two: requests
	for _, o := range h.tracks {
		if o == t || o.broken {
			continue
		}
		n := float64(o.requests())
		all += n
		switch j := h.column(o, i, c); {
		case j.Label == verdict.Leak:
		case 2*j.Growth < -(j.High - j.Growth):
			fell -= j.Growth * n
			fallthrough
		default:
			seen += n
		}
	}
	return fell / max(1, seen) * all
}

// added are the blocks of the present process that were counted at both edges,
// since that edge.
func (t *track) added(since *edge) []block {
	return slices.DeleteFunc(slices.Clone(t.blocks), func(b block) bool {
		return b.cut || b.first < t.life || since != nil && b.start.at < since.at
	})
}

func sum(blocks []block, i int) (all float64) {
	for _, b := range blocks {
		all += at(b.end.counters, i) - at(b.start.counters, i)
	}
	return all
}

func amount(v float64, unit string) string {
	if unit == "bytes" {
		return units.Bytes(v)
	}
	return units.Quantity(v, unit)
}
