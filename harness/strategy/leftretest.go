package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// retestLeft is how long who grew is sent once more, and nothing is sent, to see what
// is let go.
func retestLeft(st *judge.State, p pace) float64 {
	grew, stay := growing(st), waitLeft(st, 0)
	if named(st) || !st.On("retest") {
		return 0
	}
	slowed := slowedLeft(st, stay)
	if len(grew) == 0 && slowed == 0 && st.Solo() == nil {
		return askedLeft(st, st.URIs[0])
	}
	seconds := slowed
	if waits(st) == 0 && len(grew) > 0 {
		seconds += waitLeft(st, kept(st, grew))
	}
	for _, u := range grew {
		if !had(st, u, record.Retest) && waits(st) == 0 {
			seconds += p.requests(u, judge.SweepBlock, 1)
		}
		if !had(st, u, record.Stir) {
			seconds += p.requests(u, judge.Stirs, 1)
		}
	}
	if st.RoseIdle() && waits(st) == 1 && !began(st, record.Stir, record.Prime) {
		seconds += st.ShortWait()
	}
	return seconds + soloLeft(st, stay)
}

// soloLeft is how long the one is still waited for that is sent again by itself: once
// after what comes before it counts, and once after it.
func soloLeft(st *judge.State, stay float64) float64 {
	if st.Solo() == nil {
		return doubtLeft(st, stay)
	}
	waited := waited(st, st.Last)
	n := 1.0
	if st.Last.Purpose == record.Prime {
		n = 2
	}
	if waited {
		n--
	}
	return n * stay
}

// doubtLeft is how long those will be waited for that the retest of all left a doubt of.
func doubtLeft(st *judge.State, stay float64) (seconds float64) {
	if !began(st, record.Stir) {
		return 0
	}
	for _, u := range growing(st) {
		if len(blocks(u, record.Prime)) > 0 {
			continue
		}
		if j, _ := st.Judge(u); j.Label == verdict.Inconclusive || st.Short(u) || st.Adds(u) {
			seconds += 2 * stay
		}
	}
	return seconds
}

// slowedLeft is how long those will be waited for whose growth has slowed, and is open. Blocks
// that end with a pause, where those are still to come, mostly tell sooner.
func slowedLeft(st *judge.State, stay float64) (seconds float64) {
	for _, u := range st.URIs {
		if !u.Broken && !st.Shares(u) && !st.Grew(u) && len(blocks(u, record.Prime)) == 0 && st.Slowed(u) && (!pauses(st) || !disturbed(st, u)) {
			seconds += 2 * stay
		}
	}
	return seconds
}
