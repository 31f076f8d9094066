package simulate

// goHeap is that of Go (A Guide to the Go Garbage Collector): it collects when
// the heap has grown to its goal, GOGC percent above what was alive after the last
// time, and 4 MiB·GOGC/100 at least. A scavenger hands free pages back in the
// background, down to a tenth above the goal.
type goHeap struct {
	garbage int64
	goal    int64
	least   int64 // goal
	gogc    int64
	limited bool    // GOMEMLIMIT=1: it collects as often as it may
	waste   int64   // percent of spans that lie between objects
	res     int64   // bytes resident
	at      float64 // seconds, when it was scavenged last
	rate    float64 // bytes/s that the scavenger hands back, with 1 % of a CPU
}

func newGoHeap(p *process, d draw) *goHeap {
	s := p.spec
	h := &goHeap{gogc: 100, waste: int64(d.between(1, 8)), rate: d.scale(0.5, 8) * (1 << 20)}
	switch {
	case s.gogc > 0:
		h.gogc = int64(s.gogc)
	case s.tight:
		h.gogc, h.limited = 10, true
	case s.settings() != nil:
		h.gogc = 10
	}
	h.least = 4 << 20 * h.gogc / 100
	h.aim(p)
	h.res, h.at = h.need(p, 0), p.now
	return h
}

// aim sets the goal after a collection.
func (h *goHeap) aim(p *process) {
	h.goal = max(p.live.bytes+p.live.bytes*h.gogc/100, h.least)
	if h.limited {
		h.goal = p.live.bytes + max(256<<10, min(p.live.bytes/50, 1<<20))
	}
}

// need is what is resident at least: what is alive by pages, garbage by spans of
// several.
func (h *goHeap) need(p *process, garbage int64) int64 {
	return up(p.live.bytes+p.live.bytes*h.waste/100, page) + up(garbage+garbage*h.waste/100, 32<<10)
}

func (h *goHeap) work(p *process) {
	w := &p.did
	h.garbage += w.waste[0] + w.waste[1] + w.dead[0] + w.dead[1]
	over := p.live.bytes + h.garbage - h.goal
	if over < 0 {
		h.res = max(h.res, h.need(p, h.garbage))
		h.scavenge(p)
		return
	}
	room := max(1, h.goal-p.live.bytes)
	h.res = max(h.res, h.need(p, min(h.garbage, room+room/16)))
	// What was made while it ran is not collected yet.
	h.garbage = p.r.below(min(h.garbage, room)/8 + 1)
	h.aim(p)
	if h.limited { // pages go back before others are taken
		h.res = min(h.res, h.need(p, h.garbage)+64<<10)
	}
	h.scavenge(p)
}

// scavenge hands back what is free beyond a tenth above the goal, slowly.
func (h *goHeap) scavenge(p *process) {
	can := int64((p.now - h.at) * h.rate)
	retain := h.need(p, h.goal+h.goal/10-p.live.bytes)
	if h.res <= retain {
		h.at = p.now
		return
	}
	if can < 64<<10 {
		return
	}
	h.at = p.now
	h.res = max(retain, h.res-min(can, 4<<20)&^(page-1))
}

func (h *goHeap) settle(p *process) {
	h.garbage = 0
	h.aim(p)
	h.scavenge(p)
}

func (h *goHeap) idle(p *process) { h.scavenge(p) }

func (h *goHeap) resident() int64 { return h.res }

func (h *goHeap) inUse() int64 { return h.res }
