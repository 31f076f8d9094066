package simulate

import "leakhunt/harness/record"

// start starts the life-th process of a world, the first one counted 0, at now
// seconds. only is the one URI that is tried on it.
func start(s *spec, life int, now float64, only *int) *process {
	d := newDraw(s.seed, 0x70726f63) // the same for all lives: it is the same program
	p := &process{
		spec: s, r: newXorshift(s.seed, 0x6c696665+uint64(life)), now: now, wake: now,
		pid: 1000 + life, only: only, doom: newDoom(s.faults, life), held: newHoldings(s, life),
	}
	p.scar.scale = d.scale(map[string]float64{"go": 0.3, "java": 0.2, "node": 0.05}[s.runtime]+0.02, 1)
	if s.scatter >= 0 {
		p.scar.scale = float64(s.scatter) / 100
	}
	p.overhead = overheads[s.runtime].draw(d)
	p.moves = map[string]int64{"go": 16, "node": 100, "java": 60, "ruby": 300}[s.runtime]
	p.furnish(d)
	p.malloc = newArea(0, page, 128<<10, int64(d.between(5, 60)))
	p.heap = newHeap(p, d)
	p.even()
	p.touch = newTouched(p, d)
	p.people(d)
	return p
}

// span of sizes, in bytes.
type extent struct{ low, high float64 }

func (e extent) draw(d draw) int64 { return d.size(e.low, e.high) }

// The ranges go from what was measured of small servers, without any application, to
// five times as much. freshes is their fresh RSS in bytes, and fileShares what share of
// it is mapped from files. overheads is what a request makes and drops whatever it
// does, in bytes. jits is what loading and compiling adds in the first hundreds of
// requests, in bytes.
var (
	freshes = map[string]extent{
		"ruby": {22 << 20, 160 << 20}, "python": {22 << 20, 120 << 20}, "node": {44 << 20, 160 << 20},
		"go": {8 << 20, 48 << 20}, "java": {40 << 20, 220 << 20}, "php": {18 << 20, 60 << 20},
	}
	fileShares = map[string]extent{
		"ruby": {0.3, 0.5}, "python": {0.3, 0.5}, "node": {0.6, 0.8}, "go": {0.4, 0.7}, "java": {0.3, 0.5}, "php": {0.5, 0.7},
	}
	overheads = map[string]extent{
		"ruby": {2 << 10, 16 << 10}, "python": {2 << 10, 12 << 10}, "node": {4 << 10, 24 << 10},
		"go": {2 << 10, 12 << 10}, "java": {14 << 10, 40 << 10}, "php": {1 << 10, 8 << 10},
	}
	jits = map[string]extent{
		"ruby": {256 << 10, 2 << 20}, "python": {64 << 10, 512 << 10}, "node": {2 << 20, 10 << 20},
		"go": {64 << 10, 512 << 10}, "java": {16 << 20, 48 << 20}, "php": {64 << 10, 512 << 10},
	}
)

// furnish gives the process what its application has alive before the first
// request.
func (p *process) furnish(d draw) {
	s := p.spec
	fresh, share := freshes[s.runtime].draw(d), fileShares[s.runtime]
	files := int64(d.between(share.low, share.high) * float64(freshes[s.runtime].low))
	if s.fresh > 0 {
		fresh = s.fresh
		files = int64(d.between(share.low, share.high) * float64(fresh) / 2)
	}
	if s.files > 0 {
		files = s.files
	}
	fresh = max(fresh, files+64<<10)
	p.files = files &^ (page - 1)
	p.live.bytes = int64(d.between(0.6, 0.85) * float64(fresh-files))
	p.live.objects = p.live.bytes / int64(d.between(60, 140))
	if s.objects > 0 {
		p.live.objects = min(s.objects, p.live.bytes)
	}
	p.base = p.live
	p.rest = fresh - files - p.live.bytes // until the heap has said what it takes
	p.jit = fading{left: jits[s.runtime].draw(d), over: int64(d.between(100, 700))}
	if s.runtime == "java" && s.settings() != nil {
		p.jit.left /= 2 // the first compiler alone
	}
}

// even takes what the heap has of its own out of the rest, so that the fresh
// process is as large as it should be.
func (p *process) even() {
	p.rest = max(0, p.rest-(p.heap.resident()-p.live.bytes))
}

// people gives the process its URIs.
func (p *process) people(d draw) {
	s := p.spec
	p.shared = p.states(s.shared, true)
	p.timed = p.states(s.background, true)
	p.routes = make([]route, len(s.routes))
	for i := range s.routes {
		p.routes[i] = p.route(&s.routes[i], newLingering(d, p.scar.scale))
	}
	for i := range p.routes {
		p.watch(p.routes[i].parts)
	}
	p.watch(p.shared)
	p.watch(p.timed)
}

func (p *process) route(spec *routeSpec, linger lingering) route {
	u := route{spec: spec, parts: p.states(spec.parts, false), latency: spec.latency, answers: spec.answers, linger: linger}
	if u.latency == 0 {
		u.latency = p.spec.latency
	}
	if u.answers == 0 {
		u.answers = 2048
	}
	u.left, u.deadly = p.until(spec.fails, 1), p.until(spec.kills, 1)
	return u
}

func (p *process) states(parts []part, common bool) []state {
	all := make([]state, len(parts))
	for i := range parts {
		s := &all[i]
		s.part, s.common = parts[i], common
		s.sort = sortOf(s.size, s.objects)
		s.left = s.when.every
		if s.verb == warmup {
			s.fade = fading{left: s.size, over: s.over}
		}
	}
	return all
}

// watch winds the clocks of those parts that have one.
func (p *process) watch(parts []state) {
	for i := range parts {
		if s := &parts[i]; s.after > 0 || s.stays > 0 || s.each > 0 {
			s.wind(p)
			p.hot = append(p.hot, s)
		}
	}
}

// opened describes the process as a session does.
func (p *process) opened() record.Opened {
	s := p.spec
	e := record.Opened{
		Process: record.Process{
			Kind: s.target, PID: p.pid, Start: uint64(100 * p.pid), Runtime: s.runtime, URL: "http://127.0.0.1:8000",
		},
		Only: p.only, Restart: s.target != "url", Facts: s.facts(), Counter: s.counter, Touched: p.touch.able,
	}
	e.Facts.Descriptors = int(p.held.most)
	if s.started() {
		e.Process.Settings = s.settings()
	}
	for _, c := range s.columns() {
		e.Columns = append(e.Columns, c.Column)
	}
	_, e.Native = nativeShift[s.runtime+" "+s.counter]
	e.Whole = e.Native && s.runtime != "ruby"
	return e
}
