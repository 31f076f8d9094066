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
	slopes := map[*track]float64{}
	for _, t := range suspects {
		slopes[t] = verdict.Fixed(t.joined(nil), h.params()).Growth
	}
	slices.SortFunc(suspects, func(a, b *track) int { return cmp.Compare(slopes[a], slopes[b]) })
	h.progress.phase = "confirming"
	for i, t := range suspects {
		h.progress.expected = h.total + (len(suspects)-i)*confirmLeast
		if err := h.confirm(ctx, t, slopes[t]); err != nil {
			return err
		}
		h.observer.Standing(h.standing())
	}
	return nil
}

// confirm runs one suspect in a row until its growth has gone on for four
// times as long as it took to see it, and beyond the headroom that its
// neighbours' growth may have given the collector.
func (h *hunt) confirm(ctx context.Context, t *track, slope float64) error {
	seen := t.requests()
	headroom := h.headroom()
	alone := func(b block) bool { return b.alone }
	round := len(t.blocks)
	for target := max(confirmLeast, 4*seen); ; target *= 2 {
		round++
		have := len(t.joined(alone))
		if err := h.block(ctx, t, target-have, round, true); err != nil {
			return err
		}
		mem := t.joined(alone)
		j := verdict.Confirm(mem, slope, seen, h.params())
		t.final = &j
		grown := 0.0
		if len(mem) > 0 {
			grown = mem[len(mem)-1]
		}
		settled := j.Label != verdict.Leak || grown > headroom
		if t.broken || settled || target >= confirmMost {
			if j.Label != verdict.Leak && j.Label != verdict.Inconclusive {
				t.carried = h.heaviest(t)
			}
			return nil
		}
	}
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
