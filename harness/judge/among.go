package judge

import (
	"fmt"
	"maps"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// among is what was found of a URI among the others, and how it answered there.
type among struct {
	Finding
	answers record.Answers
	larger  string // the larger leak beside which it was convicted; "" without one
	at      int    // the index of that
}

// BesideLarger says that a URI was convicted beside one that leaks as much or more:
// that one may be what makes it grow (subscribers that every page notifies, say).
// So may one that is not known yet, where another URI was convicted that does not grow
// by itself.
func BesideLarger(f Finding, all map[int]Finding) bool {
	if f.Label != verdict.Leak || f.URI == EveryRequest {
		return false
	}
	cleared := func(o Finding) bool { return o.Alone < 0 }
	return larger(f, all) >= 0 || slices.ContainsFunc(slices.Collect(maps.Values(all)), cleared)
}

// neighbour is what may make it grow among the others.
func (a *among) neighbour() string {
	if a.larger == "" {
		return "a neighbour"
	}
	return a.larger
}

// asMuch is the share of a URI's growth from which another one's counts as as much:
// two that grow alike cannot be told by who grows more.
const asMuch = 0.67

// larger is the index of the URI that leaks most beside f, if as much as f does or
// more; -1 where there is none.
func larger(f Finding, all map[int]Finding) int {
	if f.Label != verdict.Leak {
		return -1
	}
	at, most := -1, asMuch*f.by(f)
	for i, o := range all {
		if i != f.URI && i != EveryRequest && (o.Label == verdict.Leak || o.beside != nil) && (f.by(o) > most || f.by(o) == most && i < at) {
			at, most = i, f.by(o)
		}
	}
	return at
}

// by is what o grows by of what convicts f: bytes, or the first of what it holds beside
// memory, which nobody else's bytes can make it hold.
func (f *Finding) by(o Finding) float64 {
	if i := slices.IndexFunc(f.Evidence, record.HeldUnit); i >= 0 {
		return growthOf(o, f.Evidence[i])
	}
	return o.Growth
}

// leastAgain is the fewest requests by itself that acquit: a leak that comes with
// every hundredth request is missed in fewer.
const leastAgain = 500

// again says whether what convicted u among the others goes on now that it runs by
// itself: it does (1), it does not (-1), or more requests must tell (0).
func (st *State) again(u *URI) int {
	if u.among == nil || u.among.Label != verdict.Leak {
		return 0
	}
	told, asked := -1, false
	for i, c := range st.columns() {
		if !c.Exact || c.Held && !slices.Contains(u.among.Evidence, c.Name) {
			continue
		}
		was := growthOf(u.among.Finding, c.Name)
		if was <= 0 {
			continue
		}
		asked = true
		switch j := st.column(u, i); {
		case j.Low >= was/2:
			return 1
		case j.Label == verdict.Inconclusive || j.Detectable >= was/2 || u.Counted() < leastAgain:
			told = 0
		}
	}
	switch {
	case asked:
		return told
	case !st.Counted():
		return st.againRSS(u)
	}
	return 0
}

// AskedAgain says that u was convicted among the others, and is asked only whether it
// grows by itself, too.
func (u *URI) AskedAgain() bool { return u.among != nil && u.among.Label == verdict.Leak }

// GrowsAgain says that what convicted u among the others goes on now that it runs by
// itself.
func (st *State) GrowsAgain(u *URI) bool { return st.again(u) > 0 }

// againRSS is again by RSS alone.
func (st *State) againRSS(u *URI) int {
	mem := u.Joined(nil, st.page())
	switch j := verdict.Fixed(mem, st.params(u)); {
	case len(mem) < leastProof:
		return 0
	case 2*j.Low >= u.among.Growth:
		return 1
	case 2*j.High < u.among.Growth && len(mem) >= 2*leastProof:
		return -1
	}
	return 0
}

// growthOf is the growth of a finding by the counter of that name, where that
// counter convicted; 0 else.
func growthOf(f Finding, name string) float64 {
	for _, p := range f.Probes {
		if p.Name == name && p.Low > 0 {
			return p.Growth
		}
	}
	return 0
}

// byHeld says that what a process holds beside memory is of what convicts.
func (f *Finding) byHeld() bool { return slices.ContainsFunc(f.Evidence, record.HeldUnit) }

// doubt makes a conviction by RSS inconclusive where a trial on a process of its own
// could not tell. So it does where the run ended before a trial, and another URI grows
// alike. It stands where the larger leak beside it does not grow by itself either.
func (st *State) doubt(findings map[int]Finding) {
	all := maps.Clone(findings)
	for i, f := range all {
		at := f.beside
		if at == nil && st.trialLost(f) {
			if l := larger(f, all); l >= 0 && f.Growth >= asMuch*all[l].Growth {
				at, f.Why = &l, Sentence(f.Reason)+endedBefore
			}
		}
		if at == nil || all[*at].Alone < 0 {
			continue
		}
		f.Judgement = open(f.Judgement, 0, "%s; that may be the doing of %s, which leaks as much or more", f.Reason, st.Header.Items[*at].Name)
		f.Floor = f.Detectable
		findings[i] = f
	}
}

const (
	notTold     = " By itself on a fresh process it could not be told either."
	endedBefore = " The run ended before it was tried by itself on a fresh process."
)

// trialLost says that RSS convicts f, and that the run ended before f had the process of
// its own that it could have had.
func (st *State) trialLost(f Finding) bool {
	if f.Label != verdict.Leak || f.Alone != 0 || f.byHeld() || st.Counted() || st.Ended == nil || !st.On("untried") {
		return false
	}
	return st.MayIsolate() && !st.Isolated(f.URI)
}

// MayIsolate says that the URIs share a process, and that each could have a fresh one of
// its own.
func (st *State) MayIsolate() bool {
	life := st.Life()
	return len(st.Segments[0].Series) > 1 && !st.Header.Plan.Isolate && life != nil && life.Restart && life.Process.Kind == "command"
}

// Isolated says that a URI had a process of its own.
func (st *State) Isolated(uri int) bool {
	return slices.ContainsFunc(st.Segments[1:], func(s *record.Segment) bool { return s.Only != nil && *s.Only == uri })
}

// then is the finding once the URI was tried by itself too, with finding f: the
// one that tells more.
func (a *among) then(st *State, u *URI, f Finding) Finding {
	before := a.Finding
	less := f.Label == verdict.Inconclusive && st.again(u) == 0 && (before.Label != verdict.Inconclusive || f.Floor >= before.Floor)
	switch {
	case f.Segments[0].Requests() == 0:
		if before.Label == verdict.Leak && a.larger != "" && !st.Counted() && st.On("untried") {
			before.beside, before.Why = &a.at, Sentence(before.Reason)+endedBefore
		}
		return before
	case !u.Answers.Like(a.answers):
		before.Why += " By itself on a fresh process it answered otherwise, so that this says nothing of it."
		return before
	case before.Label == verdict.Leak && (f.Label == verdict.Leak || st.again(u) > 0):
		before.Why += " By itself on a fresh process it grows, too."
		before.Alone = 1
		return before
	case before.Label == verdict.Leak && st.again(u) < 0 && (st.Counted() || before.byHeld()):
		f.Label, f.Alone = verdict.Stable, -1
		f.Why = fmt.Sprintf("%s By itself on a fresh process it does not grow: %s makes it grow among the others.", Sentence(f.Reason), a.neighbour())
	case less || f.Label == verdict.Failed || before.Label == verdict.Leak && before.byHeld() && st.again(u) == 0:
		before.Why += notTold
		if before.Label == verdict.Leak && a.larger != "" && !st.Counted() && st.On("untried") {
			before.beside, before.Why = &a.at, Sentence(before.Reason)+notTold
		}
		return before
	case before.Label == verdict.Leak:
		if f.Label == verdict.Stable || f.Label == verdict.Warmup {
			f.Alone = -1
		}
		f.Why += fmt.Sprintf(" It was tried by itself on a fresh process: among the others, %s made it grow.", a.neighbour())
	default:
		f.Why += " It was tried by itself on a fresh process, for among the others less could be told."
	}
	f.Segments = append(append([]*record.Series{}, before.Segments...), f.Segments...)
	return f
}
