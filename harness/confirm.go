package harness

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// The confirmation of a suspect: alone and in a row, at least to four times
// the horizon at which it was first seen, at most so far. Nobody is acquitted
// before half of that.
const (
	confirmLeast = 2048
	acquitLeast  = 4096
	confirmMost  = 8192
)

// confirmAll tries again by itself whom the sweep suspects, and whom it could
// not judge. While suspects share a process they feed each other: what a leak
// adds to the live heap raises the collector's goal, and an innocent neighbour
// that makes garbage then grows too. So each runs in a row with all others in
// quarantine, the smallest first, since a confirmed leak of 64 KiB a request
// adds 130 MB that would hide what comes after it.
func (h *hunt) confirmAll(ctx context.Context) error {
	if h.counter != nil || len(h.tracks) < 2 {
		return nil
	}
	var open []*track
	var probe *track
	for _, t := range h.tracks {
		if t.broken || !t.Requests.Auto {
			continue
		}
		if t.suspect && (probe == nil || t.slope > probe.slope) {
			probe = t
		}
		if t.suspect || h.conclude(t).Verdict == verdict.Inconclusive {
			open = append(open, t)
		}
	}
	slices.SortStableFunc(open, func(a, b *track) int { return cmp.Compare(a.slope, b.slope) })
	// Who is to be ballast comes first, and is ballast only once acquitted.
	slices.SortStableFunc(open, func(a, b *track) int { return cmp.Compare(h.standby(a), h.standby(b)) })
	h.progress.phase = "confirming"
	for i, t := range open {
		h.progress.expected = h.total + (len(open)-i)*2*confirmLeast
		if err := h.bracketed(ctx, t, probe); err != nil {
			return err
		}
		h.observer.Standing(h.standing())
	}
	return nil
}

func (h *hunt) standby(t *track) int {
	if t.suspect && slices.Contains(h.reserve, t) {
		return 0
	}
	return 1
}

// bracketed confirms t between two moments at which the probe made RSS rise.
func (h *hunt) bracketed(ctx context.Context, t, probe *track) error {
	b := h.ballastFor(t)
	if b == nil && slices.Contains(h.reserve, t) {
		b = t // it is heavy enough itself
	}
	if b == nil || probe == nil || probe == t || probe == b {
		h.inUse = 0
		return h.confirm(ctx, t)
	}
	before := h.inUse
	if h.inUse = 0; before == 0 {
		var err error
		if before, err = h.raise(ctx, probe, b); err != nil {
			return err
		}
	}
	if err := h.confirm(ctx, t); err != nil {
		return err
	}
	if before == 0 || t.holds > 0 || b.suspect || b.broken {
		return nil
	}
	after, err := h.raise(ctx, probe, b)
	if err != nil || after == 0 {
		return err
	}
	// A moment in use is known to raiseBy; and where RSS fell from the one to
	// the other, they are no surer than by how much.
	t.bracketed, t.bound, h.inUse = true, math.Abs(float64(after-before))+raiseBy, after
	return nil
}

// confirm runs one URI in a row until its growth has gone on for four times as
// long as it took to see it and nothing else explains it, or until it stands.
func (h *hunt) confirm(ctx context.Context, t *track) error {
	if b := h.ballastFor(t); b != nil {
		if _, err := h.fill(ctx, b); err != nil {
			return err
		}
	}
	headroom := h.headroom()
	t.tried, t.before = true, t.sent
	round := len(t.blocks)
	for target := min(confirmMost, max(confirmLeast, 4*t.seen)); ; target *= 2 {
		round++
		have := len(t.joined(alone))
		if err := h.ballasted(ctx, t, target-have, round, true); err != nil {
			return err
		}
		p := h.params(t)
		p.Slack = 0 // it is bounded when it has been tried
		j := verdict.Confirm(t.joined(alone), 0, t.seen, p)
		switch j.Label {
		case verdict.Leak:
			if err := h.doubt(ctx, t, target, headroom); err != nil {
				return err
			}
			if t.doubt == "" {
				t.suspect = true
				t.holds = h.holds(t, j)
				return nil
			}
		case verdict.Inconclusive:
		default:
			if target >= acquitLeast {
				if t.suspect {
					t.carried = h.heaviest(t)
				}
				t.suspect = false
				return nil
			}
		}
		if t.broken || target >= confirmMost {
			return nil
		}
	}
}

// holds is what t surely keeps: what RSS grew by while it was sent, as far as
// its slowest growth explains that.
func (h *hunt) holds(t *track, j verdict.Judgement) float64 {
	mem := t.joined(nil)
	return max(0, min(mem[len(mem)-1]-mem[0], j.Low*float64(len(mem))))
}

// doubt looks for another explanation of what t grew alone by: that the heap
// still fills up behind its neighbours. Then the ballast alone grows as well.
// Where there is none, another innocent stands in for it, and growth within
// the headroom proves nothing.
func (h *hunt) doubt(ctx context.Context, t *track, n int, headroom float64) error {
	t.doubt = ""
	mem := t.joined(alone)
	b := h.ballastFor(t)
	// V8's garbage dies young: the ballast says nothing of what has grown old.
	if b == nil || h.pinned.Info().Runtime == "node" {
		if grown := mem[len(mem)-1] - mem[0]; grown <= headroom {
			t.doubt = fmt.Sprintf("it grew by %s alone, and a collector may have room for %s of garbage", units.Bytes(grown), units.Bytes(headroom))
			return nil
		}
		if b == nil {
			b = h.slowest(t)
		}
		if b == nil {
			return nil
		}
	}
	rose, err := h.driveOn(ctx, b, n/2)
	if err != nil {
		return err
	}
	if own := mem[len(mem)-1] - mem[len(mem)/2-1]; rose > own/2 {
		t.doubt = fmt.Sprintf("it grew by %s in %s requests alone, but then %s without it grew by %s: the heap still fills up",
			units.Bytes(own), units.Count(len(mem)-len(mem)/2), b.Name, units.Bytes(rose))
	}
	return nil
}

// alone picks the blocks of a confirmation, swept those of the sweep.
func alone(b block) bool { return b.alone }
func swept(b block) bool { return !b.alone }

// confirmed is the verdict on a URI from its confirmation. What it grew by
// among the others is no measure for it: its neighbours made part of that.
func (h *hunt) confirmed(t *track) verdict.Judgement {
	return verdict.Confirm(t.joined(alone), 0, t.seen, h.params(t))
}

// headroom is how far a collector may let an innocent URI grow that makes
// garbage, where no ballast has filled the heap: by what RSS rose since the
// burn-in, since the live heap may have grown by as much, and at least by a
// share of what is resident. A collector that lets the heap double (Go's
// GOGC=100 and its likes) may take more than this quarter, but what makes so
// much garbage has used it up within the confirmation. A tight one takes a
// tenth; CPython and PHP free at once, and have but their allocators' reserve.
// V8 collects what has grown old when that has doubled or more, and no setting
// of the environment changes it: a full cache that replaces its entries grows
// until then as evenly as a leak.
func (h *hunt) headroom() float64 {
	share := 0.25
	switch info := h.pinned.Info(); {
	case info.Runtime == "node":
		share = 1
	case len(info.Settings) > 0, info.Runtime == "python", info.Runtime == "php":
		share = 0.1
	}
	return max(share*float64(h.progress.rss), float64(h.progress.rss-h.warmed))
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
