package harness

import (
	"cmp"
	"context"
	"slices"
	"time"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// The confirmation of a suspect: alone and in a row, at least to four times
// the horizon at which it was first seen, at most so far.
const (
	confirmLeast = 2048
	confirmMost  = 8192
	// What surely grows is followed so far, as long as each doubling takes no
	// longer than that.
	confirmFar  = 32768
	confirmTime = 20 * time.Second
	// What nobody suspects is followed as long as that takes no longer than this.
	lookTime = 5 * time.Second
	// Of a tight process's series so many requests are alone, at least: growth
	// that its neighbours feed ends with them.
	aloneTight = 448
)

// confirmAll tries every suspect of the sweep again by itself. While suspects
// share a process they feed each other: what a leak adds to the live heap
// raises the collector's goal, and an innocent neighbour that makes garbage
// then grows too. So each runs in a row with all others in quarantine, the
// smallest first, since a confirmed leak of 64 KiB a request adds 130 MB that
// would hide what comes after it. Then come those behind whose verdict a leak
// may hide.
func (h *hunt) confirmAll(ctx context.Context) error {
	var suspects []*track
	for _, t := range h.tracks {
		if t.suspect {
			suspects = append(suspects, t)
		}
	}
	slices.SortFunc(suspects, func(a, b *track) int { return cmp.Compare(a.slope, b.slope) })
	h.progress.phase = "confirming"
	for i, t := range suspects {
		h.progress.expected = h.total + (len(suspects)-i)*confirmLeast
		if err := h.tryAlone(ctx, t); err != nil {
			return err
		}
	}
	for _, t := range h.tracks {
		if h.hidden(t) {
			h.progress.expected = h.total + confirmLeast
			if err := h.tryAlone(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// tryAlone confirms one URI, on a new process where one was lost.
func (h *hunt) tryAlone(ctx context.Context, t *track) error {
	for !t.broken {
		err := h.confirm(ctx, t)
		if err == nil {
			break
		}
		if err := h.revive(ctx, err); err != nil {
			return err
		}
	}
	h.observer.Standing(h.standing())
	return nil
}

// confirm runs one suspect in a row until its growth has gone on for four
// times as long as it took to see it, and beyond the headroom that its
// neighbours' growth may have given the collector.
func (h *hunt) confirm(ctx context.Context, t *track) error {
	if err := h.fill(ctx); err != nil {
		return err
	}
	if err := h.lead(ctx, t, confirmLeast/2); err != nil {
		return err
	}
	t.headroom, t.tried, t.trial = h.headroom(float64(h.reading.metric)), true, t.life
	t.expired = ""
	defer func() { t.looking = false }()
	round := len(t.blocks)
	for target := h.leastAlone(t); ; target = h.longer(target) {
		round++
		if have := len(t.joined(h.telling(t))); have < target {
			if err := h.block(ctx, t, target-have, round, true); err != nil {
				return err
			}
		}
		low := h.trough(t.joined(h.alone(t)))
		t.slack, t.headroom, t.looking = h.slack(), h.allowed(t, low), h.shows(low)
		rss := h.confirmed(t)
		j, _ := h.testimony(t, rss)
		if t.broken || j.Label != verdict.Inconclusive || !h.worthMore(t, rss, j, target) {
			if t.suspect && j.Label != verdict.Leak && j.Label != verdict.Inconclusive {
				t.carried = h.heaviest(t)
			}
			if !t.broken && j.Label == verdict.Leak {
				return h.lasts(ctx, t, j)
			}
			return nil
		}
	}
}

// telling picks the blocks that tell whether a suspect leaks: those of its
// confirmation, or all of a tight process, where neighbours leave little behind.
func (h *hunt) telling(t *track) func(block) bool {
	if h.tight() {
		return t.lately
	}
	return h.alone(t)
}

// alone picks the blocks of a confirmation, or all where there is no other URI.
func (h *hunt) alone(t *track) func(block) bool {
	return func(b block) bool { return t.lately(b) && (b.alone || len(h.tracks) == 1) }
}

// lately picks the blocks of the process on which the URI was tried: each has a
// headroom of its own, and who grows into that of two outgrows neither.
func (t *track) lately(b block) bool { return b.first >= t.trial }

// confirmed is the verdict on a suspect from its confirmation. Growth within
// the headroom that its neighbours made is no evidence yet.
func (h *hunt) confirmed(t *track) verdict.Judgement {
	mem, suspected := t.joined(h.telling(t)), t.slope
	if !t.tried || len(t.joined(h.alone(t))) == 0 {
		return h.untried(t)
	}
	if h.tight() || len(h.tracks) == 1 {
		suspected = 0 // its series holds the blocks that raised the suspicion
	}
	grown, room := h.grown(mem)
	return h.beyond(verdict.Confirm(mem, suspected, t.seen, h.params(t)), grown, t.headroom+room)
}

// beyond is the verdict on a series of one URI in a row, which grew by so many
// bytes, where what grows within the headroom, or unevenly, convicts nobody.
func (h *hunt) beyond(j verdict.Judgement, grown, headroom float64) verdict.Judgement {
	why := h.boundless()
	switch {
	case j.Label != verdict.Leak:
		return j
	case why != "":
		return open(j, 0, "it grew by %s per request, but %s", units.Bytes(j.Growth), why)
	case !h.tight() && j.Low < j.Growth/2:
		return open(j, 0, "it grew by %s to %s per request: so unevenly a heap wanders that is seldom collected",
			units.Bytes(j.Low), units.Bytes(j.High))
	case grown <= headroom:
		return open(j, int((headroom-grown)/max(1, j.Growth)), "it grew by %s in a row, and %s may be garbage that waits for a collection",
			units.Bytes(grown), units.Bytes(headroom))
	}
	return j
}

// untried is the verdict on a suspect whose confirmation was never begun.
func (h *hunt) untried(t *track) verdict.Judgement {
	return open(verdict.Fixed(t.joined(nil), h.params(t)), max(confirmLeast, 4*t.requests()),
		"it grew, and the run ended before it could be tried alone for as long as that takes to tell")
}

// fillRequests are so many that the heaviest URI fills what collector and
// allocator keep in reserve.
const fillRequests = 128

// fill drives the URI with the largest step of its own that nobody suspects,
// where the allocator keeps holes, so that the heap stands at its high-water
// mark: what then grows is alive. A tight process stands at what is alive, and
// elsewhere that bounds what may grow.
func (h *hunt) fill(ctx context.Context) error {
	if share, _ := h.reserve(); h.tight() || share == sharePlain {
		return nil
	}
	var heaviest *track
	for _, t := range h.tracks {
		if !t.suspect && !t.broken && (heaviest == nil || t.spread > heaviest.spread) {
			heaviest = t
		}
	}
	if heaviest == nil {
		return nil
	}
	return h.warm(ctx, heaviest, fillRequests)
}

// heaviest names the URI that grew the process most, t apart.
func (h *hunt) heaviest(t *track) string {
	var most int64
	name := ""
	for _, o := range h.tracks {
		var grown int64
		for _, b := range o.blocks {
			grown += b.end.metric - b.start.metric
		}
		if o != t && grown > most {
			most, name = grown, o.Name
		}
	}
	return name
}
