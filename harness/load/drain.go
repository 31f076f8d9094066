package load

import (
	"os"
	"time"

	"leakhunt/harness/proc"
)

// blindPause is how long awaitRead waits where the kernel does not say what the
// server has read: it runs in another network namespace or on another machine.
// A connection that is closed shows when the body is sent.
const blindPause = 20 * time.Millisecond

// awaitRead returns when the server has read everything that was sent so far.
func (w *Wire) awaitRead() error {
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 5*time.Millisecond) {
		unread, err := proc.Unread(w.plain)
		switch {
		case err != nil:
			time.Sleep(blindPause)
			return nil
		case !unread:
			return nil
		case !w.until.IsZero() && time.Now().After(w.until):
			return os.ErrDeadlineExceeded
		case w.ctx.Err() != nil:
			return w.ctx.Err()
		}
		time.Sleep(wait)
	}
}
