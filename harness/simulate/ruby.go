package simulate

// rubyHeap is that of CRuby: objects lie in slots of 40 bytes, what is longer in
// memory of malloc. It collects when slots run out, or when malloc has handed out
// as much as a limit since the last time (gc.c: malloc_limit for what is young,
// oldmalloc_limit for what has survived); only the latter, a major collection,
// frees what died old.
//
// What has survived three of the others has grown old (RVALUE_OLD_AGE); what dies
// before that is freed by the next one. Measured with Ruby 3.1 and 12 KB of garbage a
// turn: a ring of 35 strings of 832 B adds 17 B a turn from the 6,000th turn to the
// 39,000th. One of 2,000 strings adds 780 B a turn until a major collection in the
// 30,000th.
type rubyHeap struct {
	slots, malloc area

	room                    int64   // bytes of slots that there are
	growth                  float64 // by which they grow
	young                   amount  // garbage since the last collection, in bytes of malloc and slots
	old                     amount  // what died after it had survived one
	fresh                   amount  // alive, and made since the last collection
	since, limit, limitMost int64   // bytes of malloc
	aged, major, majorMost  int64
	oldObjects, oldLimit    int64
	factor                  float64  // by which oldLimit may outgrow what is alive
	large                   [2]int64 // of young and old, bytes of large objects
	lazy                    int64    // one in so many collections frees the heap's end: sweeping is lazy
}

const slot = 40

func newRubyHeap(p *process, d draw, holes int64) *rubyHeap {
	s := p.spec
	h := &rubyHeap{
		growth: 1.8, factor: 2,
		limit: 16 << 20, limitMost: 32 << 20, major: 16 << 20, majorMost: 128 << 20,
	}
	keep := int64(128 << 10)
	switch {
	case s.tight:
		h.growth, h.factor = 1.03, 1.05
		h.limit, h.limitMost, h.major, h.majorMost = 250e3, 500e3, 500e3, 1e6
	case s.settings() != nil:
		h.growth, h.factor = 1.03, 1.05
		h.limit, h.limitMost, h.major, h.majorMost = 1e6, 2e6, 2e6, 4e6
	}
	switch {
	case s.jemalloc:
		keep, holes = 0, min(holes, 4)
	case s.lean():
		keep = 64 << 10
		holes = min(holes, 30)
	default:
		holes = max(holes, 70) // glibc, as it comes, keeps nearly all
	}
	h.lazy = int64(d.scale(6, 60))
	if !s.lean() && !s.jemalloc {
		h.lazy *= 8
	}
	used := p.live.objects * slot
	h.slots = newArea(used, 64<<10, 0, 90)
	h.room = up(used+used/5, 64<<10)
	h.malloc = newArea(max(0, p.live.bytes-used), 4<<10, keep, holes)
	h.malloc.narrow = int64(d.between(10, 80))
	h.oldObjects = p.live.objects
	h.oldLimit = int64(float64(p.live.objects) * h.factor)
	return h
}

// long is what of so many bytes lies outside of so many slots.
func long(bytes, objects int64) int64 { return max(0, bytes-objects*slot) }

func (h *rubyHeap) work(p *process) {
	w := &p.did
	w.objects.dead -= w.young.objects
	died := long(w.young.bytes, w.young.objects)
	kept, dead, waste := long(w.kept[0]+w.kept[1], w.objects.kept), long(w.dead[0]+w.dead[1]-w.young.bytes, w.objects.dead), long(w.waste[0]+w.waste[1], w.objects.waste)
	h.fresh.add(1, kept, w.objects.kept)
	h.old.add(1, dead, w.objects.dead)
	h.young.add(1, died, w.young.objects)
	h.fresh.add(-1, died, w.young.objects)
	if w.kept[1]+w.dead[1] > w.kept[0]+w.dead[0] {
		h.large[0] += died
		h.large[1] += dead
	}
	if w.kept[1] > w.kept[0] {
		h.malloc.fillLarge(kept)
	} else {
		h.malloc.fill(kept)
	}
	h.slots.used += w.objects.kept * slot
	h.since += kept
	// A request that makes more than the limit is collected while it runs.
	parts := min(64, 1+2*waste/h.limit)
	for i := range parts {
		bytes, objects := waste/(parts-i), w.objects.waste/(parts-i)
		waste -= bytes
		w.objects.waste -= objects
		h.malloc.take(bytes)
		h.young.add(1, bytes, objects)
		h.slots.used += objects * slot
		h.since += bytes
		h.full(p)
	}
}

// ages are how many of a part's entries have survived so many minor collections; the
// last have grown old.
type ages struct {
	n     [4]int64
	turns int64 // collections by then
}

// turn has them grow older.
func (a *ages) turn(minors int64) {
	last := len(a.n) - 1
	for ; a.turns < minors && (a.n[0]|a.n[1]|a.n[2]) != 0; a.turns++ {
		for i := last; i > 0; i-- {
			a.n[i] += a.n[i-1]
			a.n[i-1] = 0
		}
	}
	a.turns = minors
}

// take lets n entries go, the oldest first, and says how many had not grown old.
func (a *ages) take(n int64) (young int64) {
	last := len(a.n) - 1
	for i := last; i >= 0; i-- {
		less := min(n, a.n[i])
		a.n[i] -= less
		n -= less
		if i < last {
			young += less
		}
	}
	return young
}

// full collects where a limit is reached, and grows the slots where that is no
// help.
func (h *rubyHeap) full(p *process) {
	h.slots.take(0)
	if h.since <= h.limit && h.slots.used <= h.room {
		return
	}
	if h.since > h.limit {
		h.limit = min(h.limitMost, h.limit*7/5)
	}
	h.minor()
	p.minors++
	if h.aged > h.major || h.oldObjects > h.oldLimit {
		h.collect(p)
	}
	if p.r.chance(h.lazy) {
		h.malloc.trim()
	}
	if h.slots.used > h.room*4/5 {
		h.room = up(int64(float64(max(h.room, h.slots.used))*h.growth), 64<<10)
	}
}

// minor frees what died young.
func (h *rubyHeap) minor() {
	h.malloc.give(h.young.bytes)
	h.malloc.widen(h.large[0])
	h.large[0] = 0
	h.slots.used -= h.young.objects * slot
	h.aged += h.fresh.bytes
	h.oldObjects += h.fresh.objects
	h.young, h.fresh, h.since = amount{}, amount{}, 0
}

// collect is a major collection, which marks all that is alive.
func (h *rubyHeap) collect(p *process) {
	if h.aged > h.major {
		h.major = min(h.majorMost, h.major*6/5)
	}
	h.malloc.release(h.old.bytes)
	h.malloc.widen(h.large[1])
	h.large[1] = 0
	h.slots.used -= h.old.objects * slot
	h.oldObjects = p.live.objects
	h.oldLimit = max(1000, int64(float64(p.live.objects)*h.factor))
	h.old, h.aged = amount{}, 0
	p.touch.walk(h.slots.used)
}

func (h *rubyHeap) settle(p *process) {
	h.minor()
	h.collect(p)
	h.malloc.purge(2 + p.r.below(6))
	h.slots.trim()
}

func (h *rubyHeap) idle(*process) {}

func (h *rubyHeap) resident() int64 { return h.malloc.res + h.slots.res }

func (h *rubyHeap) inUse() int64 { return h.malloc.used + h.slots.used }
