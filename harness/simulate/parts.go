package simulate

import "slices"

// state is a part in a life of the process.
type state struct {
	part
	sort  int
	n     int64 // entries, alive now
	cold  int64 // of these, those that were when the touched set began anew
	left  int64 // until the next of those that are counted
	ages  ages
	made  int64 // entries ever
	room  int64 // entries that a buffer that doubles has room for
	level int64 // bytes that are alive of a wave or of what dies away
	fade  fading
	sum   float64    // of the harmonic series, in bytes
	clock *clockwork // nil without
	lines []run      // of a ring, the oldest first
	first int        // of lines
	held  int64      // bytes of entries of different sizes
	// common says that all URIs share it.
	common bool
}

// fading is an amount that dies away by a factor of e in so many steps.
type fading struct{ left, over int64 }

func (f *fading) next() int64 {
	if f.left <= 0 {
		return 0
	}
	v := min(f.left, 1+f.left/max(1, f.over))
	f.left -= v
	return v
}

// step does what one request does of a part.
func (p *process) step(s *state, u *route) {
	switch s.verb {
	case garbage:
		p.waste(s)
	case leak, hold:
		p.sweepOnUse(s)
		if p.meant(s, u) {
			p.enter(s)
		}
	case cache:
		p.lookUp(s, u)
	case ring:
		p.write(s, u)
	case batch:
		p.keep(s, 1)
		if s.n++; s.n >= s.count {
			p.flush(s)
		} else if s.each > 0 && s.n == 1 {
			s.clock.in(p, s.each)
		}
	case pool:
		if s.n < s.count && p.meant(s, u) {
			s.n++
			p.keep(s, 1)
		}
	case warmup:
		p.move(s, s.level+s.fade.next())
	case creep:
		s.made++
		s.sum += float64(s.size) / float64(s.made)
		p.move(s, int64(s.sum))
	case step:
		if s.made++; s.made == s.at {
			p.keep(s, 1)
			s.n = 1
		}
	case wave:
		p.swing(s)
	case subscribe:
		p.subs++
		s.n++
		p.keep(s, 1)
	case publish:
		told := min(p.subs, int64(p.spec.last))
		s.n += told
		p.keep(s, told)
	case code:
		if s.made = 0; s.n == 0 {
			s.n = 1
			p.keep(s, 1)
			p.code = append(p.code, s)
		}
	case remains:
		s.n = 1
		p.keep(s, 1)
		p.left = append(p.left, s)
	}
}

// forget frees what the request before has left, such as what a server holds of the
// last one that came in by a connection.
func (p *process) forget() {
	for _, s := range p.left {
		p.remove(s, s.n)
	}
	p.left = p.left[:0]
}

// age drops code that has not run for some collections, such as bytecode of V8
// (flags bytecode_old_age, flush_bytecode).
func (p *process) age() {
	n := len(p.code)
	p.code = slices.DeleteFunc(p.code, func(s *state) bool {
		s.made++
		if s.made <= s.unused {
			return false
		}
		p.remove(s, s.n)
		return true
	})
	if len(p.code) < n {
		p.settleIn()
	}
}

func (p *process) waste(s *state) {
	n := s.size
	if s.spread > 0 {
		n += n * (p.r.below(2*s.spread+1) - s.spread) / 100
	}
	p.did.waste[s.sort] += n
	p.did.objects.waste += s.objects
	if s.cyclic {
		p.did.cyclic[s.sort] += n
	}
}

// meant says whether a request is one of those that do it.
func (p *process) meant(s *state, u *route) bool {
	switch {
	case s.when.every > 0:
		if s.left--; s.left > 0 {
			return false
		}
		s.left = s.when.every
	case s.when.in > 0:
		return p.r.chance(s.when.in)
	case s.keyed || s.keys > 0:
		return s.fresh(u)
	case s.visitor:
		return u.spec.visitors || u.n == 1
	}
	return true
}

// fresh says that the URL of a request was never asked for in this life.
func (s *state) fresh(u *route) bool {
	switch {
	case s.keys > 0:
		return u.n <= s.keys
	case s.common && !u.spec.keyed:
		return u.n <= max(1, u.spec.keys)
	}
	return true
}

