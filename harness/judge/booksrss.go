package judge

import (
	"fmt"
	"maps"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// booksRSS are the rounds of the sweep by RSS alone but the first, in which the process
// still warms up.
type booksRSS struct {
	version int // of the state
	rounds  []*roundRSS
	grow    []grows // the URIs that RSS convicts
}

// grows is a URI that grows by so many bytes/request.
type grows struct {
	uri    int
	growth float64
}

// roundRSS is one round of the sweep by RSS alone.
type roundRSS struct {
	first, last *record.Block
	sent        map[int]int     // requests, by URI
	rose        map[int]float64 // bytes that RSS rose by in the block, by URI
}

// keptRSS are the books by RSS alone, kept anew where the record has grown.
func (st *State) keptRSS() *booksRSS {
	if st.booksRSS != nil && st.booksRSS.version == st.version {
		return st.booksRSS
	}
	k := &booksRSS{version: st.version}
	rounds := map[int]*roundRSS{} // a journal from elsewhere may name any
	for _, o := range st.URIs {
		if growth, ok := st.Convicted(o); ok {
			k.grow = append(k.grow, grows{o.Index, growth})
		}
		for _, b := range o.Blocks {
			if b.Purpose != record.Sweep || b.Cut || b.Round < 2 {
				continue
			}
			if rounds[b.Round] == nil {
				rounds[b.Round] = &roundRSS{sent: map[int]int{}, rose: map[int]float64{}}
			}
			rounds[b.Round].add(o.Index, b)
		}
	}
	for _, i := range slices.Sorted(maps.Keys(rounds)) {
		k.rounds = append(k.rounds, rounds[i])
	}
	st.booksRSS = k
	return k
}

func (r *roundRSS) add(uri int, b *record.Block) {
	if r.first == nil || b.Seq < r.first.Seq {
		r.first = b
	}
	if r.last == nil || b.Seq > r.last.Seq {
		r.last = b
	}
	r.sent[uri] += b.N()
	r.rose[uri] += float64(b.Rise())
}

// tellsLater is how long a row of requests takes, in seconds, that shows what those left
// to be done later: a task waits for less.
const tellsLater = 4

// elsewhereRSS is elsewhere by RSS alone. A row of u by itself that took long enough holds
// what its own requests left to be done later.
func (st *State) elsewhereRSS(u *URI) float64 {
	switch n := u.Picked(st.alone(u)); {
	case n >= LeastAlone/2 && u.Took(n) >= tellsLater:
		return 0
	case len(st.URIs) == 1:
		return st.behindRSS(u)
	}
	k := st.keptRSS()
	var added, n float64
	for _, r := range k.rounds {
		if r.sent[u.Index] == 0 || r.first.Life != r.last.Life {
			continue
		}
		added += float64(r.last.End.Metric-r.first.Start.Metric) - r.rose[u.Index]
		for _, o := range k.grow {
			if o.uri != u.Index {
				added -= max(r.rose[o.uri], o.growth*float64(r.sent[o.uri]))
			}
		}
		n += float64(r.sent[u.Index])
	}
	if n == 0 {
		return 0
	}
	return max(0, added/n)
}

// behindRSS is what RSS rose by in waits behind u's blocks, where u is the only one, for
// each request of those: in bytes/request, the most of all waits.
func (st *State) behindRSS(u *URI) (most float64) {
	for _, r := range st.Segment().Reads {
		if r.Waited <= 0 {
			continue
		}
		for _, b := range slices.Backward(u.Blocks) {
			if n := b.N(); n > 0 && b.End.T < r.Edge.T {
				most = max(most, float64(r.Edge.Metric-b.End.Metric)/float64(n))
				break
			}
		}
	}
	return most
}

// postponed widens a floor by what neighbours grew by, which u may have left to be done
// later.
func (st *State) postponed(u *URI, j verdict.Judgement) verdict.Judgement {
	if more := st.elsewhere(u); flat(j) && more > j.Detectable {
		j.Detectable += more
		j.Elsewhere = more
		j.Reason += fmt.Sprintf("; while others ran or nobody did, memory changed by %s for each of its requests, which it may have left to be done later", units.Bytes(more))
	}
	return j
}
