package strategy

import (
	"leakhunt/harness/judge"
)

// Left is how many seconds the run still takes, as far as is known: requests at the speed
// of those that were sent, each block's collections and readings, and every wait. It is 0
// until there is a speed.
func (Hunt) Left(st *judge.State) float64 {
	life := st.Life()
	if life == nil || st.Total == 0 {
		return 0
	}
	p := paceOf(st)
	n := segmentLeft(st, p)
	n += trials(st, p)
	if l := st.Header.Plan.Limits.Time; l > 0 {
		n = min(n, max(0, l-st.Now))
	}
	return n
}

// segmentLeft is what the present segment still takes.
func segmentLeft(st *judge.State, p pace) (seconds float64) {
	if st.Scans() && lastRound(st) == 0 && !named(st) {
		return scanLeft(st, p)
	}
	over, warmup, takes := swept(st), passes(st), takes(st)
	for _, u := range st.URIs {
		if u.Broken {
			continue
		}
		seconds += p.requests(u, warmupAhead(st, u, warmup), 0)
		if !over && !u.Done && takes(u) {
			seconds += sweepLeft(st, p, u)
		}
	}
	if !over {
		_, more := rareAhead(st, p)
		seconds += more
	}
	if st.Counted() {
		return seconds + followLeft(st, p) + laterLeft(st, p) + retestLeft(st, p) + namesLeft(st, p)
	}
	return seconds + confirmLeft(st, p) + namesLeft(st, p)
}

// scanLeft is what a scan still takes, its readings and pauses included, and then the URIs that it has
// come down to: rounds, following, the retest, and naming their lines.
func scanLeft(st *judge.State, each pace) float64 {
	p, sending := scanned(st), st.Now-st.Life().T
	if rests(st) {
		sending = max(0, sending-st.ShortWait()*float64(p.pauses))
	}
	seconds := float64(Hunt{}.Ahead(st))*sending/float64(st.Total) + p.pausesLeft(st)
	followed := false
	for _, l := range p.leaves {
		u := of(st, l.URI)
		if u == nil || l.Flat > 0 && !l.Grew { // most of these do not grow in the next pause, either
			continue
		}
		seconds += sweepLeft(st, each, u) + budget(st, u) + naming(each, u)
		followed = true
	}
	if followed {
		seconds += waitLeft(st, 0)
	}
	return seconds
}

// sweepLeft is what the rounds of u still take.
func sweepLeft(st *judge.State, p pace, u *judge.URI) float64 {
	have := u.Requests()
	switch {
	case !u.Item.Requests.Auto:
		rounds := st.Header.Plan.Rounds
		return p.requests(u, u.Item.Requests.N-have, rounds-len(u.Blocks))
	case !st.Counted():
		n := judge.MaxSweep / 2
		for n <= have {
			n *= 2
		}
		n -= have
		if st.Tight() && st.On("lead") {
			n += n / 8 // they go ahead: see lead
		}
		return p.requests(u, n, 1)
	case len(u.Blocks) < judge.SweepRounds:
		k := judge.SweepRounds - len(u.Blocks)
		return p.requests(u, st.Brief(u, judge.SweepBlock, judge.BlockTime)*k, k)
	}
	n := judge.Horizon - u.Counted()
	return p.requests(u, n, 1+n/st.Brief(u, judge.Horizon/judge.SweepRounds, laterBlockTime))
}

// namesLeft is how long the lines of who is convicted take.
func namesLeft(st *judge.State, p pace) (seconds float64) {
	if st.Header.Plan.Sites == "off" || !st.Life().Traces {
		return 0
	}
	for _, u := range growing(st) {
		if traced(st, u) {
			continue
		}
		if p.trace > 0 {
			seconds += p.trace
			continue
		}
		seconds += p.requests(u, judge.NameRequests+callerRequests, 4)
	}
	return seconds
}
