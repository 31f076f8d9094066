package simulate

// heldKinds are leaks of what a process holds beside memory, and pools of it.
var heldKinds = []kind{
	{"held/leak", 2, special(func(m *maker) {
		for range 1 + m.IntN(2) {
			p := part{verb: leak, holds: m.thing()}
			m.handled(&p)
			if m.yes(0.2) {
				p.when.every = int64(m.number(2, 8))
			}
			m.uri(p)
		}
		m.fixes()
	})},
	{"held/pool", 2, special(func(m *maker) {
		for range 1 + m.IntN(3) {
			p := part{verb: pool, count: int64(m.number(4, 250)), holds: m.thing()}
			if m.yes(0.5) {
				p.when.in = int64(m.number(2, 40))
			}
			m.handled(&p)
			m.uri(p)
		}
		m.fixes()
	})},
	{"held/cache", 1, special(func(m *maker) {
		p := part{verb: cache, count: int64(m.number(20, 200)), keyed: m.yes(0.7), holds: m.thing()}
		if !p.keyed {
			p.of = p.count
		}
		m.handled(&p)
		m.uri(p)
		m.fixes()
	})},
	{"held/expires", 2, special(func(m *maker) {
		p := part{verb: hold, holds: m.thing(), stays: int64(m.number(500, 62000)) * 1000}
		if m.yes(0.4) {
			p.stays = 60e6 // as threads of pools do
		}
		if m.latency < 20e3 { // no more of them at a time than a process may hold
			p.when.in = max(1, rounded(float64(p.stays)/float64(m.latency)/300, 4))
		}
		p.size, p.objects = m.size(48, 400), 1 // what is kept for longer than bytes are waited for looks like a leak of bytes
		m.uri(p)
		m.fixes()
	})},
	{"held/shared", 1, func(d draw) spec { // each request leaks, whatever its URI
		m := anyway(d)
		p := part{verb: leak, holds: m.thing()}
		m.handled(&p)
		m.shared = append(m.shared, p)
		m.most = 20000
		return m.neighbours(0.05).spec
	}},
}

func (m *maker) thing() thing { return pick(m.draw, descriptor, socket, thread, child, mapping) }

// handled gives a part the objects that stand for what it holds.
func (m *maker) handled(p *part) {
	p.size = m.size(48, 8<<10)
	p.objects = m.pieces(p.size, 48, 600)
}

// fixes lets one in ten have a fixed number of requests, as users have.
func (m *maker) fixes() {
	if m.yes(0.1) {
		m.requests = m.number(60, 300)
	}
}
