package simulate

import "math"

// bins is how many steps of time the entries of a clockwork are counted in. Half
// of them span the time that an entry has, so it goes up to a 32nd of that late.
const bins = 64

// clockwork is what happens to a part by time: entries whose time comes, a sweep,
// a flush, or the background's next turn.
type clockwork struct {
	due     float64 // seconds; +Inf: never
	span    float64 // that an entry has
	width   float64 // of a bin
	count   [bins]int64
	head    int64 // the oldest bin
	last    int64 // the newest
	expired int64 // entries that are older than any bin, and still there
}

// wind prepares the clockwork of a part.
func (s *state) wind(p *process) {
	span := float64(max(s.after, s.stays)) / 1e6
	c := &clockwork{due: math.Inf(1), span: span, width: span / (bins / 2), last: -1}
	s.clock = c
	switch {
	case s.sweep > 0:
		c.in(p, 1+p.r.below(s.sweep)) // it began when the process did, or earlier
	case s.each > 0 && s.verb != batch:
		c.in(p, 1+p.r.below(s.each))
	}
}

// in has the part's turn come in so many µs.
func (c *clockwork) in(p *process, us int64) {
	c.due = p.now + float64(us)/1e6
	p.wake = min(p.wake, c.due)
}

// enter counts one entry that is made now.
func (c *clockwork) enter(p *process) {
	b := int64(p.now / c.width)
	if c.last < c.head { // empty
		c.head = b
	}
	for ; c.head <= b-bins; c.head++ {
		c.expired += c.take()
	}
	c.last = max(b, c.head)
	c.count[c.last%bins]++
	if math.IsInf(c.due, 1) {
		c.due = c.end(c.head)
		p.wake = min(p.wake, c.due)
	}
}

// end is when the time of a bin's last entry is over.
func (c *clockwork) end(bin int64) float64 { return float64(bin+1)*c.width + c.span }

// take empties the oldest bin.
func (c *clockwork) take() (n int64) {
	n, c.count[c.head%bins] = c.count[c.head%bins], 0
	return n
}

// over is how many entries' time is over; they are counted no longer.
func (c *clockwork) over(now float64) (n int64) {
	n, c.expired = c.expired, 0
	for ; c.head <= c.last && c.end(c.head) <= now; c.head++ {
		n += c.take()
	}
	return n
}

// oldest forgets n entries, the oldest ones.
func (c *clockwork) oldest(n int64) {
	less := min(n, c.expired)
	c.expired -= less
	for n -= less; n > 0 && c.head <= c.last; c.head++ {
		have := &c.count[c.head%bins]
		if *have > n {
			*have -= n
			return
		}
		n -= *have
		*have = 0
	}
}

// tick does what is due by now.
func (p *process) tick() {
	p.wake = math.Inf(1)
	for _, s := range p.hot {
		if c := s.clock; c.due <= p.now {
			c.due = math.Inf(1)
			p.turn(s)
		}
		p.wake = min(p.wake, s.clock.due)
	}
}

// turn is what a part does when its time has come.
func (p *process) turn(s *state) {
	c := s.clock
	switch {
	case s.verb == batch:
		p.flush(s)
		return
	case s.each > 0: // of the background
		p.step(s, nil)
		p.settleIn()
		c.in(p, s.each)
		return
	case s.after > 0:
		for n := c.over(p.now); n > 0; n-- {
			p.add(s)
		}
	case s.use || s.by > 0:
		return
	default:
		p.remove(s, c.over(p.now))
		if s.sweep > 0 {
			c.in(p, s.sweep)
			return
		}
	}
	if c.head <= c.last {
		c.due = c.end(c.head)
	}
}

// sweepByRequests lets go what has expired of the parts whose turn this request is.
func (p *process) sweepByRequests() {
	for _, s := range p.hot {
		if s.by > 0 && p.requests%s.by == 0 {
			p.remove(s, s.clock.over(p.now))
		}
	}
}

// sweepOnUse lets a quarter of what has expired go, as Guava does of one segment.
func (p *process) sweepOnUse(s *state) {
	if !s.use {
		return
	}
	c := s.clock
	if n := c.over(p.now); n > 0 {
		gone := (n + 3) / 4
		c.expired += n - gone
		p.remove(s, gone)
	}
}

// expireOldest lets the n oldest entries go, for want of room.
func (p *process) expireOldest(s *state, n int64) {
	if s.stays > 0 {
		s.clock.oldest(n)
	}
	p.remove(s, n)
}

// wait is so many seconds in which nothing is sent.
func (p *process) wait(seconds float64) {
	end := p.now + seconds
	for p.wake <= end {
		p.now = max(p.now, p.wake)
		p.tick()
		p.settleIn()
	}
	p.now = end
	p.heap.idle(p)
}
