package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// rareMost is how many seconds the blocks of rare may take in all: as many as one suspect is
// followed.
const rareMost = followMost

// rare goes on with who does not grow, where requests are cheap: in blocks that double, to
// the horizon. A leak that only every few hundredth request makes is in none of the sweep's
// first rounds. A block that would take longer than one of those is not sent.
func rare(st *judge.State) (record.Action, bool) {
	if !st.Counted() || swept(st) || st.Scans() || rareSpent(st) >= rareMost {
		return nil, false
	}
	// The fewest first, so that it goes in rounds.
	var next *judge.URI
	size := 0
	for _, u := range order(st, -1, lastRound(st)) {
		n := rareBlock(st, u)
		if n > 0 && (next == nil || u.Counted() < next.Counted()) && leaves(st, u.Latency()*float64(n), nil) {
			next, size = u, n
		}
	}
	if next == nil {
		return nil, false
	}
	round := lastRound(st)
	if _, begun := left(next, round); begun {
		round++
	}
	return sweepBlock(st, next, size, round)
}

// rareBlock is how many more requests u is sent; 0 where it grows, has had enough, or its
// requests are not cheap.
func rareBlock(st *judge.State, u *judge.URI) int {
	have := u.Counted()
	if !u.Done || !doubles(st, u, have) || st.Careful(u, have) < have {
		return 0
	}
	return have
}

// doubles says that u is sent as many requests again as it has had, where it does not grow.
func doubles(st *judge.State, u *judge.URI, have int) bool {
	return !u.Broken && u.Item.Requests.Auto && 2*have <= judge.Horizon && !st.Surely(u) &&
		st.Brief(u, have, judge.BlockTime) == have
}

// rareSpent is how many seconds they have taken so far.
func rareSpent(st *judge.State) (sum float64) {
	for _, u := range st.URIs {
		if own := blocks(u, record.Sweep); len(own) > judge.SweepRounds && !st.Surely(u) {
			sum += seconds(own[judge.SweepRounds:])
		}
	}
	return sum
}

// rareAhead is how many requests are still to come in them, as far as is known, and how many
// seconds those take.
func rareAhead(st *judge.State, p pace) (n int, seconds float64) {
	if !st.Counted() || st.Scans() || !st.On("rare") {
		return 0, 0
	}
	for _, u := range st.URIs {
		if st.Surely(u) {
			continue
		}
		for have := max(u.Counted(), judge.SweepBlock*judge.SweepRounds); doubles(st, u, have); have *= 2 {
			n, seconds = n+have, seconds+p.requests(u, have, 1)
		}
	}
	if left := max(0, rareMost-rareSpent(st)); seconds > left {
		return int(float64(n) * left / seconds), left
	}
	return n, seconds
}
