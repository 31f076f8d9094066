package judge

import (
	"fmt"
	"math"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// minSlopeJVM is the least growth that counts on a JVM whose garbage nobody
// collects: its clean slopes reach 1,024 bytes a request.
const minSlopeJVM = 2048

// params are the verdict's parameters for this process, and the
// slack there was when u was last sent.
func (st *State) params(u *URI) verdict.Params {
	p := verdict.Params{Slack: u.slack, MaxFloor: st.maxFloor(u), Page: st.page()}
	if life := st.Life(); life != nil {
		p.Rise, p.BurnIn = max(0, float64(life.Warmed-life.Fresh.Metric)), life.Burned
	}
	p.Ended = st.bounds()
	if st.untightJVM() {
		p.MinSlope = minSlopeJVM
	}
	return p
}

// bounds says that no more requests come: what RSS could not tell gets the floor that it leaves.
func (st *State) bounds() bool { return (st.Ended != nil || st.ending) && st.On("bounded") }

// look draws what the sweep's last block of u says: whether it is a suspect, and
// whether the sweep needs more of it.
func (st *State) look(u *URI) {
	switch {
	case !u.Item.Requests.Auto:
	case st.Counted():
		if len(u.Blocks) >= SweepRounds {
			j, _ := st.withHeld(u)
			u.Done = j.Label != verdict.Inconclusive || st.again(u) != 0
		}
	default:
		st.lookRSS(u)
		st.lookHeld(u)
	}
}

func (st *State) lookRSS(u *URI) {
	mem := u.Joined(nil, st.page())
	if u.late == nil {
		u.late = verdict.NewLate(st.params(u))
	}
	if u.late.Next() > len(mem) {
		return // the block was cut short
	}
	j, _ := u.late.Look(mem)
	// A URI that may leak runs again alone and in a row, while no other leaks beside
	// it. Until then it is in quarantine. The slack that a floor must hold grows with
	// the process, so the floor is that of now.
	u.Slope, u.Seen = u.late.Suspicion()
	last := len(mem) >= MaxSweep
	now := st.recorded(u)
	if j.Label == verdict.Leak || last && j.Low > 0 {
		u.Slope, u.Seen = j.Growth, len(mem)
	} else if last && now.Label == verdict.Leak { // all of it shows what its end did not
		u.Slope, u.Seen = now.Growth, len(mem)
	}
	w, heard := st.touched(u)
	if heard && u.Seen == 0 && w.Label == verdict.Leak {
		u.Slope, u.Seen = w.Growth, LeastAlone/4
	}
	silent := st.TouchedSpeaks() && !st.Tight() && (!heard || w.Requests < touchedClears)
	u.Suspect = u.Seen > 0
	u.Done = u.Suspect || last || flat(st.unlessPending(u, now)) && !silent
	if st.again(u) > 0 {
		u.Suspect, u.Done = false, true // no more was asked
	}
}

// NextLook is at how many judged requests the sweep looks at u next, by RSS alone.
func (st *State) NextLook(u *URI) int {
	if u.late == nil {
		u.late = verdict.NewLate(st.params(u))
	}
	return u.late.Next()
}

// byRSS judges by the metric alone.
func (st *State) byRSS(u *URI) verdict.Judgement {
	var j verdict.Judgement
	switch {
	case u.Tried && (u.Suspect || 2*u.Picked(st.alone(u)) > u.Requests()):
		j = st.confirmed(u)
		if u.Suspect && j.Label != verdict.Leak && j.Label != verdict.Inconclusive {
			if by := st.heaviest(u); by != "" {
				j.Reason += fmt.Sprintf("; what it grew by among the others was memory that %s had made room for", by)
			}
		}
	case u.Suspect:
		j = st.untried(u)
	case u.Done && u.Item.Requests.Auto:
		j = st.recorded(u)
		if j.Label == verdict.Leak { // only what it grows by alone is held against the headroom
			j = st.confirmed(u)
		}
	default:
		j = st.fixed(u)
	}
	if u.Errors > 0 {
		j.Reason += fmt.Sprintf("; %s of %s requests failed (%s)", units.Count(u.Errors), units.Count(u.Requests()), u.First)
	}
	return j
}

// fixed judges a series that gets no more requests. The process may have grown by more
// while others ran than this URI did in its last block. Then a collector's headroom
// explains that growth as well as a leak would. And it has to outgrow that headroom in
// one row, for what was collected while others ran is no part of the series.
func (st *State) fixed(u *URI) verdict.Judgement {
	j := st.final(u)
	if j.Label != verdict.Leak {
		return j
	}
	n, beyond := len(u.Blocks), math.Inf(-1)
	var grown, headroom float64
	for _, row := range u.Rows() {
		g, room := st.grown(row)
		if most := st.headroom(st.trough(row)) + room; g-most > beyond {
			grown, headroom, beyond = g, most, g-most
		}
	}
	switch j = st.beyond(j, grown, headroom); {
	case len(st.URIs) == 1, st.boundless() != "":
		return j
	case j.Label != verdict.Leak: // with N more requests its neighbours make more room, too
		j.More, j.Reason = 0, j.Reason+aloneInstead
		return j
	case n < 2:
		return j
	}
	others := float64(u.Blocks[n-1].Start.Metric - u.Blocks[n-2].End.Metric)
	own := float64(u.Blocks[n-1].Rise())
	if own > others {
		return j
	}
	return open(j, LeastAlone, "it grew by %s, but its neighbours grew the process by %s just before, which can do the same"+aloneInstead,
		units.Bytes(own), units.Bytes(others))
}

// aloneInstead is what tells more of one of several URIs than more requests.
const aloneInstead = "; run it alone (--only) or with requests: auto"

// open is a case that is left open: all growth seen so far may be something else
// than what goes on.
func open(j verdict.Judgement, more int, reason string, args ...any) verdict.Judgement {
	j.Label, j.More, j.Reason = verdict.Inconclusive, more, fmt.Sprintf(reason, args...)
	j.Creep = max(j.Creep, j.Low)
	return j
}

// Telling picks the blocks that tell whether a suspect leaks: those of its
// confirmation, or all of a tight process, where neighbours leave little behind.
func (st *State) Telling(u *URI) record.Pick {
	if st.Tight() {
		return u.lately
	}
	return st.alone(u)
}

// alone picks the blocks of a confirmation, or all where there is no other URI.
func (st *State) alone(u *URI) record.Pick {
	return func(b *record.Block) bool {
		return u.lately(b) && (b.Purpose == record.Alone || len(st.URIs) == 1)
	}
}

// lately picks the blocks of the process on which the URI was tried: each has a
// headroom of its own, and who grows into that of two outgrows neither.
func (u *URI) lately(b *record.Block) bool { return b.Life >= u.trial }

// level is the mean of the metric over the last n judged requests, in bytes.
func (u *URI) level(n int) (mean float64) {
	left := n
	for i := len(u.Blocks) - 1; i >= 0 && left > 0; i-- {
		m := &u.Blocks[i].Metric
		for k := m.Len() - 1; k >= 0 && left > 0; k-- {
			mean += float64(m.At(k)) / float64(n)
			left--
		}
	}
	return mean
}

// confirmed is the verdict on a suspect from its confirmation. Growth within
// the headroom that its neighbours made is no evidence yet.
func (st *State) confirmed(u *URI) verdict.Judgement {
	by := &u.byConfirmation
	if u.following {
		by = &u.byFollowing
	}
	return by.of(st.version, func() verdict.Judgement { return st.confirm(u) })
}

func (st *State) confirm(u *URI) verdict.Judgement {
	suspected := u.Slope
	if !u.Tried || u.Picked(st.alone(u)) == 0 {
		return st.untried(u)
	}
	if st.Tight() || len(st.URIs) == 1 {
		suspected = 0 // its series holds the blocks that raised the suspicion
	}
	a := st.confirmation(u, suspected)
	j := st.beyond(a.Judgement, a.grown, u.headroom+a.room)
	if j.Label == verdict.Leak && u.lasted > 0 {
		j.Reason = verdict.Lasted("grew "+units.Bytes(j.Growth), a.requests+u.lasted)
	}
	return j
}

// beyond is the verdict on a series of one URI in a row. grown is by how much it grew,
// in bytes: what grows within the headroom convicts nobody.
func (st *State) beyond(j verdict.Judgement, grown, headroom float64) verdict.Judgement {
	why := st.boundless()
	switch {
	case j.Label != verdict.Leak:
		return j
	case why != "":
		return open(j, 0, "it grew by %s per request, but %s", units.Bytes(j.Growth), why)
	case grown <= headroom && st.On("headroom"):
		return open(j, int((headroom-grown)/max(1, j.Growth)), "it grew by %s in a row, and %s may be garbage that waits for a collection",
			units.Bytes(grown), units.Bytes(headroom))
	}
	return j
}

// untried is the verdict on a suspect whose confirmation was never begun.
func (st *State) untried(u *URI) verdict.Judgement {
	if why := st.boundless(); why != "" {
		j := st.final(u)
		return open(j, 0, "it grew by %s per request, but %s", units.Bytes(j.Growth), why)
	}
	return open(st.final(u), max(LeastAlone, 4*u.Requests()),
		"it grew, and the run ended before it could run alone for as long as that takes to tell")
}

// heaviest names the URI that grew the process most, u apart; "" where none did.
func (st *State) heaviest(u *URI) string {
	var most int64
	name := ""
	for _, o := range st.URIs {
		var grown int64
		for _, b := range o.Blocks {
			grown += b.Rise()
		}
		if o != u && grown > most {
			most, name = grown, o.Name
		}
	}
	return name
}
