package harness

import (
	"context"
	"fmt"
	"math"
	"time"

	"leakhunt/harness/memory"
	"leakhunt/harness/runtimes"
)

// holderTracer is a Tracer that can also say what holds the objects of its
// sites. StartHolders is told how many bytes more the process may take; it says
// whether requests are needed before StopHolders, which fills in RetainedBy, or
// has a sentence for the reader instead.
type holderTracer interface {
	StartHolders(ctx context.Context, room int64) (bool, error)
	StopHolders(ctx context.Context, sites []runtimes.Site) (held []runtimes.Site, note string, err error)
}

// A runtime that notes of every object where it is made is slow (V8 collects 20
// times a second meanwhile, which takes a second with millions of objects): a
// few requests must do then.
const (
	holderRequests = 20
	leastHolders   = 4
	holderTime     = 10 * time.Second
)

// dumpLimit is how long the process may take to write its heap down.
const dumpLimit = 5 * time.Minute

// holders finds what holds the objects of t's sites. Whatever goes wrong is a
// sentence in the result; an error that it returns ends the run.
func (h *hunt) holders(ctx context.Context, tracer Tracer, t *track, sites []runtimes.Site) ([]runtimes.Site, error) {
	c, ok := tracer.(holderTracer)
	if !ok {
		t.sitesNote += "; " + h.unheld()
		return sites, nil
	}
	held, note, err := h.holdersBy(ctx, c, t, sites)
	if err = h.unlessLost(ctx, err); ends(ctx, err) {
		return nil, err
	}
	if err != nil {
		t.sitesNote += fmt.Sprintf("; what holds them is not known: %v", err)
		return sites, nil
	}
	if note != "" {
		t.sitesNote += "; " + note
	}
	return held, nil
}

func (h *hunt) holdersBy(ctx context.Context, c holderTracer, t *track, sites []runtimes.Site) (held []runtimes.Site, note string, err error) {
	var on bool
	err = inTime(ctx, func(ctx context.Context) (err error) {
		on, err = c.StartHolders(ctx, h.room())
		return err
	})
	if err != nil {
		return nil, "", err
	}
	began := time.Now()
	for i := 0; on && err == nil && i < holderRequests && (i < leastHolders || time.Since(began) < holderTime); i++ {
		err = h.unjudged(ctx, t, 1)
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), dumpLimit)
	defer cancel()
	held, note, stopErr := c.StopHolders(limit, sites)
	if err == nil {
		err = stopErr
	}
	return held, note, err
}

// room is how many bytes more the process may take: by limits.rss, by the limit
// of its cgroup, and by what the machine has left.
func (h *hunt) room() int64 {
	room := int64(math.MaxInt64)
	rss, err := h.meter.RSS()
	if err != nil { // the next request finds out what became of the process
		return room
	}
	if limit := h.plan.Scenario.Limits.RSS; limit > 0 {
		room = limit - rss
	}
	if m, ok := h.meter.(interface{ Facts() (memory.Facts, error) }); ok {
		if f, err := m.Facts(); err == nil {
			if f.Limit > 0 {
				room = min(room, f.Limit-rss)
			}
			if f.Available > 0 {
				room = min(room, f.Available)
			}
		}
	}
	return max(0, room)
}

// unheld says why nothing can tell what holds the objects, and what could.
func (h *hunt) unheld() string {
	if h.pinned.Info().Runtime == "go" {
		return "what holds them a heap profile does not tell: a core of the process does (gcore PID), read by viewcore of golang.org/x/debug"
	}
	return "nothing in this process can tell what holds them"
}
