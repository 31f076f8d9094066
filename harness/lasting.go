package harness

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// lasts tries a URI that RSS convicts once more, after a wait. Thousands of quick
// requests are over before a cache that expires, or a timer, lets go of the first;
// what comes after the wait takes the room that they had, where a leak grows on. It
// takes as many requests as convicted it: so many outgrow what waits for a collection.
// They are not judged: a collector that runs while nothing is sent breaks the series.
func (h *hunt) lasts(ctx context.Context, t *track, j verdict.Judgement) error {
	stay := cmp.Or(h.opt.Outlast, leastStay)
	n, alone := len(t.joined(h.telling(t))), len(t.joined(h.alone(t)))
	last := len(t.at) - 1
	if alone < 4 || !t.Requests.Auto || !h.allows(2*stay) ||
		time.Duration(float64(t.at[last]-t.at[last-n/2])*float64(time.Second)) >= stay {
		return nil
	}
	before := t.level(min(n/4, alone/2))
	if err := h.silence(ctx, stay); err != nil {
		return err
	}
	if err := h.warm(ctx, t, n-n/4); err != nil {
		return err
	}
	var after float64
	for range n / 4 {
		if err := h.warm(ctx, t, 1); err != nil {
			return err
		}
		now, err := h.sample()
		if err != nil {
			return h.broken(ctx, err)
		}
		after += float64(now) / float64(n/4)
	}
	if rose := after - before; !t.broken && 2*rose < j.Growth*float64(n) {
		t.expired = fmt.Sprintf("it grew by %s per request, and by only %s with %s after a wait of %s: what was made before had gone by then",
			units.Bytes(j.Growth), units.Bytes(max(0, rose)), units.Quantity(float64(n), "more requests"), stay.Round(time.Second))
	}
	return nil
}

// level is the mean of the metric over the last n judged requests, in bytes.
func (t *track) level(n int) (sum float64) {
	for _, p := range t.pages[len(t.pages)-n:] {
		sum += float64(p) * pageBytes
	}
	return sum / float64(n)
}

// unlessExpired opens a conviction by RSS where what was kept was seen to go.
func (t *track) unlessExpired(j verdict.Judgement) verdict.Judgement {
	if j.Label != verdict.Leak || t.expired == "" {
		return j
	}
	j.Detectable = max(j.Detectable, j.High)
	return open(j, 0, "%s", t.expired)
}
