package strategy

import (
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// retest sends once more the URIs that a counter would convict, and waits until what was
// only kept for a while has expired. First it sends all of them together, then each by
// itself of which that left a doubt.
func retest(st *judge.State) (record.Action, bool) {
	if named(st) {
		return nil, false
	}
	var grew, free, slowed []*judge.URI
	for _, u := range st.URIs {
		if u.Broken || st.Shares(u) || decided(st, u) {
			continue
		}
		if !st.Grew(u) {
			if st.Slowed(u) {
				slowed = append(slowed, u)
			}
			continue
		}
		grew = append(grew, u)
		if u.Item.Requests.Auto {
			free = append(free, u)
		}
	}
	begun := waits(st) > 0 || began(st, record.Retest, record.Prime)
	if len(grew)+len(slowed) == 0 || !begun && !st.Allows(st.ShortWait()) {
		return nil, false
	}
	if len(grew) > 0 {
		if a, ok := together(st, grew, free); ok {
			return a, true
		}
	}
	return byThemselves(st, slices.Concat(grew, slowed))
}

// together sends once more all that may be, waits, and stirs what they left.
func together(st *judge.State, grew, free []*judge.URI) (record.Action, bool) {
	if waits(st) == 0 {
		for _, u := range free {
			if !had(st, u, record.Retest) {
				return record.Send{URI: u.Index, N: togetherBlock(st, u, free), Purpose: record.Retest, Settle: true, Strict: true}, true
			}
		}
		return record.Measure{Wait: wait(st, kept(st, grew))}, true
	}
	if st.RoseIdle() && waits(st) == 1 && !began(st, record.Stir, record.Prime) && st.Allows(st.ShortWait()) {
		return record.Measure{Wait: st.ShortWait()}, true
	}
	for _, u := range free {
		if had(st, u, record.Retest) && !had(st, u, record.Stir) && !began(st, record.Prime) {
			return record.Send{URI: u.Index, N: judge.Stirs, Purpose: record.Stir, Settle: true, Strict: true}, true
		}
	}
	return nil, false
}

// togetherBlock is how many requests u gets once more beside others: the more, the less
// each of them adds, so that what it leaves stands out from what they do.
func togetherBlock(st *judge.State, u *judge.URI, others []*judge.URI) int {
	most := 0.0
	for _, o := range others {
		most = max(most, st.Grown(o)/float64(max(1, o.Requests())))
	}
	n := againBlock(st, u)
	if each := st.Grown(u) / float64(max(1, u.Requests())); each > 0 {
		n = min(n, int(judge.SweepBlock*most/each))
	}
	return n
}

// byThemselves sends again each that is still in doubt, while nothing that others
// have left expires.
func byThemselves(st *judge.State, grew []*judge.URI) (record.Action, bool) {
	if u := st.Solo(); u != nil {
		return again(st, u)
	}
	first := 0
	for i, u := range grew { // those before the last one were passed over
		if len(blocks(u, record.Prime)) > 0 {
			first = i + 1
		}
	}
	for _, u := range grew[first:] {
		j, _ := st.Judge(u)
		if (j.Label == verdict.Inconclusive || st.Short(u) || st.Adds(u) || unwaited(st, u)) && st.Allows(3*st.ShortWait()) && st.On("solo") {
			// Once before it counts: a ring that all share is full of its own then.
			return record.Send{URI: u.Index, N: againBlock(st, u), Purpose: record.Prime, Round: 1, Strict: true}, true
		}
	}
	return nil, false
}

// unwaited says that u was not sent again with the others, for it was convicted later: RSS
// had them waited for before.
func unwaited(st *judge.State, u *judge.URI) bool {
	return !st.Counted() && u.Item.Requests.Auto && !had(st, u, record.Retest)
}

// again is the next step of the retest of u by itself: its requests once more, and
// a few that stir caches, with a wait before each.
func again(st *judge.State, u *judge.URI) (record.Action, bool) {
	waited := waited(st, st.Last)
	switch {
	case !waited && st.Last.Purpose == record.Prime:
		return record.Measure{Wait: wait(st, othersRest(st, u))}, true
	case !waited:
		return record.Measure{Wait: wait(st, 0)}, true
	case st.Last.Purpose == record.Prime:
		return record.Send{URI: u.Index, N: againBlock(st, u), Purpose: record.Retest, Round: 1, Settle: true, Strict: true}, true
	}
	return record.Send{URI: u.Index, N: judge.Stirs, Purpose: record.Stir, Round: 1, Settle: true, Strict: true}, true
}

// againBlock is how many requests u gets once more. No more are sent in a row than
// have been: more of them at a time would fill pools that are full.
func againBlock(st *judge.State, u *judge.URI) int {
	n := judge.SweepBlock
	for _, b := range u.Blocks {
		n = max(n, b.N())
	}
	return st.Careful(u, min(n, u.Requests(), judge.SweepBlock*judge.SweepRounds))
}

// nativeAgain is the part of the requests that convicted a URI of a leak of native memory
// which is sent again: a half, for that many outgrow the scatter of RSS.
const nativeAgain = 2

// native sends once more, between two waits, each URI that is convicted of a leak of
// native memory: no counter tells whether that was only kept for a while.
func native(st *judge.State) (record.Action, bool) {
	if !st.Counted() || named(st) {
		return nil, false
	}
	if just(st, record.Expiry, nil) && !waited(st, st.Last) && st.Allows(st.ShortWait()) {
		return record.Measure{Wait: st.ShortWait()}, true
	}
	for _, u := range st.URIs {
		n := st.Native(u)
		if n == 0 || u.Broken || !u.Item.Requests.Auto {
			continue
		}
		if waited(st, u.Blocks[len(u.Blocks)-1]) {
			return record.Send{URI: u.Index, N: st.Careful(u, n/nativeAgain), Purpose: record.Expiry, Settle: true}, true
		}
		if st.Allows(2 * st.ShortWait()) {
			return record.Measure{Wait: wait(st, st.Stayed(u))}, true
		}
	}
	return nil, false
}

// had says that u had a block for that purpose on the present process: what another
// one left tells nothing of this one.
func had(st *judge.State, u *judge.URI, p record.Purpose) bool {
	b := blocks(u, p)
	return len(b) > 0 && b[len(b)-1].Life == st.Life().Index && b[len(b)-1].Start.T >= st.Anew
}
