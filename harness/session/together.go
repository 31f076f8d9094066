package session

import (
	"context"
	"sync"
)

// Together are targets whose first processes are pinned before anything is sent to one of
// them: what cannot be had for all lanes is told at once.
func Together(tgts []Target) []Target {
	m := &muster{missing: len(tgts), done: make(chan struct{})}
	out := make([]Target, len(tgts))
	for i, t := range tgts {
		out[i] = &mustered{Target: t, muster: m}
	}
	return out
}

// muster waits for the first process of each lane.
type muster struct {
	mu      sync.Mutex
	missing int
	failed  error
	done    chan struct{} // closed when all are there, or one will not be
}

// arrive says that a process was pinned, or that it cannot be.
func (m *muster) arrive(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.missing--
	first := m.missing == 0 && m.failed == nil || err != nil && m.failed == nil
	if err != nil && m.failed == nil {
		m.failed = err
	}
	if first {
		close(m.done)
	}
}

// mustered is the target of one lane.
type mustered struct {
	Target
	muster *muster
	once   bool
}

// Pin implements Target.
func (t *mustered) Pin(ctx context.Context) (Pinned, error) {
	p, err := t.Target.Pin(ctx)
	if t.once {
		return p, err
	}
	t.once = true
	t.muster.arrive(err)
	if err != nil {
		return nil, err
	}
	select {
	case <-t.muster.done:
	case <-ctx.Done():
	}
	t.muster.mu.Lock()
	failed := t.muster.failed
	t.muster.mu.Unlock()
	if failed == nil {
		failed = ctx.Err()
	}
	if failed != nil {
		p.Close() //nolint:errcheck // why there is no use for it is what matters
		return nil, failed
	}
	return p, nil
}
