package simulate

// faultKinds are worlds where something goes wrong with the process, or with what
// is measured of it.
var faultKinds = []kind{
	{"faults/dies", 1, faulty(anyway, func(m *maker) fault {
		if m.yes(0.5) {
			return fault{trouble: dies, at: int64(m.number(20, 3000)), once: m.yes(0.6)}
		}
		return fault{trouble: dies, in: int64(m.number(500, 20000))}
	})},
	{"faults/oom", 1, func(d draw) spec { // what leaks ends the process
		m := anyway(d)
		m.restarts = m.IntN(3)
		m.uri(m.leaking(100e3, 2<<20))
		m.faults = append(m.faults, fault{trouble: dies, over: m.size(300<<20, 1<<30)})
		return m.neighbours(fewLeaks).spec
	}},
	{"faults/kills", 1, func(d draw) spec { // a request that ends the process
		m := anyway(d)
		m.restarts = m.IntN(4)
		r := m.uri()
		switch m.IntN(3) {
		case 0:
			r.kills.every = int64(m.number(1, 300))
		case 1:
			r.kills.in = int64(m.number(2, 1000))
		default:
			r.kills.from = int64(m.number(1, 100))
		}
		return m.neighbours(usualLeaks).spec
	}},
	{"faults/start", 1, func(d draw) spec { // lost, and not to be had again
		m := anyway(d)
		m.restarts = 1 + m.IntN(3)
		m.faults = append(m.faults, fault{trouble: dies, at: int64(m.number(100, 3000))}, fault{trouble: unready, at: int64(2 + m.IntN(2))})
		return m.neighbours(usualLeaks).spec
	}},
	{"faults/replaced", 1, faulty(anyway, func(m *maker) fault {
		return fault{trouble: replaced, at: int64(m.number(20, 3000)), once: m.yes(0.6)}
	})},
	{"faults/hangs", 1, faulty(counted, func(m *maker) fault {
		return fault{trouble: hangs, at: int64(m.number(1, 60)), once: m.yes(0.5)}
	})},
	{"faults/stuck", 1, faulty(counted, func(m *maker) fault { return fault{trouble: stuck, at: int64(m.number(1, 60))} })},
	{"faults/falls", 1, faulty(counted, func(m *maker) fault { return fault{trouble: falls, at: 1, by: int64(1 + m.IntN(5))} })},
	{"faults/lies", 1, faulty(counted, func(m *maker) fault { return fault{trouble: lies, at: 1, by: int64(1 + m.IntN(40))} })},
	{"faults/clock", 1, faulty(anyway, func(m *maker) fault {
		f := fault{trouble: clock, at: int64(m.number(20, 3000)), by: int64(m.number(1, 600)) * 1e6}
		if m.yes(0.5) {
			f.by = -f.by
		}
		return f
	})},
	{"faults/failing", 1, func(d draw) spec { // requests that fail
		m := anyway(d)
		r := m.uri()
		switch m.IntN(3) {
		case 0:
			r.fails.every = int64(m.number(1, 30))
		case 1:
			r.fails.in = int64(m.number(1, 100))
		default:
			r.fails.from = int64(m.number(1, 2000))
		}
		return m.neighbours(usualLeaks).spec
	}},
}

// faulty is a world of that sort with one fault.
func faulty(of func(draw, ...string) *maker, what func(m *maker) fault) func(draw) spec {
	return func(d draw) spec {
		m := of(d)
		m.restarts = m.IntN(4)
		m.faults = append(m.faults, what(m))
		return m.neighbours(usualLeaks).spec
	}
}
