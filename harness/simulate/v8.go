package simulate

// v8Heap is that of V8. The young generation has two semi-spaces. It is scavenged when
// one is full, and its survivors grow old. The old generation is marked when it has
// grown to a limit, a factor of what was alive the last time
// (src/heap/heap-controller.h). Only that frees what died old.
type v8Heap struct {
	semi, most int64 // bytes of a semi-space, now and at most
	young      int64 // bytes made since the last scavenge
	kept       int64 // of these, alive
	touched    int64 // bytes of semi-spaces that are resident
	survived   int64 // since the young generation grew last
	dead       int64 // garbage of the old generation
	limit      int64
	low, high  int64 // percent of what is alive, by which it may grow
	promote    int64 // of 1,024 B of garbage, what grows old by chance
	full       bool  // each collection is a full one: --gc-global
	old        area
}

func newV8Heap(p *process, d draw, holes int64) *v8Heap {
	s := p.spec
	h := &v8Heap{semi: 1 << 20, most: 16 << 20, low: 10, high: int64(d.between(30, 300)), promote: int64(d.scale(1, 24)), full: s.tight}
	if s.settings() != nil {
		h.most = 1 << 20
	}
	h.old = newArea(p.live.bytes, 256<<10, 256<<10, min(holes, 30))
	h.aim(p, int64(d.between(8, 64))<<20)
	return h
}

// aim sets the limit after a collection.
func (h *v8Heap) aim(p *process, least int64) {
	grow := h.low + p.r.below(h.high-h.low+1)
	h.limit = h.old.used + max(h.old.used*grow/100, least)
}

func (h *v8Heap) work(p *process) {
	w := &p.did
	kept, waste := w.kept[0]+w.kept[1], w.waste[0]+w.waste[1]
	h.dead += w.dead[0] + w.dead[1]
	h.kept += kept
	h.young += kept + waste
	if h.young < h.semi {
		h.touched = max(h.touched, h.young)
		return
	}
	h.touched = 2 * h.semi
	h.scavenge(p, waste)
}

// scavenge copies what survives of the young generation, among it some of what
// the present request, or a few before it, still had in hand.
func (h *v8Heap) scavenge(p *process, waste int64) {
	chance := min(h.young, h.semi) * h.promote >> 10
	if waste > h.semi {
		chance += waste * h.promote >> 10
	}
	h.old.fill(h.kept)
	h.old.fill(chance)
	h.dead += chance
	if h.survived += h.kept + chance; h.survived > h.semi && h.semi < h.most {
		h.semi, h.survived = 2*h.semi, 0
	}
	h.young, h.kept = p.r.below(h.semi/8), 0
	if h.full || h.old.used > h.limit {
		h.mark(p, 4<<20)
	}
	if h.full && waste > 64<<10 { // pages of the young generation come and go
		h.touched -= p.r.below(h.semi / 2)
	}
}

// mark is a full collection.
func (h *v8Heap) mark(p *process, least int64) {
	h.old.give(h.dead) // it moves objects together
	h.old.stuck += h.dead * h.old.holes / 100
	h.dead = 0
	h.old.trim()
	h.aim(p, least)
}

func (h *v8Heap) settle(p *process) {
	h.old.fill(h.kept)
	h.young, h.kept = 0, 0
	h.mark(p, 4<<20)
	h.old.purge(10 + p.r.below(10))
	h.touched = min(h.touched, h.semi)
}

// idle is the memory reducer, which collects when little was made for 8 s.
func (h *v8Heap) idle(*process) {}

func (h *v8Heap) resident() int64 { return h.old.res + h.touched }

func (h *v8Heap) inUse() int64 { return h.old.used + h.young }
