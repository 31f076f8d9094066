package harness

import (
	"cmp"
	"context"
	"slices"
)

// The ballast is the URI that moves most memory. On a process whose garbage
// nobody collects one request to it goes with every judged request, so that
// the heap always stands at its high-water mark: collector and allocator have
// filled what they keep in reserve, and what RSS still grows by stays alive.
// Without it a leak first fills that reserve and is invisible for as long, or
// an innocent fills it with garbage and looks like a leak.
//
// A ballast that leaks would convict everybody. So it must come to a stand
// when it is driven alone, before it is used (fill) and again before anybody
// is convicted beside it (driveOn).

// How the ballast is driven until RSS stands: in chunks, until three in a row
// made no new high, or until it is clear that there is no end to it.
const (
	fillChunk = 128
	fillMost  = 1024
	fillQuiet = 3
	fillRise  = 64 << 10 // bytes: half of what glibc takes at once
	// heavy is how much longer than the median URI a ballast takes at its quickest:
	// one that is as light as the rest fills nothing.
	heavy = 1.5
	// roughest is the widest range, in bytes, over which RSS may still move
	// while the ballast stands: what moves more, as large buffers do that come
	// and go, hides the growth that it is to show.
	roughest = 1 << 20
)

// chooseBallast ends the burn-in: of the URIs that took longest to answer at
// their quickest, since what allocates much takes long, it keeps those that
// come to a quiet stand when driven alone. Where the number of requests is
// fixed, or one URI has the process for itself, there is none.
func (h *hunt) chooseBallast(ctx context.Context) error {
	if h.counter != nil || len(h.tracks) < 2 {
		return nil
	}
	var from []*track
	for _, t := range h.tracks {
		if t.Requests.Auto && !t.broken && t.sent > 0 {
			from = append(from, t)
		}
	}
	slices.SortStableFunc(from, func(a, b *track) int { return cmp.Compare(b.quickest, a.quickest) })
	h.progress.phase = "filling the heap"
	for _, t := range from {
		if float64(t.quickest) < heavy*float64(from[len(from)/2].quickest) {
			break
		}
		f, err := h.fill(ctx, t)
		if err != nil {
			return err
		}
		if f.stands && f.rough <= roughest {
			h.reserve = append(h.reserve, t)
		}
	}
	return nil
}

// ballastFor is the heaviest ballast for t, nil where there is none: a suspect
// is none, and what is heavy itself needs none.
func (h *hunt) ballastFor(t *track) *track {
	for _, b := range h.reserve {
		if b == t {
			return nil
		}
		if !b.suspect && !b.broken {
			return b
		}
	}
	return nil
}

// filled is how RSS stood when a ballast had been driven, in bytes.
type filled struct {
	stands bool // it made no new highs any more
	high   int64
	rough  int64 // the range over which it still moved within a chunk, at its quietest
}

// fill drives b until RSS makes no new highs.
func (h *hunt) fill(ctx context.Context, b *track) (f filled, err error) {
	if f.high, err = h.sample(); err != nil {
		return f, h.lost(err)
	}
	for sent, quiet := 0, 0; sent < fillMost && !b.broken; sent += fillChunk {
		low, high, err := h.drive(ctx, b, fillChunk)
		if err != nil {
			return f, err
		}
		if high > f.high+fillRise {
			f.high, quiet = high, 0
			continue
		}
		if quiet++; quiet == 1 || high-low < f.rough {
			f.rough = high - low
		}
		if quiet == fillQuiet {
			f.stands = !b.broken
			return f, nil
		}
	}
	return f, nil
}

// drive sends n requests of b that nobody is judged by, and returns the
// lowest and the highest reading.
func (h *hunt) drive(ctx context.Context, b *track, n int) (low, high int64, err error) {
	for i := range n {
		if b.failed >= giveUpAfter {
			b.broken = true
			break
		}
		if err := h.within(ctx); err != nil {
			return low, high, err
		}
		if _, err := h.send(ctx, b); err != nil {
			return low, high, err
		}
		now, err := h.sample()
		if err != nil {
			return low, high, h.lost(err)
		}
		if i == 0 {
			low = now
		}
		low, high = min(low, now), max(high, now)
		h.tick(b, now)
	}
	return low, high, nil
}

// driveOn drives b alone for 2n requests and returns by how many bytes the
// high of the second half is above that of the first.
func (h *hunt) driveOn(ctx context.Context, b *track, n int) (float64, error) {
	_, first, err := h.drive(ctx, b, n)
	if err != nil {
		return 0, err
	}
	_, second, err := h.drive(ctx, b, n)
	return max(0, float64(second-first)), err
}

// raise sends the probe, a suspect that leaks, with ballast b until RSS rises,
// and returns to where; 0 where it does not. While it rises, what is free does
// not suffice: all of the process is in use. So what stayed alive between two
// such moments is in the difference between them, wherever RSS was meanwhile.
func (h *hunt) raise(ctx context.Context, probe, b *track) (int64, error) {
	f, err := h.fill(ctx, b)
	if err != nil || !f.stands {
		return 0, err
	}
	for range raiseMost {
		if _, _, err := h.drive(ctx, probe, 1); err != nil {
			return 0, err
		}
		_, high, err := h.drive(ctx, b, 1)
		if err != nil || high > f.high+raiseBy {
			return high, err
		}
	}
	return 0, nil
}

const (
	raiseMost = 2048
	raiseBy   = 1 << 20 // bytes: several quanta of any allocator
)

// slowest is the innocent that takes longest, t apart; nil without one.
func (h *hunt) slowest(t *track) (slowest *track) {
	for _, o := range h.tracks {
		if o != t && o.Requests.Auto && !o.suspect && !o.broken && (slowest == nil || o.quickest > slowest.quickest) {
			slowest = o
		}
	}
	return slowest
}
