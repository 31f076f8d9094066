package strategy

import (
	"strings"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// A bounded cache grows as evenly as a leak until it is full. So what would be
// convicted by a counter is followed on while that is cheap: until it has grown by
// so much that no cache of a reasonable size explains it, or for so long.
const (
	// followMost is how many seconds a URI is followed at most, and followKeyed those of one
	// whose requests each have a new key: new keys are what fills caches.
	followMost, followKeyed = 60, 120
	// followPlain is how many seconds are enough, and followLeast how many requests
	// then, for a URI whose requests are all the same.
	followPlain = 8
	followLeast = 6 * judge.Horizon
	// sharedBudget is of how many URIs one that stands for others may use the time.
	sharedBudget = 3
	// enough is the share of a budget from which the rest of it is not worth a block.
	enough = 0.9
	// followShare is the share of the time limit, and of the memory that limits.rss
	// leaves, that following may take in all.
	followShare = 0.4
)

// follow sends more of what a counter would convict, in blocks that double.
func follow(st *judge.State) (record.Action, bool) {
	if !st.Counted() || waits(st) > 0 || named(st) || st.LaterOpen() || began(st, record.Retest, record.Prime) {
		return nil, false
	}
	// One after the other: what a neighbour's requests have left for a while expires in
	// the first block then, and in no later one.
	var next *judge.URI
	for _, u := range st.URIs {
		if u.Broken || !u.Item.Requests.Auto || u.Later() || !st.Unended(u) || st.Shares(u) || u.Waiting() || sufficed(st, u) || !affordable(st, u) {
			continue
		}
		if next == nil || just(st, record.Follow, u) {
			next = u
		}
	}
	if next == nil {
		return nil, false
	}
	n := followBlock(st, next, next.Requests(), followed(next))
	return record.Send{URI: next.Index, N: n, Purpose: record.Follow, Round: lastRound(st) + 1, Settle: true}, n > 0
}

// sufficed says that u has been followed for as long as it may be, or that the rest is not
// worth a block.
func sufficed(st *judge.State, u *judge.URI) bool {
	spent := followed(u)
	few := !keyed(u) && u.Counted() < followLeast
	most := budget(st, u)
	return spent >= enough*max(most, followMost) || spent >= enough*most && !few
}

// followed is how many seconds u has been followed.
func followed(u *judge.URI) float64 {
	return seconds(blocks(u, record.Follow))
}

// requests is how many requests blocks have.
func requests(blocks []*record.Block) (n int) {
	for _, b := range blocks {
		n += b.N()
	}
	return n
}

// seconds is how long the requests of blocks took.
func seconds(blocks []*record.Block) (sum float64) {
	for _, b := range blocks {
		if n := b.N(); n > 0 {
			sum += float64(b.At.At(n-1))/record.Ticks - b.Start.T
		}
	}
	return sum
}

// keyed says that each request of u has a new key, as far as the scenario tells.
func keyed(u *judge.URI) bool { return strings.Contains(u.URI, "{{") || u.Visitor != nil }

// budget is how many seconds u may be followed. Where it stands for others, it has what
// is left of their time, too: what all requests fill is larger.
func budget(st *judge.State, u *judge.URI) float64 {
	if n := st.Leads(u); n > 1 {
		return followMost * min(float64(n), sharedBudget)
	}
	each := u.Latency()
	if keyed(u) || each <= 0 {
		return longest(u)
	}
	return min(followMost, max(followPlain, followLeast*each))
}

// longest is how many seconds u is followed at most.
func longest(u *judge.URI) float64 {
	if keyed(u) {
		return followKeyed
	}
	return followMost
}

// affordable says that following u takes no more time and memory than there is.
func affordable(st *judge.State, u *judge.URI) bool {
	limits := st.Header.Plan.Limits
	grown := st.Grown(u)
	if grown >= enough*judge.Plausible {
		return false
	}
	if limits.RSS > 0 && grown > followShare*float64(limits.RSS-st.Reading.RSS) {
		return false
	}
	spent := 0.0
	for _, o := range st.URIs {
		spent += followed(o) + seconds(blocks(o, record.Delayed))
	}
	return limits.Time <= 0 || spent < followShare*limits.Time && leaves(st, judge.SweepBlock*u.Latency(), u)
}

// followBlock is how many requests u is sent next: as many as it has had, within what its
// budget leaves after so many seconds.
func followBlock(st *judge.State, u *judge.URI, had int, spent float64) int {
	n := float64(had)
	if each := u.Latency(); each > 0 {
		left := (budget(st, u) - spent) / each
		if !just(st, record.Follow, u) {
			left /= 2 // the first block counts for nothing: what neighbours left expires in it
		}
		n = min(n, left)
		if l := st.Header.Plan.Limits.Time; l > 0 && !leaves(st, n*each, u) {
			n = min(n, (l-st.Now-beforeFollowing(st, paceOf(st), u))/each)
		}
	}
	if rate := st.Grown(u) / float64(u.Requests()); rate > 0 {
		n = min(n, (judge.Plausible-st.Grown(u))/rate)
	}
	return st.Spare(u, max(judge.SweepBlock, int(n)), judge.BlockShare)
}
