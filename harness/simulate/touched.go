package simulate

// touched is the touched set: the pages that the process has used since it began
// anew. Who uses the same memory again saturates; what stays alive is always on
// new pages. Ruby wanders through what is free, and walks over its objects when it
// collects them all.
type touched struct {
	able  bool
	on    bool
	warm  int64 // bytes that any few requests use
	hot   int64 // of these, used since
	high  int64 // the most that one request had in hand
	grown int64 // what stayed
	walks bool
	way   int64 // how far it wandered
	seen  int64 // the largest reading: what was touched stays so
}

func newTouched(p *process, d draw) touched {
	s := p.spec
	return touched{
		able: s.mallocs() || s.runtime == "php", walks: s.runtime == "ruby",
		warm: p.files/3 + int64(d.between(0.05, 0.3)*float64(p.heap.resident())),
	}
}

// anew begins the set anew.
func (t *touched) anew() {
	t.on = true
	t.hot, t.high, t.grown, t.way, t.seen = 0, 0, 0, 0, 0
}

// work takes in what has happened since the last time.
func (t *touched) work(p *process) {
	if !t.on {
		return
	}
	w := &p.did
	waste, kept := w.waste[0]+w.waste[1], w.kept[0]+w.kept[1]
	t.hot += (t.warm - t.hot) / 4
	t.high = max(t.high, waste)
	t.grown += kept
	t.way += waste
}

// walk is a collection that looks at all that is alive.
func (t *touched) walk(live int64) {
	if t.on {
		t.warm = max(t.warm, live)
		t.hot = max(t.hot, live)
	}
}

// read is the size of the set.
func (t *touched) read(p *process) int64 {
	n := t.hot + t.high + t.grown
	if h, ok := p.heap.(*rubyHeap); ok && t.walks {
		n += min(t.way, max(0, h.malloc.res-h.malloc.used)+h.young.bytes)
	}
	t.seen = max(t.seen, min(n, p.rss()))
	return t.seen &^ (page - 1)
}
