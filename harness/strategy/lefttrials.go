package strategy

import (
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// trials is how long URIs take that need a trial by themselves on a fresh process.
func trials(st *judge.State, p pace) (seconds float64) {
	life := st.Life()
	if st.Header.Plan.Isolate {
		return ownProcesses(st, p)
	}
	if !st.On("isolate") || len(st.Segments[0].Series) == 1 || !life.Restart || life.Process.Kind != "command" {
		return 0
	}
	if st.Segment().Only != nil {
		findings := st.Findings()
		for i, f := range findings {
			switch {
			case i < 0 || st.Isolated(i):
			case undecided(st, f):
				seconds += trial(st, p, i, isolateLeast, 0)
			case judge.BesideLarger(f, findings):
				seconds += againTrial(st, p, i)
			}
		}
		return seconds
	}
	if !st.Counted() {
		return residentTrials(st, p)
	}
	grew := growing(st)
	for _, u := range grew {
		for _, o := range grew {
			if o != u && rate(st, o) > beside*rate(st, u) {
				seconds += againTrial(st, p, u.Index)
				break
			}
		}
	}
	return seconds
}

// residentTrials is how long the trials take of those of which RSS cannot tell enough, or
// that it convicts, or is likely to. The one that grows most is taken at its word.
func residentTrials(st *judge.State, p pace) (seconds float64) {
	first := true
	for _, u := range st.URIs {
		switch _, convicted := st.Convicted(u); {
		case u.Requests() == 0 || u.Broken:
		case convicted, u.Suspect && !u.Tried && likely(st, u) > 0:
			share := 1.0
			if !convicted {
				share = likely(st, u)
			}
			if !first {
				seconds += share * againTrial(st, p, u.Index)
			}
			first = false
		case st.Tight() && !swept(st): // most that are open are told by then
		case undecided(st, finding(st, u)):
			seconds += trial(st, p, u.Index, isolateLeast, 0)
		}
	}
	return seconds
}

// againTrial is how long a trial takes of a URI that was convicted among the others. It is
// asked only whether it grows by itself, too. Where its requests convict it again, it is
// waited for.
func againTrial(st *judge.State, p pace, uri int) float64 {
	switch {
	case !st.Counted():
		return trial(st, p, uri, warmupAlone+judge.LeastAlone, st.ShortWait())
	case !st.Header.Items[uri].Requests.Auto:
		return trial(st, p, uri, warmupCounted+st.Header.Items[uri].Requests.N, waitLeft(st, 0))
	}
	return trial(st, p, uri, warmupCounted+judge.SweepBlock*judge.SweepRounds, 0)
}

// trial is how long one takes: as long as those that have ended, or a fresh process with so
// many requests and a wait.
func trial(st *judge.State, p pace, uri, n int, wait float64) float64 {
	if took := trialsTook(st); took > 0 {
		return took
	}
	return st.Life().Took + p.each(uri)*float64(n) + p.block*(judge.SweepRounds+1) + wait
}

// askedLeft is how long the present trial is still waited for, where u is asked only
// whether it grows by itself, too: see againTrial.
func askedLeft(st *judge.State, u *judge.URI) float64 {
	if !u.AskedAgain() || st.GrowsAgain(u) || waits(st) > 0 || st.Counted() && u.Item.Requests.Auto || began(st, record.Alone) {
		return 0
	}
	if st.Counted() {
		return waitLeft(st, 0)
	}
	return st.ShortWait()
}

// ownProcesses is how long those take, with isolate: true, whose process is not there yet.
func ownProcesses(st *judge.State, p pace) (seconds float64) {
	took := trialsTook(st)
	for i, it := range st.Header.Items {
		switch {
		case st.Isolated(i):
		case took > 0:
			seconds += took
		default:
			n := Warmup(st.Header.Plan.Warmup, 1, st.Counted()) + leastOf(it, st.Counted())
			seconds += st.Life().Took + p.each(i)*float64(n) + p.block*judge.SweepRounds
		}
	}
	return seconds
}

// trialsTook is how long the trials that have ended took, on average; 0 without one.
func trialsTook(st *judge.State) float64 {
	n := len(st.Segments) - 2
	if n < 1 {
		return 0
	}
	from, to := st.Lives[st.Segments[1].First], st.Lives[st.Segments[n+1].First]
	return (to.T - to.Took - from.T + from.Took) / float64(n)
}

// beside is the share of a URI's growth from which another one's makes a trial of it
// worth while.
const beside = 0.67

func rate(st *judge.State, u *judge.URI) float64 {
	return st.Grown(u) / float64(max(1, u.Requests()))
}

// finding is what there is to say of u by now, as undecided asks for it.
func finding(st *judge.State, u *judge.URI) judge.Finding {
	j, _ := st.Judge(u)
	return judge.Finding{URI: u.Index, Judgement: j, Segments: []*record.Series{u.Series}}
}
