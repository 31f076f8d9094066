package strategy

import "leakhunt/harness/judge"

// pace is how long things have taken in this run, in seconds.
type pace struct {
	st    *judge.State
	block float64 // what a settled block takes beside its requests, by now
	trace float64 // naming the lines of one URI
}

func paceOf(st *judge.State) pace {
	p := pace{st: st}
	var traces float64
	traced := 0
	for _, s := range st.Segments {
		for _, t := range s.Traces {
			traces += t.Cost.Seconds
			traced++
		}
	}
	settled := st.Lately
	for _, b := range settled {
		p.block += max(0, b.End.T-b.Start.T-b.Sending()) / float64(len(settled))
	}
	if traced > 0 {
		p.trace = traces / float64(traced)
	}
	return p
}

// each is how long a request to a URI takes, in seconds, with what is read after it: as in the last
// segment in which it was sent, or as any URI's.
func (p pace) each(uri int) float64 {
	n, seconds := p.st.Spent(uri)
	if n == 0 {
		n, seconds = p.st.SpentAll()
	}
	return seconds / max(1, n)
}

func (p pace) requests(u *judge.URI, n, blocks int) float64 {
	return p.each(u.Index)*float64(max(0, n)) + p.block*float64(max(0, blocks))
}
