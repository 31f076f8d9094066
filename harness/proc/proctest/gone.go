package proctest

import (
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/proc"
)

// AwaitGone waits until none of the processes is there any more, so long at most. One
// that is left fails the test, and is killed.
func AwaitGone(t testing.TB, patience time.Duration, ids []proc.ID) {
	t.Helper()
	until := time.Now().Add(patience)
	for _, id := range ids {
		for id.Check() == nil {
			if time.Now().After(until) {
				t.Errorf("pid %d still runs", id.PID)
				_ = syscall.Kill(id.PID, syscall.SIGKILL)
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}
