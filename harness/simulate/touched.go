package simulate

// touched is the touched set: the pages that the process has used since it began anew.
// Who uses the same memory again saturates: an allocator hands out first what was freed
// last, and garbage lies where garbage lay before the last collection. What stays alive
// is always on new pages. A full cache touches what it replaces once. Measured in loops
// of CPython 3.11 and PHP 8.2 that keep the last 1,000 lists of 2 KB: they touch 5.2 MB
// in 1,500 turns, and 40 KB more by the 4,000th.
type touched struct {
	able  bool
	on    bool
	warm  int64 // bytes that any few requests use
	hot   int64 // of these, used since
	high  int64 // the most that one request had in hand
	from  int64 // what was in use when it began
	most  int64 // the most that was in use since, beyond that
	cold  int64 // what was alive when it began, and was freed since
	drift int64 // pages used by accident
	seen  int64 // the largest reading: what was touched stays so
}

func newTouched(p *process, d draw) touched {
	s := p.spec
	return touched{
		able: s.mallocs() || s.runtime == "php",
		warm: p.files/3 + int64(d.between(0.05, 0.3)*float64(p.heap.resident())),
	}
}

// anew begins the set anew.
func (t *touched) anew(p *process) {
	*t = touched{able: t.able, on: true, warm: t.warm, from: p.inUse()}
	for i := range p.routes {
		cool(p.routes[i].parts)
	}
	cool(p.shared)
	cool(p.timed)
}

// cool marks what parts have alive as not touched.
func cool(parts []state) {
	for i := range parts {
		parts[i].cold = parts[i].n
	}
}

// inUse is what allocators have handed out.
func (p *process) inUse() int64 { return p.heap.inUse() + p.malloc.used }

// work takes in what has happened since the last time.
func (t *touched) work(p *process) {
	if !t.on {
		return
	}
	t.hot += (t.warm - t.hot) / 4
	t.high = max(t.high, p.did.waste[0]+p.did.waste[1])
	t.cold += p.did.cold
	t.most = max(t.most, p.inUse()-t.from)
	if p.moves > 0 && p.r.chance(200) { // measured: Ruby 128 KiB in 6,000 requests
		t.drift += page
	}
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
	n := t.hot + t.high + t.most + t.cold + t.drift
	t.seen = max(t.seen, min(n, p.rss()))
	return t.seen &^ (page - 1)
}
