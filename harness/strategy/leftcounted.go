package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// growing are the URIs that a counter would convict by now.
func growing(st *judge.State) (out []*judge.URI) {
	for _, u := range st.URIs {
		if !u.Broken && len(u.Blocks) >= 4 && !st.Shares(u) && !fades(st, u) && (st.Grew(u) || st.Unended(u)) {
			out = append(out, u)
		}
	}
	return out
}

// followLeft is how long who grows is followed on, by time, by memory, and by what is
// left of the limits.
func followLeft(st *judge.State, p pace) (seconds float64) {
	if waits(st) > 0 || named(st) || st.LaterOpen() || began(st, record.Retest, record.Prime) {
		return 0
	}
	spent := 0.0
	for _, u := range st.URIs {
		spent += followed(u)
	}
	for _, u := range growing(st) {
		if !u.Item.Requests.Auto || u.Later() || !st.Unended(u) || !affordable(st, u) {
			continue
		}
		n := max(0, budget(st, u)-followed(u))
		if sufficed(st, u) {
			n = 0
		}
		if rate := st.Grown(u) / float64(max(1, u.Requests())); rate > 0 {
			ahead := max(0, judge.Horizon-u.Requests())
			n = min(n, max(0, (judge.Plausible-st.Grown(u))/rate-float64(ahead))*p.each(u.Index))
		}
		if u.Done && !st.Grew(u) { // what may be a native library's, mostly ended by the next block
			n = min(n, p.requests(u, followBlock(st, u, u.Requests(), followed(u)), 1))
		}
		seconds += n
	}
	if l := st.Header.Plan.Limits.Time; l > 0 {
		seconds = min(seconds, max(0, followShare*l-spent))
	}
	return seconds
}

// fades says that what u's last block of the sweep added to a counter is less than half of
// what the others did on average: mostly that is a cache that fills.
func fades(st *judge.State, u *judge.URI) bool {
	n := len(u.Blocks)
	if n < 4 || u.Requests() > judge.SweepBlock*judge.SweepRounds {
		return false
	}
	for i, c := range st.Life().Columns {
		if !c.Exact {
			continue
		}
		added := func(b *record.Block) float64 { return b.End.Counter(i) - b.Start.Counter(i) }
		last, before := added(u.Blocks[n-1]), 0.0
		for _, b := range u.Blocks[1 : n-1] {
			before += added(b) / float64(n-2)
		}
		if last >= before/2 && last > 0 {
			return false
		}
	}
	return true
}
