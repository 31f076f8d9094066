package strategy

import (
	"cmp"
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

const (
	// followTime is how long each doubling of what surely grows may take among others,
	// in seconds. On a process of its own it is followAlone.
	followTime, followAlone = 20, isolateTime
	// lookTime and lookAlone are the same for the requests of one that nobody suspects.
	lookTime, lookAlone = 5, followTime
	// aloneTight: of a tight process's series so many requests are alone, at least:
	// growth that its neighbours feed ends with them.
	aloneTight = 448
)

// confirm tries every suspect of the sweep again by itself. While suspects
// share a process they feed each other: what a leak adds to the live heap
// raises the collector's goal, and an innocent neighbour that makes garbage
// then grows too. So each runs in a row, with all others in quarantine. The
// smallest runs first: a confirmed leak of 64 KiB a request adds 130 MB, which
// would hide what comes after it. Where the time limit has no room for all, it is the one that adds
// most for the time that it takes. After a scan, which tells leaks in order, it is the largest. Then
// come those behind whose verdict a leak may hide.
func confirm(st *judge.State) (record.Action, bool) {
	if st.Counted() {
		return nil, false
	}
	if u := current(st); u != nil {
		if a, ok := confirmation(st, u); ok {
			return a, true
		}
	}
	if st.Boundless() {
		return nil, false
	}
	if listens(st) {
		return record.Measure{Wait: st.ShortWait()}, true
	}
	suspects := slices.DeleteFunc(slices.Clone(st.URIs), func(u *judge.URI) bool { return !u.Suspect })
	slices.SortStableFunc(suspects, func(a, b *judge.URI) int { return cmp.Compare(a.Slope, b.Slope) })
	hurry, p := len(suspects) > 1 && hurried(st), paceOf(st)
	switch {
	case hurry:
		slices.SortStableFunc(suspects, func(a, b *judge.URI) int { return cmp.Compare(worth(st, p, b), worth(st, p, a)) })
	case st.Scans():
		slices.Reverse(suspects)
	}
	for _, u := range suspects {
		if u.Tried || u.Broken || hurry && !leavesProof(st, p, u) {
			continue
		}
		return beginAlone(st, u)
	}
	for _, u := range st.URIs {
		if !u.Tried && hidden(st, u) {
			return beginAlone(st, u)
		}
	}
	return nil, false
}

// worth is what a suspect adds for the time that its confirmation takes, in bytes/request and
// second.
func worth(st *judge.State, p pace, u *judge.URI) float64 {
	return u.Slope / (st.ShortWait() + confirming(st, p, u))
}

// confirming is how long u's confirmation takes, mostly, in seconds.
func confirming(st *judge.State, p pace, u *judge.URI) float64 {
	return p.requests(u, aloneMostly(st, u)-u.Picked(st.TellingNow(u)), 1)
}

// leavesProof says that u's confirmation leaves time to follow on those that RSS convicts, or takes
// less time than that. What is followed on may fill a cache.
func leavesProof(st *judge.State, p pace, u *judge.URI) bool {
	owed := 0.0
	for _, o := range st.URIs {
		if growth, ok := st.Convicted(o); ok {
			owed += proofLeft(st, p, o, growth, o.Picked(st.Telling(o)))
		}
	}
	takes := confirming(st, p, u)
	return takes <= owed || owed <= 0 || st.Allows(takes+owed)
}

// listens says that a wait is due in which nothing is sent. It shows whether the process
// grows by itself, where a URI is suspected of that growth.
func listens(st *judge.State) bool {
	if !st.On("idle-rss") || waits(st) > 0 || began(st, record.Alone) || !st.Allows(2*st.ShortWait()) {
		return false
	}
	return slices.ContainsFunc(st.URIs, func(u *judge.URI) bool { return u.Suspect && u.Item.Requests.Auto })
}

// current is the URI that was confirmed last.
func current(st *judge.State) (last *judge.URI) {
	seq := 0
	for _, u := range st.URIs {
		if b := blocks(u, record.Alone); len(b) > 0 && b[len(b)-1].Seq > seq {
			last, seq = u, b[len(b)-1].Seq
		}
	}
	return last
}

// of is the URI of that index; nil where it does not share the present process.
func of(st *judge.State, uri int) *judge.URI {
	for _, u := range st.URIs {
		if u.Index == uri {
			return u
		}
	}
	return nil
}

// hidden says that a leak may hide behind the sweep's verdict on a URI, and that
// a row of quick requests would show it.
func hidden(st *judge.State, u *judge.URI) bool {
	if st.Scans() && u.Requests() == 0 || u.Suspect || u.Broken || !u.Item.Requests.Auto || st.HoldsMore(u) || !quick(st, u, judge.LeastAlone, lookTime, lookAlone) || !st.Shows() || st.GrowsAgain(u) {
		return false
	}
	return st.Hides(u) && st.On("hidden")
}

// quick says that n more requests to u take less than so many seconds: among others, or
// on a process of its own, where nothing else waits for them.
func quick(st *judge.State, u *judge.URI, n int, among, alone float64) bool {
	if len(st.URIs) == 1 {
		among = alone
	}
	return judge.Quick(u.Series, n, among)
}

// beginAlone is the first step of a confirmation: memory falls to what is alive.
func beginAlone(st *judge.State, u *judge.URI) (record.Action, bool) {
	if last := st.Last; last.Purpose == record.Expiry && last.URI != u.Index && !waited(st, last) {
		if o := of(st, last.URI); o != nil && o.Expired != "" && st.Allows(2*wait(st, 0)) {
			return record.Measure{Wait: wait(st, 0)}, true // what it left would go during u's requests
		}
	}
	if a, ok := lead(st, u, judge.LeastAlone/2); ok {
		return a, true
	}
	return aloneBlock(st, u, leastAlone(st, u)-u.Picked(st.TellingNow(u)))
}

func aloneBlock(st *judge.State, u *judge.URI, n int) (record.Action, bool) {
	if n <= 0 {
		n = aloneTight
	}
	n = st.Spare(u, n, judge.BlockShare)
	last := len(u.Blocks) - 1
	anew := last < 0 || u.Blocks[last].Purpose != record.Alone || len(u.Touched) == 0
	return record.Send{
		URI: u.Index, N: n, Purpose: record.Alone, Round: lastRound(st) + 1, Settle: true, Touched: touching(st, n, anew),
	}, true
}

// confirmation is the next step for u, which runs in a row. Its growth must go on
// for four times as long as it took to see it. It must also outgrow the headroom
// that its neighbours' growth may have given the collector.
func confirmation(st *judge.State, u *judge.URI) (record.Action, bool) {
	alone := blocks(u, record.Alone)
	last := alone[len(alone)-1]
	switch {
	case u.Broken, st.HoldsMore(u):
		return nil, false
	case last.Life != st.Life().Index && last.Cut:
		return beginAlone(st, u) // its process was lost
	case last.Life != st.Life().Index:
		return nil, false
	}
	have := u.Picked(st.Telling(u))
	target, next := 0, leastAlone(st, u)
	for next <= have {
		target, next = next, longer(st, next)
	}
	if target == 0 {
		return aloneBlock(st, u, next-have)
	}
	c := st.Confirmation(u)
	switch {
	case c.Verdict.Label == verdict.Leak:
		return expiry(st, u)
	case c.Verdict.Label == verdict.Inconclusive && worthMore(st, u, c, target):
		return aloneBlock(st, u, next-have)
	}
	return nil, false
}

// leastAlone is the length that a suspect's series is to reach first: four
// times that at which its growth was seen. RSS of a process that keeps little
// back shows what is alive as a counter does, and needs no more than the horizon.
func leastAlone(st *judge.State, u *judge.URI) int {
	switch {
	case st.Tight():
		return max(judge.LeastAlone, u.Seen+aloneTight)
	case st.Frees():
		return judge.LeastAlone
	}
	return min(judge.MostAlone, max(judge.LeastAlone, 4*u.Seen))
}

// longer is the length to go on to.
func longer(st *judge.State, n int) int {
	switch {
	case n >= judge.MostAlone:
		return 2 * n
	case st.Tight() || st.Frees():
		return min(judge.MostAlone, n+max(aloneTight, n/5))
	}
	return min(judge.MostAlone, 2*n)
}

// worthMore says whether more requests should follow n that told nothing. Beyond
// the usual length they should only while requests are quick, and in two cases. One
// is a URI that surely grows, and can still outgrow the headroom of a process as it
// comes. The other is a leak that would not have filled the slack yet, or be all that
// grew.
func worthMore(st *judge.State, u *judge.URI, c judge.Confirmed, n int) bool {
	switch {
	case u.Suspect && n < judge.MostAlone:
		return true
	case n >= judge.MaxAlone:
		return false
	case c.Verdict.Low > 0 && st.Outgrows(u, c) && quick(st, u, n, followTime, followAlone):
		return true
	case u.Suspect && c.Verdict.Low > 0:
		return false // what it leaks would hide the others
	}
	return c.Follow && st.Unfilled(u, n) && quick(st, u, n, lookTime, lookAlone)
}
