package target

import "context"

// mostComing is how many processes start at once beside the one that is measured: a URI
// is often told in less time than its process takes to start.
const mostComing = 4

// coming is a process that starts while another one is measured.
type coming struct {
	process *started
	err     error
	done    chan struct{} // closed when process or err is known
	cancel  context.CancelFunc
}

var _ Preparer = (*started)(nil)

// Prepare implements Preparer. A command that listens on a port of its own cannot be
// there twice.
func (s *started) Prepare(ctx context.Context, n int) {
	if s.command.port != 0 {
		return
	}
	for len(s.next) < min(n, mostComing) {
		ctx, cancel := context.WithCancel(ctx)
		next := &coming{process: &started{command: s.command}, done: make(chan struct{}), cancel: cancel}
		s.next = append(s.next, next)
		go func() {
			defer close(next.done)
			next.err = next.process.begin(ctx)
		}()
	}
}

// take waits for the process that was prepared first. It returns nil where none was, or
// where it did not come up.
func (s *started) take() *started {
	if len(s.next) == 0 {
		return nil
	}
	next := s.next[0]
	s.next = s.next[1:]
	<-next.done
	next.cancel()
	if next.err != nil {
		return nil
	}
	return next.process
}

// Close implements Pinned.
func (s *started) Close() error {
	for _, next := range s.next {
		next.cancel()
	}
	for len(s.next) > 0 {
		if next := s.take(); next != nil {
			next.pinned.Close() //nolint:errcheck // it always works
		}
	}
	return s.pinned.Close()
}
