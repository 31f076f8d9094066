package simulate

// countedHeap is that of CPython and PHP, which count references: what a request made
// is freed before it ends. Small objects and large ones have an area each: pymalloc and
// malloc, or PHP's small bins and pages. Each kind takes up only what its own kind has
// freed.
type countedHeap struct {
	area   [2]area
	cyclic [2]int64 // bytes that only the collector of cycles frees
	limit  int64    // from where on it runs
}

func newCountedHeap(p *process, d draw, holes int64) *countedHeap {
	s := p.spec
	// CPython takes arenas of 256 KiB, of which what is used is resident: pools of
	// 4 KiB, or 16 from 3.10 on. glibc's heap is resident by pages. Measured steps:
	// 16 and 4 to 24 KiB.
	h := &countedHeap{limit: int64(d.scale(64<<10, 2<<20))}
	small, keep := p.live.bytes*2/5, int64(128<<10)
	switch {
	case s.jemalloc && s.tight:
		keep, holes = 0, min(holes, 4)
	case s.lean():
		keep, holes = 64<<10, min(holes, 40)
	}
	pool := pick(d, int64(4<<10), 16<<10)
	if s.runtime == "php" {
		pool, keep = 4<<10, 0
	}
	arenas := int64(d.between(60, 100)) // an arena goes back only when all of it is free
	h.area[0] = newArea(small, pool, 0, max(holes, arenas))
	h.area[1] = newArea(p.live.bytes-small, 4<<10, keep, holes)
	h.area[1].narrow = int64(d.between(0, 80))
	return h
}

func (h *countedHeap) work(p *process) {
	w := &p.did
	for i := range h.area {
		kept, dead, waste := w.kept[i], w.dead[i], w.waste[i]
		if kept|dead|waste == 0 {
			continue
		}
		a := &h.area[i]
		if i == 1 {
			a.fillLarge(kept)
		} else {
			a.fill(kept)
		}
		a.take(waste)
		if cyclic := w.cyclic[i]; cyclic > 0 { // they stay for now
			waste -= cyclic
			h.cyclic[i] += cyclic
		}
		a.give(waste)
		a.release(dead)
		a.widen(dead)
		a.trim()
	}
	if h.cyclic[0]+h.cyclic[1] > h.limit {
		h.collect()
	}
}

func (h *countedHeap) collect() {
	for i := range h.area {
		h.area[i].give(h.cyclic[i])
		h.area[i].trim()
	}
	h.cyclic = [2]int64{}
}

func (h *countedHeap) settle(p *process) {
	h.collect()
	h.area[0].trim()
	h.area[1].purge(1 + p.r.below(3))
}

func (h *countedHeap) idle(*process) {}

func (h *countedHeap) resident() int64 { return h.area[0].res + h.area[1].res }

func (h *countedHeap) inUse() int64 { return h.area[0].used + h.area[1].used }
