package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// A URI that shares a process as it comes is hard to tell: its leak fills what
// its neighbours left free, and an innocent grows into the room that they made.
// By itself on a fresh process there is neither.

const (
	// isolateFloor, in bytes per request: what is excluded down to it needs no
	// process of its own.
	isolateFloor = 1 << 10
	// isolateLeast and isolateMost are how many requests such a trial takes, mostly
	// and at most.
	isolateLeast = warmupAlone + judge.MostAlone
	isolateMost  = warmupAlone + judge.MaxSweep + judge.MaxAlone
	// isolateTime is how long isolateLeast requests may take, in seconds.
	isolateTime = 60
)

// isolate tries URIs by themselves on a fresh process, where the process was started
// for the run. It takes each URI of which RSS alone could not tell enough, and each
// that was convicted beside a larger leak: what that leaves may make it grow.
func isolate(st *judge.State) (record.Action, bool) {
	if st.Header.Plan.Isolate {
		return oneByOne(st)
	}
	if !st.MayIsolate() {
		return nil, false
	}
	findings := st.Findings()
	for _, i := range st.Witnesses(findings) {
		if !st.Isolated(i) {
			return record.Open{Why: record.Isolated, Only: &i}, st.On("isolate")
		}
	}
	for i := range st.Header.Items {
		f, ok := findings[i]
		if !ok || st.Isolated(i) || !undecided(st, f) && !judge.BesideLarger(f, findings) {
			continue
		}
		return record.Open{Why: record.Isolated, Only: &i}, st.On("isolate")
	}
	return nil, false
}

// oneByOne opens a fresh process for the next URI that has had none, where each has one
// of its own.
func oneByOne(st *judge.State) (record.Action, bool) {
	next, more := -1, 0
	for i := range st.Header.Items {
		switch {
		case st.Isolated(i):
		case next < 0:
			next = i
		default:
			more++
		}
	}
	if next < 0 {
		return nil, false
	}
	return record.Open{Why: record.Isolated, Only: &next, More: more}, true
}

// undecided says that a process of its own may tell more of a URI.
func undecided(st *judge.State, f judge.Finding) bool {
	s := f.Segments[0]
	if s.Requests() == 0 && s.Scanned() > 0 || st.Counted() || st.Boundless() {
		return false // it shared the process with others, and could be told, or cannot be told
	}
	if st.Tight() && f.Label != verdict.Inconclusive {
		return false // neighbours leave little free there: what was told needs no more
	}
	if s.Broken || !s.Item.Requests.Auto || !judge.Quick(s, isolateLeast, isolateTime) {
		return false
	}
	if l := st.Header.Plan.Limits.Time; l > 0 && !judge.Quick(s, isolateMost, l-st.Now-st.Lives[0].Took) {
		return false
	}
	switch f.Label {
	case verdict.Leak, verdict.Failed:
		return false
	case verdict.Inconclusive:
		return true
	default:
		return f.Detectable > isolateFloor
	}
}
