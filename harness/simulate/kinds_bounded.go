package simulate

// boundedKinds are what applications keep that has an end.
var boundedKinds = []kind{
	{"cache/keyed", 2, special(func(m *maker) { m.uri(m.cached(300, 2000, true)) })},
	{"cache/server-keys", 1, special(func(m *maker) {
		p := m.cached(300, 4000, false)
		p.of = max(1, int64(float64(p.count)*m.scale(0.3, 4)))
		m.uri(p)
	})},
	{"cache/rows", 1, special(func(m *maker) {
		p := m.cached(300, 4000, false)
		p.keys = max(1, int64(float64(p.count)*m.scale(0.3, 4)))
		m.uri(p)
	})},
	{"cache/thirds", 1, special(func(m *maker) {
		p := m.cached(100, 1000, m.yes(0.5))
		if p.third = m.yes(0.7); !p.third {
			p.all = true
		}
		m.uri(p)
	})},
	{"cache/shared", 2, special(func(m *maker) {
		p := m.cached(300, 3000, m.yes(0.5))
		m.shared = append(m.shared, p)
		for range 1 + m.IntN(3) {
			m.uri().keyed = p.keyed
		}
	})},
	{"cache/large", 2, special(func(m *maker) { m.uri(m.cached(2500, 20000, m.yes(0.7))) })},
	{"cache/native", 1, special(func(m *maker) {
		p := m.cached(1000, 5000, m.yes(0.7))
		p.native = true
		m.uri(p)
	})},
	{"expiry/timers", 2, special(func(m *maker) {
		p := m.expiring(part{})
		q := p
		if q.native, q.size = true, max(16, p.size/4); m.yes(0.3) { // the runtime's own tables, as V8 has them for timers
			m.uri(p, q)
			return
		}
		m.uri(p)
	})},
	{"expiry/swept", 1, special(func(m *maker) { m.uri(m.expiring(part{sweep: int64(m.number(1000, 60000)) * 1000})) })},
	{"expiry/on-use", 1, special(func(m *maker) { m.uri(m.expiring(part{use: true})) })},
	{"ring/shared", 2, special(func(m *maker) {
		m.shared = append(m.shared, part{verb: ring, count: int64(m.number(200, 30000)), size: m.size(200, 2<<10), objects: int64(1 + m.IntN(4))})
	})},
	{"ring/uneven", 2, special(func(m *maker) {
		m.shared = append(m.shared, part{verb: ring, count: int64(m.number(100, 3000)), size: m.size(100, 400), objects: 1})
		m.uri().line = m.size(2<<10, 16<<10)
	})},
	{"pool", 1, special(func(m *maker) {
		m.uri(part{verb: pool, count: int64(m.number(4, 100)), size: m.size(4<<10, 256<<10), objects: 2, when: rate{in: int64(m.number(10, 400))}})
	})},
	{"timers", 2, special(func(m *maker) {
		m.uri(part{verb: hold, size: m.size(200, 16<<10), objects: int64(1 + m.IntN(20)), stays: int64(m.number(500, 60000)) * 1000})
	})},
	{"batch", 1, special(func(m *maker) {
		p := part{verb: batch, count: int64(m.number(50, 2000)), size: m.size(100, 4<<10), objects: int64(1 + m.IntN(5))}
		if m.yes(0.4) {
			p.each = int64(m.number(1000, 30000)) * 1000
		}
		m.uri(p)
	})},
	{"waves", 1, special(func(m *maker) {
		m.uri(m.waving(50, 3000))
		if m.yes(0.5) {
			p := m.waving(10, 100)
			p.each = 200e3
			m.background = append(m.background, p)
		}
	})},
}

// cached is a cache of low to high entries.
func (m *maker) cached(low, high float64, keyed bool) part {
	return part{verb: cache, count: int64(m.number(low, high)), size: m.size(200, 12<<10), objects: int64(1 + m.IntN(8)), keyed: keyed}
}

// expiring is a cache whose entries expire, as p says.
func (m *maker) expiring(p part) part {
	p.verb, p.count, p.size, p.objects = cache, int64(m.number(1000, 100000)), m.size(200, 8<<10), int64(1+m.IntN(8))
	p.stays = int64(m.number(700, 60000)) * 1000
	p.keyed = m.yes(0.5)
	return p
}

// waving is work that comes and goes, every low to high turns.
func (m *maker) waving(low, high float64) part {
	p := part{verb: wave, size: m.size(256<<10, 16<<20), over: int64(m.number(low, high))}
	p.objects = p.usual()
	return p
}
