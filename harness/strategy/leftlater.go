package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// laterLeft is how long URIs are sent once more, with a pause behind each, that may leave
// something to be done later. Then come, by themselves, those that may have done so. Before
// the sweep is over nobody knows who that is.
func laterLeft(st *judge.State, p pace) (seconds float64) {
	if !pauses(st) {
		return 0
	}
	begun := began(st, record.Later)
	if nextLater(st) != nil || !begun {
		for _, u := range st.URIs {
			if len(u.Blocks) >= judge.SweepRounds && !st.LaterSent(u) && st.Undone(u) {
				seconds += p.requests(u, st.LaterRequests(u), 2) + judge.Pause // read before the pause, and behind it
			}
		}
		if seconds > 0 {
			seconds += judge.LaterWait
			if !begun && len(growing(st)) > 0 {
				seconds += judge.LaterWait
			}
		}
	} else if just(st, record.Later, nil) && !waited(st, st.Last) {
		seconds = judge.LaterWait
	}
	return seconds + delayedLeft(st, p)
}

// pauses says that blocks which end with a pause may still come.
func pauses(st *judge.State) bool {
	return st.On("later") && waits(st) == 0 && !named(st) && !began(st, record.Retest, record.Prime)
}

// disturbed says that u is to have blocks that end with a pause, for what others free.
func disturbed(st *judge.State, u *judge.URI) bool {
	return len(blocks(u, record.Delayed)) < delayedRounds && st.Disturbed(u)
}

// delayedLeft is how long URIs are sent in blocks that end with a pause of their own: those
// that others disturb, and those that may be what was added in the pauses. See delayed.
func delayedLeft(st *judge.State, p pace) (seconds float64) {
	unknown := true // nobody is known to add something late
	for _, u := range st.URIs {
		have := len(blocks(u, record.Delayed))
		n := delayedRounds - have
		switch {
		case n <= 0:
			continue
		case disturbed(st, u) || have > 0 && st.AddsLater(u):
		case st.AddsLater(u): // of these one goes on, mostly
			if !unknown {
				n = 1
			}
			unknown = false
		default:
			continue
		}
		pause := float64(judge.LaterWait)
		switch {
		case st.AddsLater(u):
		case have == 0 && st.OthersFreed(u):
			seconds += max(0, wait(st, othersRest(st, u))-pause)
		case have > 0 && st.Keeps(u):
			pause = judge.Pause
		}
		seconds += p.requests(u, n*st.LaterRequests(u), n) + float64(n)*pause
	}
	return seconds
}
