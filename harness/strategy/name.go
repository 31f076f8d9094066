package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// The pass that names lines sends so many requests that what survives by accident
// falls below one object a request. A clean URI gets fewer, for comparison. A few
// more show who calls a library.
const (
	controlRequests = 100
	callerRequests  = 20
)

// name names, for each convicted URI, the lines that made what stays alive. It
// changes no verdict. Tracing is on for these requests alone.
func name(st *judge.State) (record.Action, bool) {
	plan := st.Header.Plan
	if plan.Sites == "off" || !st.Life().Traces {
		return nil, false
	}
	var culprits []*judge.URI
	for _, u := range st.URIs {
		if traced(st, u) || st.Shares(u) || st.LeaksNative(u) {
			continue
		}
		if j, _ := st.Judge(u); (j.Label == verdict.Leak || u.Forced) && !u.Broken && st.Crowded(u) == "" {
			culprits = append(culprits, u)
		}
	}
	if len(culprits) == 0 {
		return nil, false
	}
	control, ok := control(st)
	if !ok {
		if c := clean(st); c != nil {
			return record.Name{URI: c.Index, Requests: controlRequests, Control: true}, true
		}
	}
	u := culprits[0]
	j, _ := st.Judge(u)
	n := record.Name{URI: u.Index, Requests: st.Careful(u, judge.NameRequests), Against: control, Growth: j.Growth, Native: j.Native}
	before := traces(st, u)
	switch {
	case len(before) > 0 && before[0].Few:
		n.Requests = st.Careful(u, moreOfFew*judge.NameRequests)
	case u.Later() || len(before) > 0:
		n.Pause = judge.LaterWait
	}
	if j.Label == verdict.Leak || j.Label == verdict.Inconclusive {
		n.Callers, n.Retainers = st.Careful(u, callerRequests), plan.Sites == "retainers"
	}
	return n, true
}

// moreOfFew is how many times as many requests the second pass has where the first saw
// too few objects to name a line.
const moreOfFew = 8

// explainsLittle is the share of the growth below which a pass names too little.
const explainsLittle = 0.2

// traced says that no pass is to name u's lines any more. One in which nothing stayed
// alive, or little of what grows, is made once more, with a pause for what comes later.
// One that saw too few objects to name a line is made once more with more requests.
func traced(st *judge.State, u *judge.URI) bool {
	all := traces(st, u)
	if len(all) != 1 {
		return len(all) > 1
	}
	if j, _ := st.Judge(u); j.Label != verdict.Leak || all[0].Failed != "" {
		return true
	}
	if all[0].Few {
		return !st.Allows(moreOfFew * all[0].Cost.Seconds)
	}
	return u.Later() || all[0].Explained >= explainsLittle || !st.Allows(judge.LaterWait)
}

func traces(st *judge.State, u *judge.URI) (out []record.Traced) {
	for _, t := range st.Segment().Traces {
		if t.URI == u.Index && !t.Control {
			out = append(out, t)
		}
	}
	return out
}

// control is what survives of requests to a clean URI: what any request
// leaves behind for a while, to be taken off the culprits' sites.
func control(st *judge.State) ([]record.Site, bool) {
	for _, t := range st.Segment().Traces {
		if t.Control {
			return t.Sites, true
		}
	}
	return nil, false
}

// clean is a URI that may serve as the control; nil without one.
func clean(st *judge.State) *judge.URI {
	for _, u := range st.URIs {
		if j, _ := st.Judge(u); j.Label == verdict.Stable && !u.Broken && !u.Forced {
			return u
		}
	}
	return nil
}
