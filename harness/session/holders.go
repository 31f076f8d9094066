package session

import (
	"context"
	"fmt"
	"math"
	"time"

	"leakhunt/harness/runtimes"
)

// A runtime is slow while it notes where each object is made. V8 collects 20 times a
// second then, and a collection takes a second with millions of objects. So a few
// requests must do.
const (
	holderRequests = 20
	leastHolders   = 4
	holderTime     = 10 * time.Second
)

// dumpLimit is how long the process may take to write its heap down.
const dumpLimit = 5 * time.Minute

// holders finds what holds the objects of the sites. An error that it returns ends
// the run; any other is a text.
func (p *pass) holders(ctx context.Context, sites []runtimes.Site) ([]runtimes.Site, error) {
	if !p.a.Retainers {
		return sites, nil
	}
	c, ok := p.tracer.(holderTracer)
	if !ok {
		p.out.Holders = p.unheld()
		return sites, nil
	}
	held, note, err := p.heldBy(ctx, c, sites)
	if err = p.s.unlessLost(ctx, err); fatal(err) || ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		p.out.Holders = fmt.Sprintf("what holds them is not known: %v", err)
		return sites, nil
	}
	p.out.Holders = note
	return held, nil
}

func (p *pass) heldBy(ctx context.Context, c holderTracer, sites []runtimes.Site) (held []runtimes.Site, note string, err error) {
	var on bool
	err = inTime(ctx, switchLimit, func(ctx context.Context) (err error) {
		on, err = c.StartHolders(ctx, p.room())
		return err
	})
	if err != nil {
		return nil, "", err
	}
	began := time.Now()
	for i := 0; on && err == nil && i < holderRequests && (i < leastHolders || time.Since(began) < holderTime); i++ {
		err = p.send(ctx, 1)
	}
	stopErr := inTime(context.WithoutCancel(ctx), dumpLimit, func(ctx context.Context) (err error) {
		held, note, err = c.StopHolders(ctx, sites)
		return err
	})
	if err == nil {
		err = stopErr
	}
	return held, note, err
}

// room is how many bytes more the process may take: by limits.rss, by the limit
// of its cgroup, and by what the machine has left.
func (p *pass) room() int64 {
	room := int64(math.MaxInt64)
	rss, err := p.s.meter.RSS()
	if err != nil { // the next request finds out what became of the process
		return room
	}
	if limit := p.s.cfg.Scenario.Limits.RSS; limit > 0 {
		room = limit - rss
	}
	if m, ok := p.s.meter.(studied); ok {
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
func (p *pass) unheld() string {
	if p.s.pinned.Info().Runtime == "go" {
		return "what holds them a heap profile does not tell: a core of the process does (gcore PID), read by viewcore of golang.org/x/debug"
	}
	return "nothing in this process can tell what holds them"
}
