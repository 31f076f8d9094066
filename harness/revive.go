package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// lethal is how many processes in a row a URI must have ended with its first
// requests, giveUpAfter at most, to be said to kill the process each time.
const lethal = 2

// died notes that the process ended while it was to answer this URI.
func (t *track) died() {
	if t.served >= giveUpAfter {
		t.deaths = 0
		return
	}
	t.deaths++
	t.broken = t.broken || t.deaths >= lethal
}

// revive goes on with a fresh process where the present one was lost, as often
// as target.restarts allows: before: and the warm-up run anew. Every series
// keeps its readings, and goes on from the new process's memory, since a series
// is the growth within blocks. A URI that kills each process is given up; a
// process that is lost more often than that ends the run. What does not say
// that the process is lost is returned as it is.
func (h *hunt) revive(ctx context.Context, err error) error {
	for {
		var halt *stop
		if !errors.As(err, &halt) || halt.err == nil {
			return err
		}
		again, ok := h.pinned.(Restarter)
		if n := h.plan.Scenario.Target.Restarts; !ok || h.revived >= n {
			return err
		}
		h.revived++
		if failed := h.restart(ctx, again); failed != nil {
			return errors.Join(err, failed)
		}
		// What a process said at its end is not for one line.
		why, _, _ := strings.Cut(halt.reason, "; it said:")
		text := fmt.Sprintf("%s; it was started again (restart %d of %d, target.restarts), and every series goes on from the new process",
			why, h.revived, h.plan.Scenario.Target.Restarts)
		h.warnings.add("restarted", "%s", text)
		h.observer.Note(text)
		if err = h.begin(ctx); err == nil {
			_, err = h.edge(ctx)
		}
		if err == nil {
			return nil
		}
	}
}

// restart has the process started afresh, and forgets what was known of the one
// before.
func (h *hunt) restart(ctx context.Context, again Restarter) error {
	h.disconnect()
	if err := again.Restart(ctx); err != nil {
		return err
	}
	h.restarted = append(h.restarted, time.Since(h.began).Seconds())
	h.fresh, h.peak, h.progress.rss = false, 0, 0
	for _, t := range h.tracks {
		t.failed, t.served, t.life, t.touched = 0, 0, t.requests(), nil
	}
	return nil
}

// whole is a block of n requests, which is finished on a fresh process where
// its own is lost.
func (h *hunt) whole(ctx context.Context, t *track, n, round int) error {
	for end := t.requests() + n; t.requests() < end && !t.broken; {
		err := h.block(ctx, t, end-t.requests(), round, false)
		if err == nil {
			return nil
		}
		if err = h.revive(ctx, err); err != nil {
			return err
		}
	}
	return nil
}
