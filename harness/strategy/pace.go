package strategy

import (
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// pace is how long things have taken in this run, in seconds.
type pace struct {
	each  map[int]float64 // a request to a URI, with what is read after it
	block float64         // what a settled block takes beside its requests, by now
	trace float64         // naming the lines of one URI
}

// paceBlocks is of how many blocks a pace is taken. They are the last ones: what a
// collection takes grows with what is alive.
const paceBlocks = 12

func paceOf(st *judge.State) pace {
	p := pace{each: make(map[int]float64, len(st.Header.Items))}
	var traces, requests, took float64
	settled := make([]*record.Block, 0, paceBlocks)
	traced := 0
	for _, s := range st.Segments {
		for _, t := range s.Traces {
			traces += t.Cost.Seconds
			traced++
		}
		for _, u := range s.Series {
			var n, seconds float64
			for _, blocks := range [...][]*record.Block{u.Others, u.Blocks} {
				for _, b := range blocks {
					n, seconds = n+float64(b.N()), seconds+b.Sending()
					if !b.Cut && b.N() > 0 && settles(b.Purpose) {
						settled = lately(settled, b)
					}
				}
			}
			if n > 0 {
				p.each[u.Index] = seconds / n
			}
			requests, took = requests+n, took+seconds
		}
	}
	for _, u := range st.Segments[0].Series {
		if _, ok := p.each[u.Index]; !ok && requests > 0 {
			p.each[u.Index] = took / requests
		}
	}
	for _, b := range settled {
		p.block += max(0, b.End.T-b.Start.T-b.Sending()) / float64(len(settled))
	}
	if traced > 0 {
		p.trace = traces / float64(traced)
	}
	return p
}

// lately adds a block to the last ones, which are in the order in which they were sent.
func lately(last []*record.Block, b *record.Block) []*record.Block {
	i := len(last)
	for i > 0 && last[i-1].Seq > b.Seq {
		i--
	}
	switch {
	case len(last) < paceBlocks:
		return slices.Insert(last, i, b)
	case i > 0:
		copy(last, last[1:i])
		last[i-1] = b
	}
	return last
}

// settles says that a block for that purpose ends with a collection and a reading, and not
// with a pause.
func settles(p record.Purpose) bool {
	switch p {
	case record.Later, record.Retest, record.Stir:
		return true
	}
	return p.Judged() && p != record.Delayed
}

func (p pace) requests(u *judge.URI, n, blocks int) float64 {
	return p.each[u.Index]*float64(max(0, n)) + p.block*float64(max(0, blocks))
}
