package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// confirmLeft is how long the suspects of RSS run by themselves, and what may hide a leak.
// Those that RSS convicts are then followed on.
func confirmLeft(st *judge.State, p pace) (seconds float64) {
	now, suspects := current(st), 0
	for _, u := range st.URIs {
		if u.Broken {
			continue
		}
		growth, convicted := st.Convicted(u)
		switch {
		case convicted:
			seconds += proofLeft(st, p, u, growth, u.Picked(st.Telling(u)))
		case u.Suspect && (!u.Tried || u == now):
			n, have := aloneMostly(st, u), u.Picked(st.TellingNow(u))
			seconds += p.requests(u, n-have, 1)
			if !u.Tried {
				suspects++
				seconds += likely(st, u) * proofLeft(st, p, u, u.Slope, n)
			}
		case !u.Tried && hidden(st, u):
			seconds += p.requests(u, judge.LeastAlone, 1)
		}
	}
	if suspects > 0 && listens(st) {
		return seconds + st.ShortWait()
	}
	return seconds + askedLeft(st, st.URIs[0])
}

// likely is how likely a suspect is to be convicted: mostly that depends on how much the
// process keeps free.
func likely(st *judge.State, u *judge.URI) float64 {
	switch j := st.ByRSS(u); {
	case !st.Tight() && !st.Frees():
		return 0
	case 2*j.Low >= j.Growth:
		return 1
	}
	return 0.5
}

// aloneMostly is how many requests of a suspect tell, mostly.
func aloneMostly(st *judge.State, u *judge.URI) int {
	switch {
	case !st.Tight() && !st.Frees():
		return judge.MostAlone
	case likely(st, u) == 1:
		return leastAlone(st, u)
	}
	return leastAlone(st, u) * 3 / 2
}

// proofLeft is how long u is sent on that RSS convicts, or may convict: growth is in bytes
// a request, and have how many requests convict it. First there is a wait for what expires.
func proofLeft(st *judge.State, p pace, u *judge.URI, growth float64, have int) (seconds float64) {
	if u.Expired != "" || !u.Item.Requests.Auto || u.AskedAgain() {
		return 0
	}
	proved := st.Proved(u)
	n := affords(st, u, growth, have+proved) - have - proved
	if proved == 0 {
		n = max(n, have)
		if alone := blocks(u, record.Alone); len(alone) == 0 || !waited(st, alone[len(alone)-1]) {
			seconds = waitLeft(st, p.requests(u, have/2, 0))
		}
	}
	return seconds + p.requests(u, n, 2)
}
