package strategy

import (
	"math"
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// sweep sends the judged requests: rounds of one block to each URI that still
// needs some, each round in a new random order. By RSS alone a URI needs thousands
// of requests in blocks that double; with garbage collected before each reading a
// few equal blocks tell.
func sweep(st *judge.State) (record.Action, bool) {
	if swept(st) {
		return nil, false
	}
	takes := takes(st)
	first, short := foremost(st, takes)
	for round := max(1, lastRound(st)); ; round++ {
		sent := false
		for _, u := range order(st, -1, round) {
			n, begun := left(u, round)
			switch {
			case u.Broken, !takes(u), short && !early(u) && round > judge.SweepRounds && u != first:
				continue
			case !begun && !u.Done:
				n = next(st, u, round)
			}
			if n > 0 && spares(st, u, n) {
				return sweepBlock(st, u, n, round)
			}
			sent = sent || begun
		}
		if !sent {
			return nil, false
		}
	}
}

// swept says that the sweep of the present segment is over, since something came
// that follows it.
func swept(st *judge.State) bool {
	return named(st) || waits(st) > 0 ||
		began(st, record.Alone, record.Follow, record.Expiry, record.Later, record.Delayed, record.Prime, record.Retest, record.Stir)
}

func lastRound(st *judge.State) (round int) {
	for _, u := range st.URIs {
		for _, b := range u.Blocks {
			round = max(round, b.Round)
		}
	}
	return round
}

// left is how many requests are left of u's block of that round, where a process
// was lost in it. begun says whether it was begun at all.
func left(u *judge.URI, round int) (n int, begun bool) {
	for _, b := range u.Blocks {
		if b.Round != round || b.Purpose != record.Sweep {
			continue
		}
		if !begun {
			n, begun = b.Planned, true
		}
		if n -= b.N(); !b.Cut {
			n = 0
		}
	}
	return max(0, n), begun
}

func sweepBlock(st *judge.State, u *judge.URI, n, round int) (record.Action, bool) {
	if a, ok := lead(st, u, n); ok {
		return a, true
	}
	s := record.Send{URI: u.Index, N: n, Purpose: record.Sweep, Round: round, Settle: true}
	if n >= judge.TouchedLeast {
		s.Touched = touching(st, n, true)
	}
	return s, true
}

func touching(st *judge.State, n int, anew bool) record.Touching {
	if !st.TouchedSpeaks() {
		return record.Touching{}
	}
	return record.Touching{Anew: anew, Every: max(1, n/judge.TouchedReadings)}
}

// leastLead is the fewest requests that go ahead of a block; before a long one it
// is an eighth as many as it has. A collector looks at what is old only once in
// a hundred or two light requests: what the neighbours left falls then.
const leastLead = 64

// lead sends requests ahead of a block of n that are not judged. The collector of a
// tight process runs after a few of them. Memory falls to what is alive then, and what
// the neighbour before left does not count for this URI. By a counter one request does, where
// something is carried over. Without a free hand in the number of requests there are none.
func lead(st *judge.State, u *judge.URI, n int) (record.Action, bool) {
	if !u.Item.Requests.Auto || just(st, record.Lead, u) {
		return nil, false
	}
	if st.Counted() {
		last := st.Last
		own := last != nil && last.URI == u.Index && last.Life == st.Life().Index
		return record.Send{URI: u.Index, N: 1, Purpose: record.Lead, Settle: true}, !own && st.CarriesOver()
	}
	if !st.Tight() {
		return nil, false
	}
	m := st.Spare(u, max(n/8, min(leastLead, n/2)), judge.WarmupShare)
	return record.Send{URI: u.Index, N: m, Purpose: record.Lead}, m > 0 && st.On("lead")
}

// next is the size of u's block in that round; 0 when it has had enough.
func next(st *judge.State, u *judge.URI, round int) int {
	want := u.Item.Requests
	switch {
	case !want.Auto && !st.Counted():
		return nth(Blocks(want.N, st.Header.Plan.Rounds, true), round)
	case !want.Auto:
		blocks := Blocks(want.N, st.Header.Plan.Rounds, false)
		if st.On("uneven") && slices.ContainsFunc(st.Life().Columns, func(c record.Column) bool { return c.Exact && !c.Held }) {
			uneven(blocks)
		}
		return nth(blocks, round)
	case !st.Counted():
		return st.Spare(u, st.Brief(u, st.NextLook(u)-u.Requests(), firstShare(st, round)), judge.BlockShare)
	case early(u) || round <= judge.SweepRounds:
		return st.Careful(u, st.Brief(u, judge.SweepBlock, judge.BlockTime))
	}
	return st.Spare(u, st.Brief(u, toHorizon(st, u), laterBlockTime), judge.BlockShare)
}

// firstShare is how many seconds a block of the first round takes at most, by RSS alone: each
// URI gets judged requests before the time limit is reached.
func firstShare(st *judge.State, round int) float64 {
	limit, n := st.Header.Plan.Limits.Time, 0
	for _, u := range st.URIs {
		if !u.Broken && u.Requests() == 0 {
			n++
		}
	}
	if limit <= 0 || round > 1 || n == 0 {
		return math.Inf(1)
	}
	return (limit - st.Now) / float64(n)
}

// early says that u is in its first rounds, also where it begins anew.
func early(u *judge.URI) bool {
	n := 0
	for _, b := range u.Blocks {
		if !b.Cut {
			n++
		}
	}
	return n < judge.SweepRounds
}

// laterBlockTime is how many seconds a block takes at most of what is not settled after
// the first rounds.
const laterBlockTime = 10 * judge.BlockTime

// toHorizon is the size of a block of what grows: it is followed to the horizon in
// a few larger blocks, and what cannot be told by then once as far again.
func toHorizon(st *judge.State, u *judge.URI) int {
	return min(unsettled(st, u), judge.Horizon/judge.SweepRounds)
}

// unsettled is how many requests u still gets in the sweep, beyond the first rounds: to the
// horizon, and what cannot be told by then once as far again.
func unsettled(st *judge.State, u *judge.URI) int {
	left := judge.Horizon - u.Counted()
	if left <= 0 {
		if j, _ := st.Judge(u); j.Label == verdict.Inconclusive && j.More > 0 {
			left += judge.Horizon
		}
	}
	return left
}

// uneven makes equal blocks longer and shorter in turn, by a fifth, a seventh and so
// on, and their sum the same. A cache may be emptied by a part whenever it is full, such
// as Django's by a third of 300. In equal steps it would seem to grow evenly. An exact
// counter convicts by few steps. Any other is judged by a line through many, which asks
// for equal ones.
func uneven(blocks []int) {
	for i := 0; i+1 < len(blocks); i += 2 {
		d := blocks[i] / (5 + i)
		blocks[i], blocks[i+1] = blocks[i]+d, blocks[i+1]-d
	}
}

// nth is the size of the block of a round, counted from 1; 0 after the last.
func nth(blocks []int, round int) int {
	if round > len(blocks) {
		return 0
	}
	return blocks[round-1]
}
