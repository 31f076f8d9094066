package session

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"leakhunt/harness/memory"
	"leakhunt/harness/units"
)

// roomy knows how much memory is left for its process. Room may be called beside the
// other methods of a Meter.
type roomy interface {
	Room() (memory.Room, error)
}

const (
	// roomEvery is how often it is looked for what memory is left: some 0.1 ms each time.
	roomEvery = 200 * time.Millisecond
	// roomStep is by how many bytes the process must have grown for another look at once.
	roomStep = 1 << 20
)

// noteRoom keeps what is left to begin with, and says what there is.
func (s *Session) noteRoom() {
	s.roomy, s.looked, s.until = nil, time.Time{}, 0
	s.before, s.took = math.MaxInt64, [len(s.took)]int64{} // nothing was sent yet
	m, ok := s.meter.(roomy)
	if !ok {
		return
	}
	if first, err := m.Room(); err == nil {
		s.roomy, s.first = m, first
	}
}

// look is an error where hardly any memory is left, or less than two of the last requests
// have taken each: another one would not be held. It looks every now and then, and sooner
// where the process has taken a quarter of what there was. It is called before each request.
func (s *Session) look(now time.Time) error {
	took := s.took
	took[s.oldest] = s.rss - s.before
	if s.roomy != nil && (now.Sub(s.looked) > roomEvery || s.rss >= s.until) {
		most := took
		slices.Sort(most[:])
		spare, err := s.short(most[len(most)-2])
		if err != nil {
			return err
		}
		s.looked, s.until = now, s.rss+max(spare/4, roomStep)
	}
	s.before, s.took, s.oldest = s.rss, took, (s.oldest+1)%len(took)
	return nil
}

// short is how many bytes may be taken, and an error where that is less than need, or
// hardly any memory is left: of the process's cgroup, or of the machine. What the kernel
// would end then is any process, leakhunt's and others' too.
func (s *Session) short(need int64) (spare int64, err error) {
	r, err := s.roomy.Room()
	if err != nil { // what became of the process the next reading tells
		return 0, nil
	}
	if spare = r.Spare(s.first); spare >= need && !r.Short(s.first) {
		return spare, nil
	}
	left := units.Bytes(float64(r.Left))
	switch {
	case r.Waits() && !s.first.Waits():
		return spare, &limitError{limitMemory, fmt.Sprintf("memory is so short that nothing could go on for %.0f %% of the last 10 s", r.Stalled)}
	case r.Group:
		return spare, &limitError{limitMemory, fmt.Sprintf("the cgroup of the process has %s left of the %s that it may take, and the kernel ends a process when there is none",
			left, units.Bytes(float64(r.Of)))}
	}
	return spare, &limitError{limitMemory, fmt.Sprintf("the machine has %s of memory left, and the kernel ends a process when there is none", left)}
}

// lookout is ctx until memory runs short: one request may take all that there is before
// it is answered. found ends it, and returns what was found.
func (s *Session) lookout(ctx context.Context) (out context.Context, found func() error) {
	if s.roomy == nil {
		return ctx, func() error { return nil }
	}
	out, cancel := context.WithCancel(ctx)
	seen := make(chan error, 1)
	go func() {
		defer close(seen)
		tick := time.NewTicker(roomEvery)
		defer tick.Stop()
		for {
			select {
			case <-out.Done():
				return
			case <-tick.C:
			}
			if _, err := s.short(0); err != nil {
				seen <- err
				cancel()
				return
			}
		}
	}()
	return out, func() error {
		cancel()
		return <-seen
	}
}
