package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// rare goes on with who does not grow, where requests are cheap: in blocks that double, to
// the horizon. A leak that only every few hundredth request makes is in none of the sweep's
// first rounds. A block that would take longer than one of those is not sent.
func rare(st *judge.State) (record.Action, bool) {
	if !st.Counted() || swept(st) || st.Scans() {
		return nil, false
	}
	// The fewest first, so that it goes in rounds.
	var next *judge.URI
	for _, u := range order(st, -1, lastRound(st)) {
		n := rareBlock(st, u)
		if n > 0 && (next == nil || u.Counted() < next.Counted()) && leaves(st, u.Latency()*float64(n), nil) {
			next = u
		}
	}
	if next == nil {
		return nil, false
	}
	round := lastRound(st)
	if _, begun := left(next, round); begun {
		round++
	}
	return sweepBlock(st, next, rareBlock(st, next), round)
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

// rareAhead is how many requests, in how many blocks, u still gets then, as far as is known.
func rareAhead(st *judge.State, u *judge.URI) (n, blocks int) {
	if !st.Counted() || st.Scans() || !st.On("rare") {
		return 0, 0
	}
	for have := max(u.Counted(), judge.SweepBlock*judge.SweepRounds); doubles(st, u, have); have *= 2 {
		n, blocks = n+have, blocks+1
	}
	return n, blocks
}
