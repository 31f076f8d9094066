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
	fresh   int64   // of what is free, percent that an allocation takes from pages not resident
}

const scavengeRate = 20 << 20 // bytes/s: some 1 % of a CPU

func newGoHeap(p *process, d draw) *goHeap {
	s := p.spec
	h := &goHeap{gogc: 100, waste: int64(d.between(3, 15)), fresh: int64(d.between(0, 12))}
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
	h.touch(p.live.bytes)
	return h
}

// aim sets the goal after a collection.
func (h *goHeap) aim(p *process) {
	goal := p.live.bytes + p.live.bytes*h.gogc/100
	if h.limited {
		goal = p.live.bytes + min(p.live.bytes/50, 1<<20)
	}
	h.goal = max(goal, h.least)
	if h.limited {
		h.goal = max(goal, p.live.bytes+256<<10)
	}
}

// touch makes so much of the heap resident.
func (h *goHeap) touch(used int64) {
	if need := used + used*h.waste/100; need > h.res {
		h.res = up(need, 8<<10)
	}
}

func (h *goHeap) work(p *process) {
	w := &p.did
	h.garbage += w.waste[0] + w.waste[1] + w.dead[0] + w.dead[1]
	used := p.live.bytes + h.garbage
	if used >= h.goal {
		room := max(1, h.goal-p.live.bytes)
		h.touch(min(used, h.goal+room/16))
		// What was made while it ran is not collected yet.
		h.garbage = p.r.below(min(h.garbage, room)/8 + 1)
		h.aim(p)
	} else {
		h.touch(used)
	}
	h.scavenge(p)
}

func (h *goHeap) scavenge(p *process) {
	used := p.live.bytes + h.garbage
	retain := h.goal + h.goal/10
	if h.limited {
		retain = used + used/64
	}
	if h.res <= retain+retain*h.waste/100 && !p.r.chance(4096) {
		h.at = p.now
		return
	}
	can := int64((p.now - h.at) * scavengeRate)
	if can < 64<<10 && !h.limited {
		return
	}
	if h.limited {
		can = 1 << 40
	}
	least := used + used*h.waste/100
	h.at = p.now
	h.res = up(max(least, h.res-min(can, 4<<20)), page)
	if h.limited {
		h.res = up(max(least, min(h.res, retain+retain*h.waste/100)), page)
	}
}

func (h *goHeap) settle(p *process) {
	h.garbage = 0
	h.aim(p)
	h.scavenge(p)
}

func (h *goHeap) idle(p *process) { h.scavenge(p) }

func (h *goHeap) resident() int64 { return h.res }
