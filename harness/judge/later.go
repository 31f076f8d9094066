package judge

import (
	"math"
	"slices"

	"leakhunt/harness/record"
)

// What was added outside a URI's own blocks may be its neighbours' or, by a queue or a
// task, its own. Requests with a pause behind each tell: nobody else adds anything then.

const (
	// Pause is how many seconds nothing is sent behind each URI's requests.
	Pause = 0.3
	// LaterWait is how many seconds nothing is sent behind the last of them: what takes
	// longer is not seen.
	LaterWait = 5
	// laterMost is how many requests to a URI have a pause behind them, at most, and
	// laterTime how many seconds they may take.
	laterMost = 1000
	laterTime = 0.5
	// laterLeast is how many bytes that must have added for its cause to be looked for.
	laterLeast = 32 << 10
	// laterShare is the share of it that a URI must have left, and laterFound the share
	// from which the rest is not looked for.
	laterShare = 0.25
	laterFound = 0.75
)

// later is what was added while nothing was sent, behind the blocks of several URIs.
type later struct {
	n      map[int]int   // requests, by URI
	of     map[int][]int // indices in blocks, by URI
	blocks []*record.Block
	pauses []pause
	done   bool // the last pause was LaterWait long, or longer
	books  laterBooks
}

// pause is a time in which nothing was sent.
type pause struct{ from, to record.Edge }

// Undone says that more requests may tell more of u. Its floor holds what was added
// outside its blocks, or the sweep was over before anything could be. Or requests are
// cheap, so that it costs little to look.
func (st *State) Undone(u *URI) bool {
	if st.bytesColumn() < 0 || u.Requests() == 0 || u.Broken || !u.Item.Requests.Auto || st.Shares(u) {
		return false
	}
	j, _ := st.Judge(u)
	if !flat(j) {
		return false
	}
	wide := j.Elsewhere > 0
	if st.LaterRounds() > 0 {
		return wide
	}
	return wide || st.quick() || st.LaterRequests(u) >= SweepBlock*SweepRounds
}

// Covered says that more requests may tell more of u once others have freed what they hold
// for a while: most of what its floor holds is what went in the pauses behind it.
func (st *State) Covered(u *URI) bool {
	n := st.LaterRounds()
	if n == 0 || !st.Undone(u) || !st.Hides(u) {
		return false
	}
	i, l, fell := st.bytesColumn(), st.later[n-1], 0.0
	for _, p := range l.pauses {
		fell += max(0, st.value(p.from, i)-st.value(p.to, i))
	}
	j, _ := st.Judge(u)
	return l.n[u.Index] > 0 && 2*booksMargin*fell >= j.Elsewhere*float64(l.n[u.Index])
}

// Uncovered says that more requests may tell more of u, since what hid it has gone: behind the
// last wait, the process was smaller than when the first round began, by as much as u's floor
// holds for it.
func (st *State) Uncovered(u *URI) bool {
	if !st.Undone(u) || st.LaterRounds() == 0 {
		return false
	}
	i := st.bytesColumn()
	j, _ := st.Judge(u)
	then := st.later[0].blocks[0].Start
	gone := 0.0
	for _, r := range st.Segment().Reads {
		if r.Waited > LaterWait && r.Edge.T > then.T {
			gone = st.value(then, i) - st.value(r.Edge, i)
		}
	}
	return gone >= j.Elsewhere*float64(st.LaterRequests(u))
}

// LaterRequests is how many requests with a pause behind them u is sent.
func (st *State) LaterRequests(u *URI) int {
	n := SweepBlock * SweepRounds
	if each := u.Latency(); each > 0 {
		n = max(st.Brief(u, SweepBlock, BlockTime), min(laterMost, int(laterTime/each)))
	}
	return st.Careful(u, n)
}

// quick says that the sweep took less time than what is left to be done later may.
func (st *State) quick() bool {
	f := st.blocksFolded()
	return f.to-f.from < LaterWait
}

