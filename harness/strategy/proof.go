package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// expiry tries a URI that RSS convicts once more, after a pause. Thousands of quick
// requests are over before the first entry of a cache expires, or the first timer ends.
// What comes after the pause takes the room that those had, but a leak grows on. As many
// requests are sent as convicted it: so many outgrow what waits for a collection.
func expiry(st *judge.State, u *judge.URI) (record.Action, bool) {
	if st.Proved(u) > 0 || u.Expired != "" || !u.Item.Requests.Auto || u.AskedAgain() {
		return nil, false
	}
	n := u.Picked(st.Telling(u))
	alone := blocks(u, record.Alone)
	last := alone[len(alone)-1]
	if waited(st, last) {
		return proofBlock(st, u, n), st.On("rss-expiry")
	}
	took := u.TookInARow(n / 2)
	if last.N() < 4 || !st.Allows(2*st.ShortWait()) || took >= stay(st) {
		return nil, false
	}
	return record.Measure{Wait: wait(st, took)}, st.On("rss-expiry")
}

func proofBlock(st *judge.State, u *judge.URI, n int) record.Action {
	return record.Send{URI: u.Index, N: n, Purpose: record.Expiry, Touched: touching(st, n, false)}
}

// prove follows each URI that RSS convicts on while that is cheap, once all suspects
// were tried: what it fills may come to an end.
func prove(st *judge.State) (record.Action, bool) {
	if st.Counted() || named(st) {
		return nil, false
	}
	for _, u := range st.URIs {
		if u.Broken || !u.Item.Requests.Auto || u.AskedAgain() {
			continue
		}
		growth, ok := st.Convicted(u)
		if !ok {
			continue
		}
		have := u.Picked(st.Telling(u)) + st.Proved(u)
		most := affords(st, u, growth, have)
		if float64(have) >= enough*float64(most) {
			continue
		}
		if a, ok := lead(st, u, judge.LeastAlone/2); ok {
			return a, true
		}
		return proofBlock(st, u, min(most-have, max(judge.LeastAlone, have))), true
	}
	return nil, false
}

// affords is how many requests in all u may be followed for, as time and memory allow. It
// has had so many by itself, and grows by so many bytes with each.
func affords(st *judge.State, u *judge.URI, growth float64, have int) int {
	n := judge.Plausible / max(1, growth)
	limits := st.Header.Plan.Limits
	if limits.RSS > 0 {
		n = min(n, float64(have)+followShare*float64(limits.RSS-st.Reading.RSS)/max(1, growth))
	}
	if each := u.Latency(); each > 0 {
		n = min(n, float64(have-st.Proved(u))+longest(u)/each)
		if limits.Time > 0 {
			n = min(n, float64(have)+followShare*max(0, limits.Time-st.Now)/each)
		}
	}
	return int(n)
}
