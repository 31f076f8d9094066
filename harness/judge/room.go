package judge

import (
	"slices"

	"leakhunt/harness/record"
)

// A process may hold only so much beside memory: one that has no descriptors left answers
// nobody. So what grows by it cannot be followed for long, and need not be: what uses up a
// good part of it is no pool.

// usualDescriptors is how many descriptors a process may have where it is not known.
const usualDescriptors = 1024

// most is how many of a unit the process may hold before something else ends: the limit of
// its descriptors, or what machines are good for.
func (st *State) most(unit string) float64 {
	switch unit {
	case "descriptors", "sockets":
		if n := st.facts().Descriptors; n > 0 {
			return float64(n)
		}
		return usualDescriptors
	case "processes":
		return 512
	case "threads":
		return 2048
	}
	return 65530 // mappings: vm.max_map_count
}

const (
	// A pool holds less than one in plentyShare of what a process may still hold. Where
	// little is left, that is one in plentyLeast of all it may hold.
	plentyShare = 4
	plentyLeast = 16
	// BlockShare is for Spare: a block of requests takes one in so many of what is left.
	BlockShare = 8
	// WarmupShare is the same of a block of the warm-up.
	WarmupShare = 64
)

// room is how many of a unit the process may still hold.
func (st *State) room(unit string, c record.Counts) float64 {
	return st.most(unit) - c.Of(unit)
}

// plenty says that u would use up what is left before the Horizon, and that it is no pool:
// the judged requests to all URIs have added more of the i-th counter than one holds.
func (st *State) plenty(u *URI, i int) bool {
	unit, own := st.columns()[i].Unit, st.countedBy(u, i)
	n := requests(own)
	if n == 0 || 2*st.grownBy(u, i)*Horizon < st.room(unit, own[0].Start.Counts)*float64(n) {
		return false
	}
	all := 0.0
	for _, o := range st.URIs {
		all += max(0, st.grownBy(o, i))
	}
	return all >= max(st.room(unit, own[0].Start.Counts)/plentyShare, st.most(unit)/plentyLeast)
}

// leastHeld is the growth, in units/request, from which Spare holds a block back.
const leastHeld = 0.05

// Spare is how many of n requests to u are sent: they take one in so many, its share, of
// what the process may still hold beside memory.
func (st *State) Spare(u *URI, n, share int) int {
	blocks := u.twoLast(len(st.Lives) - 1)
	sent := requests(blocks)
	if sent == 0 {
		return n
	}
	for _, c := range st.columns() {
		if !c.Held {
			continue
		}
		each := 0.0
		for _, b := range blocks {
			each += (b.End.Counts.Of(c.Unit) - b.Start.Counts.Of(c.Unit)) / float64(sent)
		}
		if each >= leastHeld {
			n = min(n, max(LeastCareful, int(st.room(c.Unit, st.Life().Holds)/float64(share)/each)))
		}
	}
	return n
}

// twoLast are u's last two blocks in that life, of those with counts at both edges.
func (u *URI) twoLast(life int) (last []*record.Block) {
	for _, all := range [][]*record.Block{u.Blocks, u.Others} {
		for _, b := range all {
			if b.Life == life && !b.Cut && b.Start.Counts != (record.Counts{}) && b.End.Counts != (record.Counts{}) {
				last = append(last, b)
			}
		}
	}
	slices.SortFunc(last, func(a, b *record.Block) int { return b.Seq - a.Seq })
	return last[:min(2, len(last))]
}
