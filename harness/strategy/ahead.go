package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// Ahead implements Strategy.
func (Hunt) Ahead(st *judge.State) (n int) {
	life := st.Life()
	if life == nil {
		return 0
	}
	each := Warmup(st.Header.Plan.Warmup, len(st.URIs), st.Counted())
	passes := len(Blocks(each, warmupPasses, false))
	over := swept(st)
	for _, u := range st.URIs {
		if passes > 0 && !u.Broken {
			n += each * (passes - min(passes, warmed(u, life.Index))) / passes
		}
		switch {
		case u.Broken:
		case u.Suspect && !u.Tried:
			n += judge.LeastAlone
		case !over && !u.Done:
			n += sweepAhead(st, u)
		}
	}
	return n
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
		return judge.SweepBlock * (judge.SweepRounds - len(u.Blocks))
	}
	return max(0, judge.Horizon-u.Counted())
}

// Cost is the number of requests a plan will send, at least and at most, the pass
// that names lines not counted.
func Cost(p record.Plan, items []record.Item, counted bool) (least, most int) {
	w := Warmup(p.Warmup, len(items), counted)*len(items) + p.Before
	least, most = w, w
	for _, it := range items {
		switch {
		case !it.Requests.Auto:
			least += it.Requests.N
			most += it.Requests.N
		case counted:
			least += judge.SweepBlock * judge.SweepRounds
			most += 2 * judge.Horizon
		default:
			least += 128
			most += judge.MaxSweep + judge.MaxAlone
			if p.Target == "command" && len(items) > 1 {
				most += isolateMost
			}
		}
	}
	return least, most
}
