package strategy

import (
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// delayedRounds is how many blocks that end with a pause are of the same size, and
// delayedMost how many a URI gets of any size.
const (
	delayedRounds = 6
	delayedMost   = 10
)

// later sends once more, with a pause behind each, those whose floor holds what was
// added while others ran: what comes in the pauses may be theirs, and nothing else is.
func later(st *judge.State) (record.Action, bool) {
	if !st.Counted() || waits(st) > 0 || named(st) || began(st, record.Retest, record.Prime) {
		return nil, false
	}
	if a, ok := pausing(st, nextLater(st)); ok {
		return a, true
	}
	return delayed(st)
}

// quiet does so once more after a wait. What others kept for a while is gone then: as it
// went, it hid what the first rounds might have shown.
func quiet(st *judge.State) (record.Action, bool) {
	if !st.Counted() || named(st) || st.LaterRounds() > laterRounds || !leaves(st, judge.LaterWait, nil) {
		return nil, false
	}
	if waits(st) > 0 {
		return pausing(st, pausedNext(st, st.Uncovered))
	}
	long := wait(st, 0)
	return record.Measure{Wait: long}, leaves(st, 2*long, nil) && slices.ContainsFunc(st.URIs, st.Covered)
}

// pausing is the next step of rounds in which URIs are sent with a pause behind each, next
// first; nil: the round is over.
func pausing(st *judge.State, next *judge.URI) (record.Action, bool) {
	begun := began(st, record.Later)
	switch {
	case next != nil && just(st, record.Later, nil) && !waited(st, st.Last):
		return record.Measure{Wait: judge.Pause}, true
	case next != nil && !begun && !waited(st, st.Last) && slices.ContainsFunc(st.URIs, st.Grew):
		return record.Measure{Wait: judge.LaterWait}, true // what others have left to be done later
	case next != nil:
		return record.Send{URI: next.Index, N: st.LaterRequests(next), Purpose: record.Later, Settle: true, Strict: true}, true
	case begun && just(st, record.Later, nil) && !waited(st, st.Last):
		return record.Measure{Wait: judge.LaterWait}, true
	}
	return nil, false
}

// laterRounds is how often URIs are sent with a pause behind each, at most. What a
// neighbour adds behind a URI in one order, it does not in the other.
const laterRounds = 2

// nextLater is the next URI that is sent with a pause behind it; nil after the last one.
// The first round is in the scenario's order. The second one is in the other order, of
// those whose floor is still wide.
func nextLater(st *judge.State) *judge.URI {
	if began(st, record.Delayed) || !leaves(st, judge.LaterWait, nil) || st.LaterRounds() == laterRounds {
		return nil
	}
	return pausedNext(st, st.Undone)
}

// pausedNext is the next one in a round; nil after the last one.
func pausedNext(st *judge.State, wanted func(*judge.URI) bool) *judge.URI {
	rest := slices.Clone(st.URIs)
	if st.LaterRounds() > 0 {
		slices.Reverse(rest)
	}
	for i := len(rest) - 1; i >= 0; i-- {
		if st.LaterSent(rest[i]) {
			rest = rest[i+1:]
			break
		}
	}
	for _, u := range rest {
		if wanted(u) {
			return u
		}
	}
	return nil
}

// delayed sends blocks that end with a pause of their own. It sends them to the URIs that
// may have added something in the pauses, and to those that others disturb. Each gets one
// first. One that adds something gets more, until it is convicted or its growth comes to an
// end. The first pause is long enough for what others have left to expire, where they were
// seen to free much. A URI that keeps through it what it has added, and adds nothing late,
// needs no other such pause.
func delayed(st *judge.State) (record.Action, bool) {
	for _, u := range st.URIs {
		if !st.AddsLater(u) && !st.Disturbed(u) || st.HoldsMore(u) || !leaves(st, 2*judge.LaterWait, nil) {
			continue
		}
		have := blocks(u, record.Delayed)
		n := st.LaterRequests(u)
		if k := len(have); k >= delayedRounds {
			more := followBlock(st, u, requests(have), seconds(have))
			if k >= delayedMost || more < n || !open(st, u) || !affordable(st, u) {
				continue
			}
			n = more
		}
		pause := float64(judge.LaterWait)
		switch {
		case st.AddsLater(u):
		case len(have) == 0 && st.OthersFreed(u):
			pause = max(pause, wait(st, othersRest(st, u)))
		case len(have) > 0 && st.Keeps(u):
			pause = judge.Pause
		}
		return record.Send{URI: u.Index, N: n, Purpose: record.Delayed, Round: lastRound(st) + 1, Settle: true, Pause: pause}, true
	}
	return nil, false
}

// open says that more requests to u may settle whether it leaks.
func open(st *judge.State, u *judge.URI) bool {
	j, _ := st.Judge(u)
	return st.Unended(u) || j.Label == verdict.Inconclusive && j.More > 0
}
