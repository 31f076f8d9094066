package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/verdict"
)

// Where the time limit leaves too little to settle all that may leak, the sweep settles one
// URI after the other. Who surely grows goes first, and of those who can be settled in time.
// Of these it is who adds most for the time that it takes. What a conviction takes goes
// before all others.

// foremost is the URI that the later rounds of the sweep go on with, where time is short.
// It is nil where there is no time for anybody.
func foremost(st *judge.State, takes func(*judge.URI) bool) (u *judge.URI, short bool) {
	limit := st.Header.Plan.Limits.Time
	if limit <= 0 || !st.Counted() || len(st.URIs) == 1 || lastRound(st) < judge.SweepRounds || !st.On("short") {
		return nil, false
	}
	p := paceOf(st)
	all, costs := 0.0, map[*judge.URI]float64{}
	for _, o := range st.URIs {
		if o.Broken || o.Done || !o.Item.Requests.Auto || !takes(o) {
			continue
		}
		if early(o) {
			return nil, false
		}
		if n := unsettled(st, o); n > 0 {
			costs[o] = p.requests(o, n, 1+n/st.Brief(o, judge.Horizon/judge.SweepRounds, laterBlockTime))
			all += costs[o]
		}
	}
	if len(costs) == 0 || st.Allows(all+mostOwed(st, p)) {
		return nil, false
	}
	owing := owed(st, p)
	if st.Allows(all + owing) {
		return nil, false
	}
	convicted, left := convicts(st), limit-st.Now-owing
	best, most := 0, 0.0
	for _, o := range st.URIs {
		cost, ok := costs[o]
		fits := cost+naming(p, o) <= left
		if !ok || !fits && left < laterBlockTime {
			continue
		}
		j, _ := st.Judge(o)
		rank, worth := 0, max(0, j.Growth)/cost
		switch {
		case st.Surely(o):
			rank = 4
		case j.Low > 0: // by RSS alone, beside counters that stand still
			rank = 2
		case len(convicted) > 0:
			continue // the conviction need not wait for who may grow
		}
		if fits {
			rank++
		}
		if u == nil || rank > best || rank == best && worth > most {
			u, best, most = o, rank, worth
		}
	}
	return u, true
}

// Unsettled are the URIs of the present process that the time limit left no time for: the
// sweep was over before they were settled.
func (Hunt) Unsettled(st *judge.State) (n int) {
	counted := st.Counted()
	if st.Header.Plan.Limits.Time <= 0 || counted && lastRound(st) < judge.SweepRounds {
		return 0
	}
	for _, u := range st.URIs {
		waits := u.Waiting()
		if !counted {
			waits = cutShort(st, u)
		}
		if waits && u.Requests()+u.Dropped > 0 {
			n++
		}
	}
	return n
}

// cutShort says that RSS was to tell more of u, and that the suspects needed the time for that.
func cutShort(st *judge.State, u *judge.URI) bool {
	if u.Broken || u.Done || u.Tried || !u.Item.Requests.Auto {
		return false
	}
	seconds := st.ShortWait() + u.Latency()*float64(st.NextLook(u)-u.Requests())
	for _, o := range st.URIs {
		if o.Tried && o.Suspect {
			seconds += o.Latency() * float64(aloneMostly(st, o))
		}
	}
	j, _ := st.Judge(u)
	return j.Label == verdict.Inconclusive && !st.Allows(seconds)
}

// spares says that n requests to u leave the time that it takes to try those by themselves that
// RSS suspects.
func spares(st *judge.State, u *judge.URI, n int) bool {
	owed := owedAlone(st, u)
	return owed <= 0 || st.Allows(owed+u.Latency()*float64(n))
}

// slower is how many times as long as another a URI answers that is to wait for it.
const slower = 4

