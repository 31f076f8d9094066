package simulate

// heap is a runtime's memory: allocator and collector.
type heap interface {
	// work takes in what has happened (p.did) since the last time.
	work(p *process)
	// settle collects all garbage and hands free pages back.
	settle(p *process)
	// idle is after a while in which nothing was sent.
	idle(p *process)
	resident() int64
	// inUse is what is handed out, garbage included.
	inUse() int64
}

// newHeap is the heap of a process that has just started, with what its
// application has alive.
func newHeap(p *process, d draw) heap {
	s := p.spec
	holes := int64(d.between(5, 60))
	if s.holes >= 0 {
		holes = int64(s.holes)
	}
	switch s.runtime {
	case "ruby":
		return newRubyHeap(p, d, holes)
	case "go":
		return newGoHeap(p, d)
	case "node":
		return newV8Heap(p, d, holes)
	case "java":
		return newJVMHeap(p, d)
	}
	return newCountedHeap(p, d, holes)
}

// area is memory of one allocator. What is free in it stays resident where it is
// a hole between what is alive, and is handed out first.
type area struct {
	used    int64 // bytes handed out
	res     int64 // bytes resident
	high    int64 // the most that res ever was
	stuck   int64 // of what is free, what cannot be given back
	quantum int64 // by which it grows and shrinks
	keep    int64 // free bytes at its end that are not given back
	holes   int64 // percent of what is freed that becomes holes
	narrow  int64 // percent of what is free that is too small for a large object
	slits   int64 // such holes, in bytes
	wide    int64 // free bytes where large objects were, and others may be
}

// newArea is an area with so many bytes in use.
func newArea(used, quantum, keep, holes int64) area {
	res := up(used, quantum)
	return area{used: used, res: res, high: res, quantum: quantum, keep: keep, holes: holes}
}

func up(n, quantum int64) int64 { return (n + quantum - 1) / quantum * quantum }

// take hands out n bytes. Where the heap has never been that large, some of it
// will be holes.
func (a *area) take(n int64) {
	a.used += n
	if lack := a.used - a.res; lack > 0 {
		a.res += up(lack, a.quantum)
		if a.res > a.high {
			a.stuck += (a.res - a.high) * a.holes / 100
			a.high = a.res
		}
	}
}

// fill hands out n bytes that stay: they fill holes first.
func (a *area) fill(n int64) {
	a.take(n)
	a.stuck = max(0, a.stuck-n)
}

// fillLarge hands out n bytes of large objects that stay, for which slits are too
// small.
func (a *area) fillLarge(n int64) {
	again := min(n, a.wide, a.res-a.used)
	a.wide -= again
	a.fill(again)
	n -= again
	slits := min(a.slits, a.res-a.used)
	a.used += slits
	a.take(n)
	a.used -= slits
	a.stuck = max(slits, a.stuck-n)
}

// give takes n bytes back that were handed out together, a moment ago.
func (a *area) give(n int64) {
	a.used -= n
	a.slits = max(a.slits, (a.res-a.used)*a.narrow/100)
}

// widen says that of what is free so many bytes were large objects.
func (a *area) widen(n int64) { a.wide = min(a.wide+n, a.res-a.used) }

// release takes n bytes back that lie among what is alive.
func (a *area) release(n int64) {
	a.used -= n
	a.stuck += n
}

// trim hands back what is free at the end.
func (a *area) trim() {
	free := a.res - a.used
	a.stuck = min(a.stuck, free)
	if more := free - a.stuck - a.keep; more >= a.quantum {
		a.res -= more / a.quantum * a.quantum
	}
}

// purge hands back every free page, also those between what is alive; so many
// percent of what is free lie on pages that are not.
func (a *area) purge(percent int64) {
	free := a.res - a.used
	a.res = up(a.used+free*percent/100, page)
	a.stuck = min(a.stuck, a.res-a.used)
	a.slits, a.wide = 0, 0
}
