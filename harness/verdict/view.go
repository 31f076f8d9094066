package verdict

import "math"

// view is the two windows that a decision looks at.
type view struct {
	n        int
	late     growth  // (n/2, n]: whether growth is still there
	wide     growth  // (n/4, n]: how much, with less noise
	straight bool    // the two halves of (n/4, n] grew alike, as far as one can see that well
	turn     float64 // slope of (n/4, n/2] less that of (n/2, n], where that is more than noise
	fell     bool    // growth in (n/2, n] is clearly less than that in (n/4, n/2]
}

func look(mem []float64, p Params) view {
	n := len(mem)
	v := view{n: n, late: measure(mem[n/2:], p), wide: measure(mem[n/4:], p)}
	if n >= 8*blocks {
		before := measure(mem[n/4:n/2], p)
		drop, noise := before.slope-v.late.slope, math.Hypot(before.se, v.late.se)
		v.fell = drop > 0.5*before.slope || drop > 0.25*before.slope && drop > noise
		if math.Abs(drop) > noise {
			v.turn = drop
		}
		v.straight = math.Abs(drop) < 0.2*v.wide.slope && noise < 0.2*v.wide.slope
	}
	return v
}

// best is the window whose figures are reported: the wide one, unless growth
// changed within it by more than its interval allows.
func (v view) best() growth {
	if math.Abs(v.late.slope-v.wide.slope) > v.wide.half(t975) {
		return v.late
	}
	return v.wide
}

// lasts says that growth goes on. Over both windows together it is significant and of
// interest. The late one shows no less than half of what was there before, s0
// (bytes/request) included.
func (v view) lasts(alpha, s0 float64, p Params) bool {
	least, n := p.least(v.n), float64(v.n)
	return v.n >= leastToTell && v.wide.significant(alpha, least) &&
		v.wide.slope > v.wide.half(t975) && v.wide.slope-t95*v.wide.se > least/2 &&
		v.wide.slope > p.creep(0.625*n) &&
		v.late.slope > least && v.late.slope >= 0.5*s0 && !v.fell &&
		v.best().slope > v.best().half(t975)+v.slows()
}

// slows is by how much growth slowed from one half of the wide window to the
// other, in bytes per request: it may do so again.
func (v view) slows() float64 { return math.Max(0, v.turn) }

// unsuspected says that growth may be convicted without a suspicion before it:
// after so many requests that no warm-up has been seen to last, sooner where its
// interval is narrow, and at once where it is straight.
func (v view) unsuspected() bool {
	return v.n >= leastUnconfirmed || v.straight || v.n >= leastSteady && v.wide.half(t975) < v.wide.slope/2
}

// excluded says that the window holds no growth of MinSlope. A fall as steep
// excludes nothing: after a collection memory falls whether it leaks or not.
func (v view) excluded(p Params) bool {
	g := v.late
	return v.n >= leastForStable && g.bound() < p.MinSlope && g.slope > -p.MinSlope
}

// bounded says that the window shows no growth, though its readings scatter by more than
// MinSlope, and that no more requests come. After so many a wide floor is put up with.
func (v view) bounded(p Params) bool {
	g := v.late
	return p.Ended && v.n >= leastForFloor && math.Abs(g.slope) < math.Max(p.MinSlope, g.half(t975))
}

// least is the slope that growth around the last half of n requests must
// exceed to be of interest.
func (p Params) least(n int) float64 {
	return math.Max(p.MinSlope, p.creep(0.75*float64(n)))
}
