package proc

import (
	"context"
	"os"
	"time"
)

// Rest waits, at most so long, until no thread of a process runs or wants to, and
// says whether it came to that: a server goes on for a moment after it has
// answered, which is longer where it has to wait for a processor. Our own process
// never rests while it is looked at, and is not waited for.
func Rest(ctx context.Context, pid int, most time.Duration) bool {
	if pid == os.Getpid() {
		return false
	}
	for end := time.Now().Add(most); live.runs(pid); {
		if ctx.Err() != nil || !time.Now().Before(end) {
			return false
		}
		time.Sleep(time.Millisecond)
	}
	return true
}

// Runs says whether a thread of the process runs or wants to.
func Runs(pid int) bool { return live.runs(pid) }

// runs says whether a thread of the process is in the state R: running, or ready to
// (proc_pid_stat(5)).
func (r root) runs(pid int) bool {
	threads, _ := os.ReadDir(r.path(pid, "task")) // what cannot be seen is not waited for
	for _, t := range threads {
		raw, err := r.read(pid, "task/"+t.Name()+"/stat")
		if err != nil {
			continue // it has ended
		}
		if st, err := parseStat(raw); err == nil && st.state == 'R' {
			return true
		}
	}
	return false
}
