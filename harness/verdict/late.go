package verdict

// Late is the sequential late-growth test of one series, the way a run asks it:
// it is shown the series at growing lengths and says when it knows enough.
//
// Its null hypothesis is growth that dies away, for healthy servers creep for
// thousands of requests. So what was significant once (Suspect) must still be
// there at four times the length, at half its first slope at least. Sooner only
// where growth is beyond doubt, and straight, or known well after 3,072
// requests, or has lasted for 4,096.
// Within reach of its last request it also convicts without a suspicion, at the
// level of the confirmation.
type Late struct {
	p    Params
	next int
	n0   int     // requests at the first pass; 0 while nothing is suspected
	s0   float64 // its slope, bytes/request
}

// Levels of the growth test. The looks of the first pass share 0.05 (Bonferroni
// over the seven lengths from 128 to 4,096). The confirmation has its own, and
// so has growth that is convicted without a suspicion before it.
const (
	alphaFirst   = 0.05 / 7
	alphaConfirm = 0.01
	alphaAtOnce  = 0.001
)

// NewLate returns the test of a series that has not begun.
func NewLate(p Params) *Late {
	return &Late{p: p.withDefaults(), next: firstLook}
}

// Next is the length in requests at which the next look is due.
func (l *Late) Next() int { return l.next }

// after is the length of the look that follows the one at n: lengths double,
// and there is one more between the first two that may convict. Nobody is called
// stable at that one, for waves of the server's work hide growth as they fall.
func after(n int) int {
	switch n {
	case leastToTell:
		return leastSteady
	case leastSteady:
		return leastUnconfirmed
	}
	return 2 * n
}

// Suspect says that the first pass was significant and its confirmation is due.
func (l *Late) Suspect() bool { return l.n0 > 0 }

// Suspicion is the slope in bytes/request and the length in requests at which
// growth was first significant, both 0 where nothing is suspected.
func (l *Late) Suspicion() (slope float64, requests int) { return l.s0, l.n0 }

// Look judges the series so far: mem[i] is the memory in bytes after i+1
// requests. done says that no further request would be asked for. A look that
// comes before Next is answered and changes nothing.
func (l *Late) Look(mem []float64) (j Judgement, done bool) {
	if why := unusable(mem); why != "" {
		return undecided(len(mem), why, 0), true
	}
	n := len(mem)
	if n < l.next {
		return fixed(mem, l.p, l.n0, 0), false
	}
	for l.next <= n {
		l.next = after(l.next)
	}
	last := n >= l.p.MaxRequests
	if !last {
		l.next = min(l.next, l.p.MaxRequests)
	}
	v := look(mem, l.p)
	due := l.n0 > 0 && n >= max(4*l.n0, leastToTell)
	switch {
	case due && v.lasts(alphaConfirm, l.s0, l.p),
		v.unsuspected() && v.lasts(alphaAtOnce, l.s0, l.p):
		return convicted(v, l.p), true
	case due || v.excluded(l.p):
		l.n0, l.s0 = 0, 0 // cleared: the clock starts again
	}
	if v.excluded(l.p) {
		j, ok := harmless(mem, v.late, l.p)
		return j, last || ok && n != leastSteady && (n >= leastForFloor || j.Detectable <= 2*l.p.MinSlope)
	}
	if last {
		return fixed(mem, l.p, 0, 0), true
	}
	if l.n0 == 0 && v.late.significant(alphaFirst, l.p.least(n)) {
		l.n0, l.s0 = n, v.late.slope
	}
	hopeless := l.n0 == 0 && n >= leastForFloor && v.late.slope-v.late.half(t95) <= 0
	return unsettled(v, l.p, l.n0), hopeless
}
