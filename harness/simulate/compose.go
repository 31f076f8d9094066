package simulate

import "fmt"

// maker puts a world together at random.
type maker struct {
	draw
	spec
}

// begin is a world with that runtime and no URI yet.
func begin(d draw, runtime, counter string) *maker {
	return &maker{d, spec{
		runtime: runtime, counter: counter, target: "command", metric: "rss", limit: 900e6, rounds: 5, holes: -1, scatter: -1,
		latency: rounded(d.scale(300, 20e3), 5),
	}}
}

var all = []string{"ruby", "python", "node", "go", "java", "php"}

// counted is a world where the runtime is asked what is alive.
func counted(d draw, of ...string) *maker {
	if len(of) == 0 {
		of = all[:5]
	}
	runtime := pick(d, of...)
	have := counters[runtime]
	counter := have[0]
	if len(have) > 1 && d.yes(0.15) {
		counter = have[1]
	}
	return begin(d, runtime, counter)
}

// resident is a world where RSS alone tells, as the process comes.
func resident(d draw, of ...string) *maker {
	if len(of) == 0 {
		of = all
	}
	m := begin(d, pick(d, of...), "")
	m.jemalloc = m.mallocs() && d.yes(0.1)
	return m
}

// tightly is a world where RSS alone tells, of a process that keeps little back.
func tightly(d draw, of ...string) *maker {
	if len(of) == 0 {
		of = all[:5]
	}
	m := begin(d, pick(d, of...), "")
	m.tight = true
	m.jemalloc = m.mallocs() && d.yes(0.5)
	return m
}

// anyway is one of those.
func anyway(d draw, of ...string) *maker {
	switch v := d.Float64(); {
	case v < 0.6:
		return counted(d, of...)
	case v < 0.8:
		return tightly(d, of...)
	}
	return resident(d, of...)
}

// uri adds a URI that does what any does, and those parts.
func (m *maker) uri(parts ...part) *routeSpec {
	r := routeSpec{name: fmt.Sprintf("/u%d", len(m.routes)), line: -1, answers: m.size(256, 64<<10)}
	if m.yes(0.6) {
		r.latency = max(200, min(50e3, rounded(float64(m.latency)*m.scale(0.4, 3), 5)))
	}
	size := m.size(2<<10, 64<<10)
	if m.yes(0.25) {
		size = m.size(64<<10, 1<<20)
	}
	g := part{verb: garbage, size: size}
	g.objects = m.pieces(size, 60, 600)
	if m.yes(0.4) {
		g.spread = int64(10 * (1 + m.IntN(5)))
	}
	if m.yes(0.1) {
		g.objects, g.cyclic = g.usual(), true
	}
	r.parts = append(r.parts, g)
	if m.yes(0.6) {
		r.parts = append(r.parts, m.fades())
	}
	r.parts = append(r.parts, parts...)
	m.routes = append(m.routes, r)
	return &m.routes[len(m.routes)-1]
}

// pieces is how many objects of low to high bytes make up a size.
func (m *maker) pieces(size int64, low, high float64) int64 {
	return max(1, rounded(float64(size)/m.scale(low, high), 4))
}

func (m *maker) fades() part {
	p := part{verb: warmup, size: m.size(4<<10, 512<<10), over: int64(m.number(10, 150)), native: m.yes(0.3)}
	p.objects = p.usual()
	return p
}

// leaking is a leak of low to high bytes a request.
func (m *maker) leaking(low, high float64) part {
	p := part{verb: leak, size: m.size(low, high)}
	p.objects = m.pieces(p.size, 48, 2048)
	if m.runtime == "node" && m.yes(0.3) {
		p.objects = 0 // strings, which V8's count of objects leaves out
	}
	return p
}

// harmless is what an innocent URI does beside its garbage, if anything.
func (m *maker) harmless() (parts []part) {
	p := part{objects: 1}
	switch v := m.Float64(); {
	case v < 0.45:
		return nil
	case v < 0.6:
		p.verb, p.count, p.size = cache, int64(m.number(20, 1000)), m.size(200, 16<<10)
		p.of = int64(float64(p.count) * m.scale(0.5, 2))
		p.of = max(1, p.of)
	case v < 0.72:
		p.verb, p.count, p.size, p.keyed = cache, int64(m.number(20, 300)), m.size(200, 8<<10), m.yes(0.7)
	case v < 0.78:
		p.verb, p.count, p.size, p.when.in = pool, int64(m.number(2, 20)), m.size(1<<10, 64<<10), int64(m.number(10, 200))
	case v < 0.84:
		p.verb, p.size, p.stays = hold, m.size(200, 4<<10), int64(m.number(300, 5000))*1000
	case v < 0.89:
		p.verb, p.size = creep, m.size(200, 4<<10)
		p.objects = p.usual()
	case v < 0.93:
		p.verb, p.size, p.at = step, m.size(64<<10, 4<<20), int64(m.number(20, 3000))
		p.objects = p.usual()
	case v < 0.97:
		p.verb, p.count, p.size = batch, int64(m.number(10, 200)), m.size(100, 2<<10)
	default:
		p.verb, p.count, p.size = ring, int64(m.number(20, 300)), m.size(200, 2<<10)
	}
	return []part{p}
}

// neighbours adds URIs until there are 3 to 10, each of which leaks with that
// chance.
func (m *maker) neighbours(leaks float64) *maker {
	low, high := 64.0, 32e3
	if m.counter == "" {
		low, high = 512, 128e3
	}
	for n := max(len(m.routes)+1, 3+m.IntN(8)); len(m.routes) < n; {
		parts := m.harmless()
		if m.yes(leaks) {
			parts = append(parts, m.leaking(low, high))
		}
		m.uri(parts...)
	}
	return m
}
