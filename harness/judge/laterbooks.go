package judge

import (
	"cmp"
	"math"
	"slices"

	"leakhunt/harness/record"
)

// laterBooks are what a round adds up to by a counter, in its unit: each URI asks for it.
type laterBooks struct {
	version int // of the state
	column  int
	blocks  []float64 // what the blocks from the k-th on have added beyond what is usual
	pauses  []float64 // what changed in the pauses from the k-th on, whichever way
	all     float64   // what was added beyond what is usual, in blocks and pauses
	found   float64   // what blocks that end with a pause of their own explain of that
}

// kept are the books of the round by the i-th counter, kept anew where the record has grown.
func (l *later) kept(st *State, i int) *laterBooks {
	k := &l.books
	if k.version == st.version && k.column == i {
		return k
	}
	*k = laterBooks{version: st.version, column: i, blocks: make([]float64, len(l.blocks)+1), pauses: make([]float64, len(l.pauses)+1)}
	for n, b := range slices.Backward(l.blocks) {
		k.blocks[n] = k.blocks[n+1] + st.unusual(b, i, st.column(st.of(b.URI), i).Usual)
	}
	k.all = k.blocks[0]
	for n, p := range slices.Backward(l.pauses) {
		added := st.value(p.to, i) - st.value(p.from, i)
		k.pauses[n], k.all = k.pauses[n+1]+math.Abs(added), k.all+added
	}
	for _, o := range st.URIs {
		added, _ := st.addedAlone(l, o, i)
		k.found += max(0, added)
	}
	return k
}

// behind is what was added behind u's requests in one round. A fall in a pause counts,
// too: one like it may have hidden what u's own blocks added. So does what any of the
// blocks added beyond what is usual: it may have come late.
func (st *State) behind(l *later, u *URI, i int) (units float64) {
	own := l.of[u.Index]
	if len(own) == 0 {
		return 0
	}
	k, since := l.kept(st, i), l.blocks[own[len(own)-1]].Start.T
	at, _ := slices.BinarySearchFunc(l.pauses, since, func(p pause, t float64) int { return cmp.Compare(p.from.T, t) })
	return k.blocks[own[0]] + st.ownUnusual(l, u, i) + k.pauses[at]
}

// ownUnusual is by how much more u's own blocks of the round are unusual where it is asked for u:
// they have the growth then that u is said to have.
func (st *State) ownUnusual(l *later, u *URI, i int) (units float64) {
	j := st.column(u, i)
	for _, n := range l.of[u.Index] {
		units += st.unusual(l.blocks[n], i, j.Growth) - st.unusual(l.blocks[n], i, j.Usual)
	}
	return units
}

// unusual is what b has added to the i-th counter beyond what is usual: that is so many of its units
// per request, as the blocks of its URI mostly add.
func (st *State) unusual(b *record.Block, i int, usual float64) float64 {
	return max(0, st.added(b, i)-max(0, usual)*float64(b.N()))
}

// addedAlone is what u adds to the i-th counter in its first block that ends with a pause of its
// own. It is that of as many requests as u had in the round. ok is false where u has no such block.
func (st *State) addedAlone(l *later, u *URI, i int) (units float64, ok bool) {
	for _, b := range u.delayed() {
		if b.Life == len(st.Lives)-1 && b.N() > 0 {
			return st.added(b, i) * float64(l.n[u.Index]) / float64(b.N()), true
		}
	}
	return 0, false
}
