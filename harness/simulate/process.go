package simulate

// process is one life of the simulated process. What it has alive is kept by
// its parts, and only summed up here; what is resident is the heap's to say.
type process struct {
	spec   *spec
	r      xorshift
	now    float64 // seconds since the run began
	wake   float64 // when the next timer is due
	pid    int
	only   *int // the one URI that is tried on it
	routes []route
	shared []state
	timed  []state  // of the background
	hot    []*state // that have timers
	left   []*state // that the last request has left something of
	code   []*state // that was compiled

	base     amount // what the application has alive before the first request
	live     amount // what the runtime has alive, the application itself included
	native   int64  // what native libraries have alive, which no runtime counts
	mapped   int64  // what is mapped besides, which no counter counts
	threads  int64  // goroutines that stay
	subs     int64  // subscribers that are told
	stray    amount // of live, what was kept by accident
	did      work   // since the heap was told last
	overhead int64  // bytes of garbage of any request
	requests int64  // to all URIs
	readings int64  // of the counter
	minors   int64  // collections of what is young

	heap   heap
	malloc area   // of native memory
	files  int64  // mapped from files
	rest   int64  // what else is resident: code that was compiled, stacks, tables
	jit    fading // how that grows
	stir   int64  // by how many bytes that moves
	moves  int64  // once in so many requests; 0: never
	touch  touched
	scar   scatter
	doom   doom
	held   holdings
}

// amount is an amount of memory.
type amount struct{ bytes, objects int64 }

func (a *amount) add(n, bytes, objects int64) {
	a.bytes += n * bytes
	a.objects += n * objects
}

// work is what has happened to memory since the heap was told last. Objects of up
// to 512 B, as CPython's and PHP's small ones, are counted apart: each sort takes
// up what its own kind has freed.
type work struct {
	kept, dead, waste [2]int64 // bytes: small, large
	cyclic            [2]int64 // of waste, what reference counts do not free
	cold              int64    // of dead, what was alive when the touched set began anew
	young             amount   // of dead, what had not grown old
	objects           struct{ kept, dead, waste int64 }
}

// route is one URI in a life of the process.
type route struct {
	spec    *routeSpec
	parts   []state
	n       int64 // requests
	left    int64 // until one fails or kills, where that is counted
	deadly  int64
	failing int // failures in a row
	latency int64
	answers int64
	linger  lingering
}

const small = 512

func sortOf(bytes, objects int64) int {
	if objects > 0 && bytes <= small*objects {
		return 0
	}
	return 1
}

// keep has n more of a part's entries alive.
func (p *process) keep(s *state, n int64) {
	if n == 0 {
		return
	}
	if s.holds > 0 {
		p.hold(s, n)
	}
	if s.native {
		p.native += n * s.size
		p.malloc.fill(n * s.size)
		return
	}
	if s.mapped {
		p.mapped += n * s.size
		p.live.add(n, handle*s.objects, s.objects)
		return
	}
	p.live.add(n, s.size, s.objects)
	s.ages.turn(p.minors)
	s.ages.n[0] += n
	p.did.kept[s.sort] += n * s.size
	p.did.objects.kept += n * s.objects
}

// handle is how large the object is that stands for mapped memory, in bytes.
const handle = 104

// drop lets n of them go.
func (p *process) drop(s *state, n int64) {
	if n == 0 {
		return
	}
	if s.holds > 0 {
		p.hold(s, -n)
	}
	if s.native {
		p.native -= n * s.size
		p.malloc.release(n * s.size)
		p.malloc.trim()
		return
	}
	p.live.add(-n, s.size, s.objects)
	s.ages.turn(p.minors)
	p.did.young.add(s.ages.take(n), s.size, s.objects)
	if cold := min(n, s.cold); cold > 0 { // the oldest go first
		s.cold -= cold
		p.did.cold += cold * s.size
	}
	p.did.dead[s.sort] += n * s.size
	p.did.objects.dead += n * s.objects
	p.scar.freed.add(n, s.size, s.objects)
}

// outcome is how a request ended.
type outcome uint8

const (
	answered outcome = iota
	failed
	killed
)

// request is one request to a URI.
func (p *process) request(u *route) outcome {
	u.n++
	p.requests++
	p.forget()
	p.now += float64(p.delay(u)) / 1e6
	if p.now >= p.wake {
		p.tick()
	}
	p.sweepByRequests()
	end := answered
	if u.left > 0 {
		if u.left--; u.left == 0 {
			end = failed
			u.left = p.until(u.spec.fails, u.n+1)
		}
	}
	if p.held.full() {
		end = failed
	}
	for i := range u.parts {
		s := &u.parts[i]
		if (end == failed) == s.failing || s.verb == garbage {
			p.step(s, u)
		}
	}
	for i := range p.shared {
		p.step(&p.shared[i], u)
	}
	if end == answered {
		u.failing = 0
	} else {
		u.failing++
	}
	p.did.waste[0] += p.overhead
	p.did.objects.waste += p.overhead >> 6
	p.linger(u)
	p.settleIn()
	if u.deadly > 0 {
		if u.deadly--; u.deadly == 0 {
			return killed
		}
	}
	if len(p.doom.faults) > 0 && p.doom.due(p) {
		return killed
	}
	return end
}

// settleIn tells the heap what has happened.
func (p *process) settleIn() {
	p.touch.work(p)
	p.heap.work(p)
	p.did = work{}
	p.rest += p.jit.next()
	if p.moves > 0 && p.r.chance(p.moves) {
		p.stir = max(-16*page, min(16*page, p.stir+page*(p.r.below(11)-5)))
	}
}

// delay is the latency of one request in µs: mostly near the URI's own, with a
// long one now and then.
func (p *process) delay(u *route) int64 {
	v := p.r.next()
	us := u.latency*7/8 + int64(v>>40)*u.latency>>26 // 7/8 to 9/8 of it
	if v&63 == 0 {
		us += u.latency * 2
	}
	return max(1, us)
}

// until is in how many requests such a one comes, the n-th the next; 0 for never.
func (p *process) until(r rate, n int64) int64 {
	switch {
	case r.every > 0:
		return r.every
	case r.in > 0:
		return 1 + p.r.below(2*r.in-1)
	case r.from > 0:
		return max(1, r.from-n+1)
	}
	return 0
}

// rss is what is resident, in bytes, in whole pages.
func (p *process) rss() int64 {
	return (p.files + p.anon()) &^ (page - 1)
}

// anon is what of it is mapped from no file.
func (p *process) anon() int64 {
	return (p.heap.resident() + p.malloc.res + p.mapped + p.rest + p.stir) &^ (page - 1)
}

const page = 4096
