package simulate

// jvmHeap is that of HotSpot. As it comes it is G1, on a machine with gigabytes. The
// young generation is then as large as the pause goal allows. All of it is used before
// it is collected, and what was used once stays resident. What died old is collected
// when the heap is nearly half full. With our settings (the serial collector) the young
// generation is small, and the old one has little or no room to spare: it is collected
// when it would grow.
type jvmHeap struct {
	serial     bool
	eden, most int64 // bytes of the young generation, now and at most
	young      int64 // made since it was collected
	kept       int64 // of these, alive
	used       int64 // of the old generation
	dead       int64 // of these, garbage
	limit      int64 // at which it is collected
	spare      int64 // percent that it may have to spare
	room       int64 // bytes that it has to spare at least
	promote    int64 // of 1,024 B of garbage, what grows old
	res        int64
}

func newJVMHeap(p *process, d draw) *jvmHeap {
	s := p.spec
	h := &jvmHeap{used: p.live.bytes, promote: int64(d.scale(1, 12))}
	switch {
	case s.tight:
		h.serial, h.eden, h.room = true, 1600<<10, int64(d.between(256, 640))<<10
	case s.settings() != nil:
		h.serial, h.eden, h.spare, h.room = true, 3200<<10, 10, 512<<10
	default:
		h.eden = int64(d.between(16, 32)) << 20
		h.most = int64(d.between(120, 800)) << 20
		h.limit = int64(d.between(160, 1000)) << 20
	}
	if h.serial {
		h.most = h.eden
	}
	h.aim()
	h.res = h.used
	if h.serial {
		h.res += h.eden
	}
	return h
}

func (h *jvmHeap) aim() {
	if h.serial {
		h.limit = up(h.used+max(h.room, h.used*h.spare/100), 64<<10)
	}
}

func (h *jvmHeap) work(p *process) {
	w := &p.did
	kept, waste := w.kept[0]+w.kept[1], w.waste[0]+w.waste[1]
	h.dead += w.dead[0] + w.dead[1]
	h.kept += kept
	h.young += kept + waste
	if h.young < h.eden {
		if !h.serial {
			h.res = max(h.res, h.used+h.young)
		}
		return
	}
	// What the present request has in hand is old too soon, where nothing may
	// grow old in the young generation.
	chance := min(h.young, h.eden) * h.promote >> 10
	if h.serial {
		chance = min(waste, h.eden) / 14
	}
	h.used += h.kept + chance
	h.dead += chance
	h.res = max(h.res, h.used+h.eden)
	h.young, h.kept = p.r.below(h.eden/16), 0
	if h.eden < h.most {
		h.eden = min(h.most, h.eden+h.eden*(5+p.r.below(30))/100)
	}
	if h.used > h.limit {
		h.collect()
	}
}

func (h *jvmHeap) collect() {
	h.used -= h.dead
	h.dead = 0
	h.aim()
	if h.serial {
		h.res = up(h.used+h.used*h.spare/100+h.eden, page)
	}
}

func (h *jvmHeap) settle(*process) {
	h.used += h.kept
	h.young, h.kept = 0, 0
	h.collect()
}

func (h *jvmHeap) idle(*process) {}

func (h *jvmHeap) resident() int64 { return h.res }

func (h *jvmHeap) inUse() int64 { return h.used + h.young }
