package harness

import (
	"cmp"
	"context"
	"slices"

	"leakhunt/harness/verdict"
)

// The confirmation of a suspect: alone and in a row, at least to four times
// the horizon at which it was first seen, at most so far.
const (
	confirmLeast = 2048
	confirmMost  = 8192
)

// confirmAll tries every suspect of the sweep again by itself. While suspects
// share a process they feed each other: what a leak adds to the live heap
// raises the collector's goal, and an innocent neighbour that makes garbage
// then grows too. So each runs in a row with all others in quarantine, the
// smallest first, since a confirmed leak of 64 KiB a request adds 130 MB that
// would hide what comes after it.
func (h *hunt) confirmAll(ctx context.Context) error {
	var suspects []*track
	for _, t := range h.tracks {
		if t.late != nil && t.late.Suspect() && !t.broken && len(h.tracks) > 1 {
			suspects = append(suspects, t)
		}
	}
	slices.SortFunc(suspects, func(a, b *track) int {
		sa, _ := a.late.Suspicion()
		sb, _ := b.late.Suspicion()
		return cmp.Compare(sa, sb)
	})
	h.progress.phase = "confirming"
	for i, t := range suspects {
		h.progress.expected = h.total + (len(suspects)-i)*confirmLeast
		if err := h.confirm(ctx, t); err != nil {
			return err
		}
		h.observer.Standing(h.standing())
	}
	return nil
}

// confirm runs one suspect in a row until its growth has gone on for four
// times as long as it took to see it, and beyond the headroom that its
// neighbours' growth may have given the collector.
func (h *hunt) confirm(ctx context.Context, t *track) error {
	_, seen := t.late.Suspicion()
	headroom := h.headroom()
	t.tried = true
	round := len(t.blocks)
	for target := max(confirmLeast, 4*seen); ; target *= 2 {
		round++
		have := len(t.joined(alone))
		if err := h.block(ctx, t, target-have, round, true); err != nil {
			return err
		}
		mem := t.joined(alone)
		t.slack = h.slack()
		j := h.confirmed(t)
		grown := mem[len(mem)-1] - mem[0]
		settled := j.Label != verdict.Leak || grown > headroom
		if t.broken || settled || target >= confirmMost {
			if j.Label != verdict.Leak && j.Label != verdict.Inconclusive {
				t.carried = h.heaviest(t)
			}
			return nil
		}
	}
}

// alone picks the blocks of a confirmation.
func alone(b block) bool { return b.alone }

// confirmed is the verdict on a suspect from its confirmation.
func (h *hunt) confirmed(t *track) verdict.Judgement {
	slope, seen := t.late.Suspicion()
	return verdict.Confirm(t.joined(alone), slope, seen, h.params(t))
}

// headroom is how far a collector that lets the heap double (Go's GOGC=100 and
// its likes) may let an innocent URI grow, because the live heap has grown
// since the burn-in.
func (h *hunt) headroom() float64 {
	return max(0, float64(h.reading.metric-h.warmed))
}

// heaviest names the URI that grew the process most, t apart.
func (h *hunt) heaviest(t *track) string {
	var most float64
	name := ""
	for _, o := range h.tracks {
		if o == t {
			continue
		}
		if mem := o.joined(nil); len(mem) > 0 && mem[len(mem)-1] > most {
			most, name = mem[len(mem)-1], o.Name
		}
	}
	return name
}