// owedAlone is how long it takes to try those by themselves that RSS suspects, in seconds, before
// u is sent more. Those that are much slower than u can wait for it, and those that are much
// quicker are followed first. It is 0 where nobody is suspected, and where the time limit leaves
// too little for that.
func owedAlone(st *judge.State, u *judge.URI) float64 {
	if st.Header.Plan.Limits.Time <= 0 || st.Counted() || !st.On("short") {
		return 0
	}
	var least, mostly float64
	p := paceOf(st)
	for _, o := range st.URIs {
		if o.Suspect && !o.Tried && !o.Broken && o.Latency() <= slower*u.Latency() {
			have := o.Picked(st.TellingNow(o))
			least += o.Latency() * float64(leastAlone(st, o)-have)
			mostly += o.Latency() * float64(aloneMostly(st, o)-have)
			if u.Latency() > slower*o.Latency() { // and to follow it, before u is sent more
				mostly += likely(st, o) * proofLeft(st, p, o, o.Slope, aloneMostly(st, o))
			}
		}
	}
	if least <= 0 || !st.Allows(least) {
		return 0
	}
	if listens(st) {
		mostly += st.ShortWait()
	}
	return mostly
}

// hurried says that the time limit has no room to try all suspects of RSS by themselves, and to
// follow those that it will convict.
func hurried(st *judge.State) bool {
	return st.Header.Plan.Limits.Time > 0 && st.On("short") && !st.Allows(confirmLeft(st, paceOf(st)))
}

// owed is how long it takes to follow those that a counter would convict, and what comes
// after that.
func owed(st *judge.State, p pace) float64 {
	seconds := after(st, p)
	for _, u := range convicts(st) {
		if st.Unended(u) && !sufficed(st, u) {
			seconds += max(0, budget(st, u)-followed(u))
		}
	}
	return seconds
}

// mostOwed is what owed may be at most, whichever URIs grow: that is told sooner.
func mostOwed(st *judge.State, p pace) (seconds float64) {
	for _, u := range st.URIs {
		seconds += followMost + st.Header.Plan.Stay + naming(p, u)
	}
	return seconds
}

// beforeFollowing is how long that takes which goes before following u: all that convictions take, or
// what comes after that for one of them.
func beforeFollowing(st *judge.State, p pace, u *judge.URI) float64 {
	if st.Grew(u) {
		return after(st, p)
	}
	return owed(st, p)
}

// leaves says that the time limit leaves so many seconds beside what goes before following
// u. With no u it says so beside all that comes after following.
func leaves(st *judge.State, seconds float64, u *judge.URI) bool {
	if st.Header.Plan.Limits.Time <= 0 {
		return true
	}
	p := paceOf(st)
	switch {
	case st.Allows(seconds + mostOwed(st, p)):
		return true
	case u == nil:
		return st.Allows(seconds + after(st, p))
	}
	return st.Allows(seconds + beforeFollowing(st, p, u))
}

// after is how long it takes to send once more those that a counter would convict, and to
// name their lines. A clean URI is traced for that, too.
func after(st *judge.State, p pace) (seconds float64) {
	all := convicts(st)
	for _, u := range all {
		seconds += st.ShortWait() + naming(p, u)
	}
	if _, ok := control(st); len(all) > 0 && !ok && st.Header.Plan.Sites != "off" && st.Life().Traces {
		if c := clean(st); c != nil {
			seconds += p.requests(c, 2*controlRequests, 2)
		}
	}
	return seconds
}

// naming is how long it takes to send u once more, and to name its lines. A request that is
// traced takes twice as long.
func naming(p pace, u *judge.URI) float64 {
	return p.requests(u, judge.SweepBlock+judge.Stirs+2*(judge.NameRequests+callerRequests), 6)
}

// convicts are those that an exact counter would convict.
func convicts(st *judge.State) (out []*judge.URI) {
	for _, u := range st.URIs {
		if !u.Broken && st.Grew(u) && !st.Shares(u) && !decided(st, u) {
			out = append(out, u)
		}
	}
	return out
}
