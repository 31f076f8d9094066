package judge

import (
	"slices"

	"leakhunt/harness/record"
)

// latelyBlocks is how many blocks Lately has: what a collection takes grows with what is alive.
const latelyBlocks = 12

// noteLately notes a block that came to its end, where that was a collection and a reading, and
// not a pause.
func (st *State) noteLately(b *record.Block) {
	settles := b.Purpose.Judged() && b.Purpose != record.Delayed
	switch b.Purpose {
	case record.Later, record.Retest, record.Stir:
		settles = true
	}
	if !settles || b.N() == 0 {
		return
	}
	st.Lately = append(st.Lately, b)
	st.Lately = st.Lately[max(0, len(st.Lately)-latelyBlocks):]
}

// spent is how many requests were sent, and how many seconds those took.
type spent struct {
	known             bool
	requests, seconds float64
}

func (s *spent) add(series *record.Series) {
	for _, blocks := range [...][]*record.Block{series.Others, series.Blocks} {
		for _, b := range blocks {
			s.requests, s.seconds = s.requests+float64(b.N()), s.seconds+b.Sending()
		}
	}
}

// Spent is how many requests a URI got in the last segment in which it was sent, and how many
// seconds those took.
func (st *State) Spent(uri int) (requests, seconds float64) {
	if u := st.of(uri); u != nil {
		s := &u.found.spent
		if !s.known {
			s.known = true
			s.add(u.Series)
		}
		if s.requests > 0 {
			return s.requests, s.seconds
		}
	}
	for _, segment := range slices.Backward(st.Segments[:len(st.Segments)-1]) {
		for _, series := range segment.Series {
			var s spent
			if series.Index != uri {
				continue
			}
			if s.add(series); s.requests > 0 {
				return s.requests, s.seconds
			}
		}
	}
	return 0, 0
}

// SpentAll is how many requests all URIs got in the run, and how many seconds those took.
func (st *State) SpentAll() (requests, seconds float64) {
	all := st.spent.of(st.version, func() (s spent) {
		for _, segment := range st.Segments {
			for _, series := range segment.Series {
				s.add(series)
			}
		}
		return s
	})
	return all.requests, all.seconds
}
