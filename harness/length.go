package harness

import (
	"time"

	"leakhunt/harness/verdict"
)

// leastAlone is the length that a suspect's series is to reach first: four
// times that at which its growth was seen. RSS of a process that keeps little
// back shows what is alive as a counter does, and needs no more than the horizon.
func (h *hunt) leastAlone(t *track) int {
	switch {
	case h.tight():
		return max(confirmLeast, t.seen+aloneTight)
	case h.frees():
		return confirmLeast
	}
	return min(confirmMost, max(confirmLeast, 4*t.seen))
}

// longer is the length to go on to.
func (h *hunt) longer(n int) int {
	switch {
	case n >= confirmMost:
		return 2 * n
	case h.tight() || h.frees():
		return min(confirmMost, n+max(aloneTight, n/5))
	}
	return min(confirmMost, 2*n)
}

// worthMore says whether n requests that told nothing are to be followed by
// more. Beyond the usual length only that is worth it, while requests are quick,
// which surely grows and can still outgrow the headroom of a process as it
// comes, or where a leak of maxFloorLook would not have filled the slack yet, or
// be all that grew.
func (h *hunt) worthMore(t *track, rss, j verdict.Judgement, n int) bool {
	mem := t.joined(h.alone(t))
	last, low := mem[len(mem)-1], h.trough(mem)
	switch {
	case t.suspect && n < confirmMost:
		return true
	case n >= confirmFar:
		return false
	case j.Low > 0 && last-low+max(j.High, rss.High)*float64(confirmFar-n) > t.headroom && t.quick(n, confirmTime):
		return true
	case t.suspect && j.Low > 0:
		return false // what it leaks would hide the others
	}
	return t.looking && float64(n)*maxFloorLook < h.free(low)+last-low && t.quick(n, lookTime)
}

// quick says that n requests take less than d.
func (t *track) quick(n int, d time.Duration) bool {
	return t.quantiles().P50*float64(n) < float64(d.Milliseconds())
}

// shows says that confirmFar requests would bring a leak of maxFloorLook out of
// what the process keeps in reserve while RSS stands at low: fill what is free,
// and outgrow the headroom.
func (h *hunt) shows(low float64) bool {
	return !h.tight() && h.free(low)+h.headroom(low) < maxFloorLook*confirmFar
}

// free is the slack less what the process has given back since its peak, where
// its RSS stands at low.
func (h *hunt) free(low float64) float64 { return max(0, h.slack()+low-float64(h.peak)) }

// hidden says that a leak may hide behind the sweep's verdict on a URI, and that
// a row of quick requests would show it.
func (h *hunt) hidden(t *track) bool {
	if t.suspect || t.broken || h.counter != nil || !t.Requests.Auto {
		return false
	}
	j, _, _ := h.judge(t)
	return j.Detectable > maxFloorLook && h.shows(float64(h.reading.metric)) && t.quick(confirmLeast, lookTime)
}
