package proc

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"time"
)

// Ran is for how long a process has run on a CPU: its threads that live, to the
// nanosecond, and all that there were, in ticks of 10 ms.
type Ran struct {
	living, all time.Duration
}

// HasRun reads it. It fails where the kernel does not count (CONFIG_SCHED_INFO).
func HasRun(pid int) (Ran, error) { return live.hasRun(pid) }

func (r root) hasRun(pid int) (ran Ran, err error) {
	tasks, err := os.ReadDir(r.path(pid, "task"))
	if err != nil {
		return Ran{}, r.explain(pid, err)
	}
	found := false
	for _, t := range tasks {
		text, err := os.ReadFile(r.path(pid, "task/"+t.Name()+"/schedstat"))
		if err != nil {
			continue // it has ended since
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			continue
		}
		found = true
		ran.living += time.Duration(ns)
	}
	raw, err := r.read(pid, "stat")
	if err != nil {
		return Ran{}, err
	}
	const user, system = 11, 12 // fields behind the name, from 0
	f := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	if !found || len(f) <= system {
		return Ran{}, errors.New("the kernel does not count it")
	}
	for _, text := range []string{f[user], f[system]} {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Ran{}, err
		}
		ran.all += time.Duration(n) * tick
	}
	return ran, nil
}

// Since is how long it has run since an earlier look, at least.
func (r Ran) Since(before Ran) time.Duration {
	return max(r.living-before.living, r.all-before.all)
}
