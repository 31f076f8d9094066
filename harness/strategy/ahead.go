package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/strategy/scan"
)

// leastLook is at how many requests RSS alone may be enough, at the earliest.
const leastLook = 128

// Ahead implements Strategy.
func (Hunt) Ahead(st *judge.State) (n int) {
	life := st.Life()
	if life == nil {
		return 0
	}
	if st.Scans() && len(st.Segment().Traces) == 0 && lastRound(st) == 0 {
		least, _ := ScanCost(st.Header.Plan, st.Header.Items, st.Counted())
		return max(0, least-st.Total)
	}
	over, scans, warmup := swept(st), st.Scans(), passes(st)
	for _, u := range st.URIs {
		if !u.Broken {
			n += warmupAhead(st, u, warmup)
		}
		switch {
		case u.Broken:
		case u.Suspect && !u.Tried:
			n += judge.LeastAlone
		case !over && !u.Done && (u.Requests() > 0 || !scans):
			n += sweepAhead(st, u)
		}
	}
	if !over && st.Total > 0 {
		more, _ := rareAhead(st, paceOf(st))
		n += more
	}
	if st.Header.Plan.Isolate {
		for i, it := range st.Header.Items {
			if !st.Isolated(i) {
				n += Warmup(st.Header.Plan.Warmup, 1, st.Counted()) + leastOf(it, st.Counted())
			}
		}
	}
	return n
}

// leastOf is how many judged requests a URI gets at least.
func leastOf(it record.Item, counted bool) int {
	switch {
	case !it.Requests.Auto:
		return it.Requests.N
	case counted:
		return judge.SweepBlock * judge.SweepRounds
	}
	return leastLook
}

// sweepAhead is how many judged requests u still gets, as far as is known.
func sweepAhead(st *judge.State, u *judge.URI) int {
	have := u.Requests()
	switch {
	case !u.Item.Requests.Auto:
		return max(0, u.Item.Requests.N-have)
	case !st.Counted():
		return max(0, judge.MaxSweep-have)
	case len(u.Blocks) < judge.SweepRounds:
		return st.Brief(u, judge.SweepBlock, judge.BlockTime) * (judge.SweepRounds - len(u.Blocks))
	}
	return max(0, judge.Horizon-u.Counted())
}

// Cost is the number of requests a plan will send, at least and at most, the pass
// that names lines not counted.
func Cost(p record.Plan, items []record.Item, counted bool) (least, most int) {
	w := Warmup(p.Warmup, len(items), counted)*len(items) + p.Before
	if p.Isolate {
		w = (Warmup(p.Warmup, 1, counted) + p.Before) * len(items)
	}
	least, most = w, w
	for _, it := range items {
		least += leastOf(it, counted)
		switch {
		case !it.Requests.Auto:
			most += it.Requests.N
		case counted:
			most += 2 * judge.Horizon
		default:
			most += judge.MaxSweep + judge.MaxAlone
			if p.Target == "command" && len(items) > 1 && !p.Isolate {
				most += isolateMost
			}
		}
	}
	return least, most
}

// scanMost is by how many times its first doses a scan costs, where caches of many URIs fill,
// or a process keeps what is free: groups are halved, and some URIs get more. For 1,024 URIs it
// was 4.4 times at most in Ruby by RSS, and 3.6 times where many of them fill caches (SCAN.md).
const scanMost = 5

// ScanCost is about how many requests a scan of those URIs costs: where none grows, and
// where a few do.
func ScanCost(p record.Plan, items []record.Item, counted bool) (least, most int) {
	n := len(items)
	dose, each := leastResident, judge.MaxSweep+judge.MaxAlone
	if counted {
		dose, each = leastCounted, 2*judge.Horizon
	}
	least = (Warmup(p.Warmup, n, false)+dose)*n + p.Before
	return least, scanMost*least + scanFew*each
}

// scanFew is how many URIs leak in what ScanCost and ScanPauses count.
const scanFew = 3

// ScanPauses is how many seconds of pauses a scan takes where a few URIs grow.
func ScanPauses(p record.Plan) float64 {
	wait := min(judge.ShortWait, p.Stay)
	if p.Limits.Time > 0 && wait > restShare*p.Limits.Time {
		return 0
	}
	return scanFew * scan.Pauses * wait
}
