package judge

import (
	"slices"

	"leakhunt/harness/verdict"
)

// EveryRequest is the index, among the findings, of what every request keeps whatever
// its URI: a middleware that leaks, the lines of a log.
const EveryRequest = -1

// EveryRequestName is what its row is called.
const EveryRequestName = "every request"

const (
	// sharedLeast is the fewest URIs that may be said to grow alike, and sharedMost the
	// share of all URIs that they are at least.
	sharedLeast = 3
	sharedMost  = 0.5
	// othersMost is the share of the URIs that may grow by less: a page that is not
	// logged.
	othersMost = 0.2
	// surely is the least share of the common growth that each of them grows by.
	// besides is the share that may be a leak of its own unseen.
	surely  = 0.5
	besides = 0.15
	// sharedObjects is by how many objects/request a URI may grow beyond that.
	sharedObjects = 0.1
)

// shared is growth that URIs have in common. One of them stands for all: what is asked
// of it need not be asked of the others. URIs are indices in Header.Items.
type shared struct {
	lead    int
	column  int       // the counter that tells: of bytes, or of what the process holds beside memory
	members int       // URIs that surely grow by it
	growth  []float64 // by column of the counters, in units/request; 0 of one that is not exact
	low     float64   // the lower bound of the lead's growth by that, in units/request
	covered []int     // those that grow by it and by no more, lead included
}

// sharedLook is of what was looked for growth in common last.
type sharedLook struct {
	judged int // blocks: see State.judged
	column int // the counter of bytes
}

// noteShared looks, once the sweep is over, for growth that most URIs have in common,
// by the exact counters.
func (st *State) noteShared() {
	if st.shared != nil || len(st.Segments) > 1 || st.Scans() || len(st.columns()) == 0 || len(st.URIs) < sharedLeast || !st.On("every-request") {
		return
	}
	now := sharedLook{st.judged, st.bytesColumn()}
	if st.looked == now { // what is sent once more with a pause behind it says nothing new of this
		return
	}
	st.looked = now
	var all []*URI
	for _, u := range st.URIs {
		if !u.Broken && u.Requests() > 0 {
			all = append(all, u)
		}
	}
	column, members := st.alike(all)
	if len(members) == 0 {
		return
	}
	s := &shared{lead: -1, column: column, members: len(members), growth: make([]float64, len(st.columns()))}
	for i, c := range st.columns() {
		if !c.Exact || !heap(c) && !c.Held {
			continue
		}
		var growths []float64
		for _, u := range members {
			growths = append(growths, st.column(u, i).Growth)
		}
		slices.Sort(growths)
		s.growth[i] = growths[(len(growths)-1)/4]
	}
	i, narrowest := column, 0.0
	for _, u := range all {
		if !st.covers(s, u) {
			continue
		}
		s.covered = append(s.covered, u.Index)
		j := st.column(u, i)
		if width := j.High - j.Low; slices.Contains(members, u) && (s.lead < 0 || width < narrowest) {
			s.lead, s.low, narrowest = u.Index, j.Low, width
		}
	}
	if s.lead >= 0 {
		st.shared = s
	}
}

// alike are the URIs that surely grow by as much as one of them does, and the counter that
// says so: of bytes, where one does, or of what the process holds beside memory. Bytes
// tell, not objects: many a leak is of one object.
func (st *State) alike(all []*URI) (column int, members []*URI) {
	if i := st.bytesColumn(); i >= 0 {
		if members = st.alikeBy(all, i, leastFloor); len(members) > 0 {
			return i, members
		}
	}
	for i, c := range st.columns() {
		if c.Held {
			if members = st.alikeBy(all, i, verdict.Sure(c.Unit)); len(members) > 0 {
				return i, members
			}
		}
	}
	return -1, nil
}

// alikeBy are those by the i-th counter, of those that grow by so much at least. There are
// none unless they are most, and hardly any grows by less.
func (st *State) alikeBy(all []*URI, i int, least float64) (best []*URI) {
	n := float64(len(all))
	for _, u := range all {
		if st.stood(u, i) {
			continue
		}
		growth, less := st.column(u, i).Growth, 0
		if growth < least {
			continue
		}
		var members []*URI
		for _, o := range all {
			switch j := st.column(o, i); {
			case j.Low >= surely*growth && j.Low <= (1+besides)*growth && j.High >= (1-besides)*growth:
				members = append(members, o)
			case j.Low < surely*growth:
				less++
			}
		}
		if len(members) >= sharedLeast && float64(len(members)) >= sharedMost*n && float64(less) <= othersMost*n && len(members) > len(best) {
			best = members
		}
	}
	return best
}

// covers says that u grows by the counters, and by no more than is shared.
func (st *State) covers(s *shared, u *URI) bool {
	grows := false
	for i, c := range st.columns() {
		low := st.column(u, i).Low
		if !c.Exact || !heap(c) && !c.Held || low <= 0 {
			continue
		}
		least := float64(leastFloor)
		if c.Unit != "bytes" {
			least = sharedObjects
		}
		if grows = true; low > (1+besides)*s.growth[i]+least {
			return false
		}
	}
	return grows
}

// Leads is of how many URIs u stands for what they have in common; 0 where it does not.
func (st *State) Leads(u *URI) int {
	if st.shared == nil || u.Index != st.shared.lead {
		return 0
	}
	return len(st.shared.covered)
}

// Shares says that u grows by what every request keeps and by no more, and that
// another URI stands for it.
func (st *State) Shares(u *URI) bool {
	return st.shared != nil && len(st.Segments) == 1 && u.Index != st.shared.lead && slices.Contains(st.shared.covered, u.Index)
}

// Adds says that u grows, and by more than what every request keeps: that it is not
// only kept for a while is to be seen by itself.
func (st *State) Adds(u *URI) bool {
	return st.shared != nil && !slices.Contains(st.shared.covered, u.Index) && st.Grew(u)
}

// inAll is what of u's growth every request adds to the i-th counter: 0 where nothing is
// known of it, and of the URI that stands for all, which is asked for just that.
func (st *State) inAll(u *URI, i int) float64 {
	if st.shared == nil || i >= len(st.shared.growth) || u.Index == st.shared.lead {
		return 0
	}
	return st.shared.growth[i]
}
