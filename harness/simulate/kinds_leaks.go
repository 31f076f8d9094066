package simulate

// leakKinds are leaks that are unlike "so many bytes for each request".
var leakKinds = []kind{
	{"doubling", 2, special(func(m *maker) {
		p := part{verb: leak, size: m.size(16, 8e3), doubling: true}
		if m.yes(0.3) { // a buffer that is bounded, and as large as it will be after a while
			p.verb, p.count = cache, int64(m.number(200, 5000))
		}
		m.uri(p)
	})},
	{"sessions", 1, special(func(m *maker) {
		p := m.leaking(500, 16e3)
		p.visitor = true
		m.uri(p).visitors = m.yes(0.5)
		if m.yes(0.3) {
			q := part{verb: hold, size: m.size(500, 16e3), objects: 10, visitor: true, stays: int64(m.number(5000, 60000)) * 1000}
			m.uri(q).visitors = true
		}
	})},
	{"middleware", 1, func(d draw) spec { // each request leaks, whatever its URI
		m := anyway(d)
		p := m.leaking(200, 4e3)
		m.shared = append(m.shared, p)
		return m.neighbours(0.05).spec
	}},
	{"background", 2, func(d draw) spec { // nobody's growth
		m := anyway(d)
		p := m.leaking(64, 8e3)
		p.each = int64(m.number(20, 2000)) * 1000
		m.background = append(m.background, p)
		if m.yes(0.3) {
			m.background = append(m.background, part{verb: garbage, size: m.size(1<<20, 16<<20), objects: 1 << 10, each: int64(m.number(500, 10000)) * 1000})
		}
		return m.neighbours(fewLeaks).spec
	}},
	{"late-task", 2, special(func(m *maker) {
		p := m.leaking(300, 8e3)
		p.after = int64(m.number(100, 3000)) * 1000
		m.uri(p)
	})},
	{"holes", 3, func(d draw) spec { // into what a neighbour has freed
		var m *maker
		if d.yes(0.6) {
			m = tightly(d, "python", "ruby")
		} else {
			m = resident(d, "python", "ruby", "php")
		}
		objects := int64(m.number(2000, 30000))
		m.uri().parts[0] = part{verb: garbage, size: objects * 250, objects: objects, spread: int64(m.IntN(20))}
		p := part{verb: leak, size: m.size(1<<10, 6<<10)}
		p.objects = max(1, p.size/250)
		m.uri(p)
		return m.neighbours(fewLeaks).spec
	}},
	{"native", 3, special(func(m *maker) {
		p := m.leaking(700, 32e3)
		p.objects = 1
		p.mapped = m.yes(0.2)
		p.native = !p.mapped
		m.uri(p)
	})},
	{"rare", 3, special(func(m *maker) {
		every := int64(m.number(2, 400))
		p := m.leaking(200*float64(every), 2000*float64(every))
		if m.yes(0.5) {
			p.when.every = every
		} else {
			p.when.in = every
		}
		m.uri(p)
	})},
	{"new-keys", 2, special(func(m *maker) {
		p := m.leaking(100, 8e3)
		if p.keyed = m.yes(0.6); !p.keyed {
			p.keys = int64(m.number(50, 5000)) // that end
		}
		m.uri(p)
	})},
	{"failing", 1, special(func(m *maker) {
		p := m.leaking(500, 32e3)
		p.failing = true
		m.uri(p).fails = rate{in: int64(m.number(2, 50))}
	})},
	{"large", 2, special(func(m *maker) { // 100 KB to 2 MB a request
		m.uri(m.leaking(100e3, 2<<20))
		if m.yes(0.5) {
			m.limitRSS = m.size(512<<20, 2<<30)
		}
	})},
	{"subscribers", 2, special(func(m *maker) { // one leak makes its neighbours leak
		m.last = m.number(5, 100)
		told := part{verb: publish, size: m.size(48, 200), objects: 1}
		m.uri(part{verb: subscribe, size: m.size(64, 400), objects: 2}, told)
		for range 1 + m.IntN(4) {
			m.uri(told)
		}
	})},
	{"goroutines", 1, special(func(m *maker) {
		p := m.leaking(200, 4e3)
		p.goroutine = true
		m.uri(p)
	}, "go")},
	{"small", 2, func(d draw) spec {
		m := counted(d)
		for range 1 + m.IntN(3) {
			m.uri(m.leaking(64, 512))
		}
		return m.neighbours(0).spec
	}},
	{"fixed-requests", 1, special(func(m *maker) {
		m.requests = m.number(60, 3000)
		if m.yes(0.5) { // emptied when full, wholly or by a third, such as Django's of 300
			p := m.cached(20, 300, true)
			if p.third = m.yes(0.5); !p.third {
				p.all = true
			}
			m.uri(p)
		}
	})},
	{"anon", 1, func(d draw) spec {
		m := resident(d, "ruby", "python", "go", "node")
		m.metric = "anon"
		return m.neighbours(usualLeaks).spec
	}},
	{"late-counter", 1, func(d draw) spec {
		m := counted(d)
		m.late = true
		m.uri(m.cached(20, 300, true))
		return m.neighbours(usualLeaks).spec
	}},
	{"url", 2, func(d draw) spec { // a process that others have started
		m := anyway(d)
		m.target = "url"
		return m.neighbours(usualLeaks).spec
	}},
	{"gogc", 1, func(d draw) spec {
		m := resident(d, "go")
		m.gogc = pick(d, 200, 400, 800)
		return m.neighbours(usualLeaks).spec
	}},
	{"code", 2, func(d draw) spec { // V8 drops that of pages that are not sent while a leak is
		m := counted(d, "node")
		m.latency = int64(m.number(2e3, 30e3))
		m.uri(m.leaking(500, 4e3))
		for range 1 + m.IntN(5) {
			m.uri(part{verb: code, size: m.size(50e3, 1e6), unused: int64(m.number(3, 20))})
		}
		return m.neighbours(0).spec
	}},
	{"slow", 1, func(d draw) spec {
		m := anyway(d)
		m.latency = int64(m.number(10e3, 1e6))
		return m.neighbours(usualLeaks).spec
	}},
	{"pages", 1, func(d draw) spec { // of a large application, and no time to settle all of them
		m := counted(d)
		leaks, left := m.IntN(12), m.yes(0.5)
		for n := 12 + m.IntN(9); len(m.routes) < n; {
			parts := m.harmless()
			if m.yes(0.3) {
				parts = append(parts, m.cached(300, 2000, m.yes(0.5)))
			}
			if len(m.routes) == leaks {
				parts = append(parts, m.leaking(512, 16e3))
			}
			if left { // Redmine under puma: up to 41 KB and 240 objects
				p := part{verb: remains, size: m.size(1<<10, 41e3)}
				p.objects = p.size / 165
				parts = append(parts, p)
			}
			m.uri(parts...).latency = rounded(m.scale(50e3, 400e3), 5)
		}
		return m.spec
	}},
}