// enter makes one entry: now, or by a task later.
func (p *process) enter(s *state) {
	if s.after > 0 {
		s.clock.enter(p)
		return
	}
	p.add(s)
	if s.stays > 0 {
		s.clock.enter(p)
	}
}

// add has one entry more alive, and a larger buffer where that is full.
func (p *process) add(s *state) {
	s.n++
	if s.goroutine {
		p.threads++
		p.rest += stack
	}
	if s.doubling {
		if s.n > s.room {
			p.resize(s, max(8, 2*s.room))
		}
		return
	}
	if s.spread > 0 {
		mean := s.size
		s.size = max(1, mean+mean*(p.r.below(2*s.spread+1)-s.spread)/100)
		p.keep(s, 1)
		s.held += s.size
		s.size = mean
		return
	}
	p.keep(s, 1)
}

// stack is what a goroutine takes beside its objects, in bytes: one that serves a
// request has grown once. The counter of live bytes holds it (see runtimes.Pprof).
const stack = 4096

// resize makes a new buffer for so many entries, and drops the old one.
func (p *process) resize(s *state, room int64) {
	p.keep(s, room)
	p.drop(s, s.room)
	s.room = room
}

// remove lets n entries go.
func (p *process) remove(s *state, n int64) {
	n = min(n, s.n)
	s.n -= n
	if s.doubling {
		return // the buffer stays as large as it is
	}
	p.drop(s, n)
}

func (p *process) flush(s *state) {
	p.remove(s, s.n)
}

// move has so many bytes alive of a part that is no entries, in objects of 100 B.
func (p *process) move(s *state, level int64) {
	d := level - s.level
	if d == 0 {
		return
	}
	s.level = level
	if s.native {
		p.native += d
		if d > 0 {
			p.malloc.fill(d)
		} else {
			p.malloc.release(-d)
		}
		return
	}
	objects := level/100 - (level-d)/100
	p.live.bytes += d
	p.live.objects += objects
	if d > 0 {
		p.did.kept[0] += d
		p.did.objects.kept += objects
	} else {
		p.did.dead[0] -= d
		p.did.objects.dead -= objects
		p.scar.freed.add(1, -d, -objects)
	}
}

// swing moves a wave on by one request: a triangle from nothing to its size.
func (p *process) swing(s *state) {
	s.made++
	at := 2 * (s.made % s.over)
	if at > s.over {
		at = 2*s.over - at
	}
	p.move(s, s.size*at/s.over)
}

// lookUp is one look into a cache, which keeps what it did not find.
func (p *process) lookUp(s *state, u *route) {
	switch {
	case s.of > 0: // of so many that the application knows, any
		if p.r.below(s.of) < s.n {
			p.sweepOnUse(s)
			return
		}
	case s.keys > 0: // in turn
		if s.keys <= s.count && s.n >= s.keys {
			return
		}
	case s.keyed && !s.fresh(u):
		return
	}
	p.sweepOnUse(s)
	if s.n >= s.count {
		n := int64(1)
		switch {
		case s.third:
			n = max(1, s.n/3)
		case s.all:
			n = s.n
		}
		p.expireOldest(s, n)
	}
	p.add(s)
	if s.stays > 0 {
		s.clock.enter(p)
	}
}

// run is how many lines in a row are of one size.
type run struct{ size, n int64 }

// write adds a line to a ring; the oldest goes where that is full.
func (p *process) write(s *state, u *route) {
	size := s.size
	if s.common && u.spec.line >= 0 {
		size = u.spec.line
	}
	if size == 0 {
		return
	}
	if last := len(s.lines) - 1; last >= s.first && s.lines[last].size == size {
		s.lines[last].n++
	} else {
		s.lines = append(s.lines, run{size, 1})
	}
	p.line(s, size, 1)
	if s.n++; s.n <= s.count {
		return
	}
	s.n--
	old := &s.lines[s.first]
	p.line(s, old.size, -1)
	if old.n--; old.n == 0 {
		if s.first++; s.first > 64 && 2*s.first > len(s.lines) {
			s.lines = append(s.lines[:0], s.lines[s.first:]...)
			s.first = 0
		}
	}
}

// line has one line of a ring more alive, or one less.
func (p *process) line(s *state, size, n int64) {
	own := s.size
	s.size = size
	if n > 0 {
		p.keep(s, 1)
	} else {
		p.drop(s, 1)
	}
	s.size = own
	s.held += n * size
}
