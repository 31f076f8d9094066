package harness

import (
	"fmt"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// The touched set is the second witness beside RSS: how many of its pages the
// process has used since a block began. It looks into the memory that is
// resident and free, which RSS cannot.
const touchedSet = "touched set"

// witnesses are the runtimes where the calibration lets it speak, and whether
// it may say there that nothing leaks. Go, V8 and the JVM walk through their
// whole heap, so that there it grows for thousands of requests of an innocent.
// CPython and PHP count references, and take what they freed last: who touches
// no new page there leaks nothing. Ruby wanders through what is free: a leak may
// fill pages touched before.
var witnesses = map[string]bool{"ruby": false, "python": true, "php": true}

const (
	// witnessLeast is the shortest block that it is read in, in requests: memory
	// that neighbours left is taken up first. Only one as long as witnessClears
	// clears anybody.
	witnessLeast  = 512
	witnessClears = 1024
	// witnessEach is the number of readings in such a block.
	witnessEach = 32
	// witnessShare is the share of the touched set that may be free: pages on
	// which something lived before.
	witnessShare = 0.05
)

// touching is a Meter that also reads the touched set.
type touching interface {
	ResetTouched() error
	Touched() (int64, error)
}

// witness is the meter where the touched set may speak, or nil.
func (s *session) witness() touching {
	w, ok := s.meter.(touching)
	_, heard := witnesses[s.pinned.Info().Runtime]
	if !ok || s.counter != nil || s.tight() || len(s.told) > 0 || !heard {
		return nil
	}
	return w
}

// swear lets the touched set begin anew with a block of n requests, unless the
// block goes on where another ended, and returns after how many requests each
// it is to be read; 0 where it says nothing.
func (s *session) swear(t *track, n int, alone bool) int {
	w := s.witness()
	if w == nil || n < witnessLeast && !alone {
		return 0
	}
	if last := len(t.blocks) - 1; !alone || last < 0 || !t.blocks[last].alone {
		t.touched = nil
		if err := w.ResetTouched(); err != nil {
			s.warnings.add("touched-set", "RSS decides without its second witness: %v", err)
			return 0
		}
		s.testify(t, 0)
	}
	if t.touched == nil {
		return 0
	}
	return max(1, n/witnessEach)
}

// testify reads the touched set after n more requests. Where that fails there
// is no such evidence, and RSS decides.
func (s *session) testify(t *track, n int) {
	if t.touched == nil && n > 0 {
		return
	}
	bytes, err := s.witness().Touched()
	if err != nil {
		t.touched = nil
		s.warnings.add("touched-set", "RSS decides without its second witness: %v", err)
		return
	}
	if last := len(t.touched) - 1; last >= 0 {
		n += t.touched[last].Requests
	}
	t.touched = append(t.touched, verdict.Edge{Requests: n, Value: float64(bytes)})
}

// touched judges the URI's last series of the touched set. ok is false without
// one: the block was too short, or the kernel refused.
func (h *hunt) touched(t *track) (j verdict.Judgement, ok bool) {
	if len(t.touched) == 0 {
		return j, false
	}
	p := h.params(t)
	p.Slack = witnessShare * t.touched[len(t.touched)-1].Value
	j = verdict.Touched(t.touched, p)
	if j.Label == verdict.Stable && j.Requests < witnessClears {
		j.Label = verdict.Inconclusive
	}
	return j, true
}

// testimony is the verdict of RSS together with what the touched set says. It
// convicts only in a confirmation, and only of growth beyond the headroom.
func (h *hunt) testimony(t *track, rss verdict.Judgement) (verdict.Judgement, []string) {
	both := []string{h.metricName(), touchedSet}
	w, ok := h.touched(t)
	switch {
	case !ok || rss.Label == verdict.Leak,
		w.Label == verdict.Stable && !witnesses[h.pinned.Info().Runtime]:
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
	case w.Label == verdict.Stable && rss.Detectable > h.maxFloor(t) && rss.Low <= 0:
		w.Reason += ", while RSS stands still"
		return w, both
	case w.Label != verdict.Leak || !t.tried:
		return rss, both[:1]
	}
	if grown := w.Low * float64(w.Requests); grown <= t.headroom {
		w.Label, w.More = verdict.Inconclusive, int((t.headroom-grown)/w.Low)
		w.Reason += fmt.Sprintf(", which is still within the %s that may be garbage", units.Bytes(t.headroom))
	}
	return w, []string{touchedSet}
}