// endLater notes a block that has a pause behind it.
func (st *State) endLater(u *URI, b *record.Block) {
	if !st.LaterOpen() {
		st.later = append(st.later, &later{n: map[int]int{}, of: map[int][]int{}})
	}
	l := st.later[len(st.later)-1]
	l.of[u.Index] = append(l.of[u.Index], len(l.blocks))
	l.blocks = append(l.blocks, b)
	if b.N() == b.Planned && b.Failed == 0 {
		l.n[u.Index] = b.N()
	}
}

// paused notes a reading at the end of a time in which nothing was sent.
func (st *State) paused(last record.Edge, e record.Read) {
	if st.LaterOpen() && e.Waited > 0 {
		l := st.later[len(st.later)-1]
		l.pauses = append(l.pauses, pause{last, e.Edge})
		l.done = e.Waited > Pause
	}
}

// LaterRounds is how many times some URIs were sent with a pause behind each, to the
// last pause.
func (st *State) LaterRounds() (n int) {
	for _, l := range st.later {
		if l.done {
			n++
		}
	}
	return n
}

// LaterOpen says that a round has begun, and its last pause is not over.
func (st *State) LaterOpen() bool { return len(st.later) > st.LaterRounds() }

// LaterSent says that u was sent in the round that is not over yet.
func (st *State) LaterSent(u *URI) bool {
	return st.LaterOpen() && len(st.later[len(st.later)-1].of[u.Index]) > 0
}

// leftLater is what each request of u has left to be done later, at most, by the i-th
// counter: the least that any round shows. ok is false where that was not tried.
func (st *State) leftLater(u *URI, i int) (units float64, ok bool) {
	units = math.Inf(1)
	for _, l := range st.later {
		if n := l.n[u.Index]; l.done && n > 0 {
			units, ok = min(units, st.behind(l, u, i)/float64(n)), true
		}
	}
	return units, ok
}

// AddsLater says that u may be what was added in the pauses, or late in its neighbours'
// blocks. Blocks that end with a pause of their own tell: u adds a good part of that in
// its first one, or has none yet and no other URI explains it.
func (st *State) AddsLater(u *URI) bool {
	i := st.bytesColumn()
	var l *later
	for _, round := range st.later {
		if round.done && round.n[u.Index] > 0 {
			l = round
		}
	}
	if i < 0 || l == nil || u.Broken {
		return false
	}
	k := l.kept(st, i)
	all := k.all + st.ownUnusual(l, u, i)
	if all < laterLeast {
		return false
	}
	if added, ok := st.addedAlone(l, u, i); ok {
		return added >= laterShare*all
	}
	return k.found < laterFound*all
}

// own are the blocks that judge u by what was read at their edges: those that end with
// a pause, where there are some.
func (u *URI) own() []*record.Block {
	u.split()
	return u.found.own
}

// delayed are u's blocks that end with a pause of their own, to which they came.
func (u *URI) delayed() []*record.Block {
	u.split()
	return u.found.delayed
}

// split finds the blocks that own and delayed are.
func (u *URI) split() {
	f := &u.found
	if f.split {
		return
	}
	f.split = true
	for _, b := range u.Blocks {
		if b.Purpose == record.Delayed && !b.Cut {
			f.delayed = append(f.delayed, b)
		}
	}
	switch d := f.delayed; len(d) {
	case 0:
		f.own = u.Blocks
	case 1: // it has only shown that nothing comes later
		f.own = slices.DeleteFunc(slices.Clone(u.Blocks), func(b *record.Block) bool { return b.Purpose == record.Delayed })
	case 2:
		f.own = d
	default: // what others have left expires in the pause of the first
		f.own = d[1:]
	}
}

// Later says that u is judged by what it has added by the end of a pause.
func (u *URI) Later() bool { return len(u.delayed()) > 1 }
