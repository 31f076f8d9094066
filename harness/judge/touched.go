package judge

import (
	"fmt"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// touchedSet is the evidence beside RSS: how many of its pages the process has
// used since a block began. It looks into the memory that is resident and free,
// which RSS cannot.
const touchedSet = "touched set"

// touchedMayClear says whether the touched set is evidence in a runtime,
// and whether it may clear a URI there. Go, V8 and the JVM walk through
// their whole heap, so that there it grows for thousands of requests of an
// innocent. CPython and PHP count references, and take what they freed last: who
// touches no new page there leaks nothing. Ruby wanders through what is free: a
// leak may fill pages touched before.
func touchedMayClear(runtime string) (clears, speaks bool) {
	switch runtime {
	case "python", "php":
		return true, true
	case "ruby":
		return false, true
	}
	return false, false
}

const (
	// TouchedLeast is the shortest block that it is read in, in requests: memory
	// that neighbours left is taken up first. Only one as long as touchedClears
	// clears anybody.
	TouchedLeast  = 512
	touchedClears = 1024
	// TouchedReadings is the number of readings in such a block.
	TouchedReadings = 32
	// touchedShare is the share of the touched set that may be free: pages on
	// which something lived before.
	touchedShare = 0.05
)

// TouchedSpeaks says that the touched set is evidence in this process.
func (st *State) TouchedSpeaks() bool {
	life := st.Life()
	if life == nil || !life.Touched || !st.On("touched-set") {
		return false
	}
	_, speaks := touchedMayClear(life.Process.Runtime)
	return speaks && !st.Counted() && (!st.Tight() || st.Frees()) && len(life.Facts.Deferring) == 0
}

// touched judges the URI's last series of the touched set. ok is false without
// one: the block was too short, or the kernel refused.
func (st *State) touched(u *URI) (j verdict.Judgement, ok bool) {
	seen := u.Touched[:min(u.touchedReads, len(u.Touched))]
	if len(seen) < 2 || !st.TouchedSpeaks() {
		return j, false
	}
	edges := make([]verdict.Edge, len(seen))
	for i, t := range seen {
		edges[i] = verdict.Edge{Requests: t.After, Value: float64(t.Bytes)}
	}
	p := st.params(u)
	p.Slack = touchedShare * edges[len(edges)-1].Value
	j = verdict.Touched(edges, p)
	if j.Label == verdict.Stable && j.Requests < touchedClears {
		j.Label = verdict.Inconclusive
	}
	return j, true
}

// withTouched is the verdict of RSS together with what the touched set says. It
// convicts only in a confirmation, and only of growth beyond the headroom.
func (st *State) withTouched(u *URI, rss verdict.Judgement) (verdict.Judgement, []string) {
	both := []string{st.Header.Plan.Metric, touchedSet}
	w, ok := st.touched(u)
	clears, _ := touchedMayClear(st.process().Runtime)
	if st.Tight() {
		// RSS shows what is alive there, but for what fills the pools that a neighbour's
		// garbage left: the touched set clears nobody, and widens the floor.
		clears = false
		if ok && w.Label == verdict.Stable && rss.Label != verdict.Leak && w.Detectable > rss.Detectable {
			rss.Detectable = w.Detectable
			return rss, both
		}
	}
	switch {
	case !ok || rss.Label == verdict.Leak,
		w.Label == verdict.Stable && !clears:
		return rss, both[:1]
	case w.Label == verdict.Stable && rss.Label != verdict.Inconclusive:
		// What the interval of RSS still holds is not excluded.
		floor := max(w.Detectable, rss.High)
		if floor >= rss.Detectable {
			return rss, both[:1]
		}
		rss.Detectable = floor
		if rss.Label == verdict.Stable {
			rss.Reason = w.Reason
		} else {
			rss.Reason += "; it " + w.Reason
		}
		if floor > w.Detectable {
			rss.Reason += fmt.Sprintf("; RSS: no growth above %s per request", units.Bytes(floor))
		}
		return rss, both
	case w.Label == verdict.Stable && rss.Detectable > st.maxFloor(u) && rss.Low <= 0:
		w.Reason += ", while RSS stands still"
		return w, both
	case w.Label != verdict.Leak || !u.Tried:
		return rss, both[:1]
	}
	room := u.headroom
	if !clears {
		room += u.unused
	}
	if grown := w.Low * float64(w.Requests); grown <= room {
		w.Label, w.More = verdict.Inconclusive, int((room-grown)/w.Low)
		w.Reason += fmt.Sprintf(", which is still within the %s that may be free or garbage", units.Bytes(room))
	}
	return w, []string{touchedSet}
}
