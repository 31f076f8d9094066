package session

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/harness/target"
	"leakhunt/harness/units"
)

// imprecise is the error of RSS, in bytes, from which settled readings are exact
// ones: it is the step by which glibc grows a heap, which the verdict expects in
// any series.
const imprecise = 128 << 10

// manyThreads is from how many threads on glibc's arenas, eight for each CPU at
// most (mallopt(3), M_ARENA_MAX), make RSS move by itself.
const manyThreads = 16

// study reads the facts about the process that matter to its memory, and notes
// those that a reader should know before trusting a verdict.
func (s *Session) study(ctx context.Context) (facts record.Facts, err error) {
	s.exact, s.dir = false, ""
	info := s.pinned.Info()
	// The link to a folder that was removed since ends in " (deleted)".
	if dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", s.pinned.Process().PID)); err == nil && dir != "/" {
		s.dir = strings.TrimSuffix(dir, " (deleted)")
	}
	env, _ := proc.Environ(info.PID) // of others' processes, where it may be read
	argv, _ := proc.Cmdline(info.PID)
	facts.Tightenable = len(target.Tight(info.Runtime)) > 0
	if facts.Deferring = target.Told(info.Runtime, env, argv); len(facts.Deferring) == 0 {
		facts.Tight = target.Tightly(info.Runtime, slices.Concat(env, info.Settings))
		facts.Purging = target.Purging(facts.Tight)
	}
	if a, ok := s.pinned.(target.Advisor); ok {
		for _, advice := range a.Advise(ctx) {
			s.note(advice.Code, "%s", advice.Message)
		}
	}
	m, ok := s.meter.(studied)
	if !ok {
		return facts, nil
	}
	f, err := m.Facts()
	if err != nil {
		return facts, s.broken(ctx, err)
	}
	facts.Allocator, facts.Descriptors = f.Allocator, f.Descriptors
	if f.RSSError > imprecise {
		s.exact = true
		s.note("rss-imprecise", "RSS may be off by %s on kernel %s with %d threads: readings at block edges are exact ones (smaps_rollup), those between are not",
			units.Bytes(float64(f.RSSError)), f.Kernel, f.Threads)
	}
	if f.HugePages == "always" && f.HugeAllowed {
		s.note("huge-pages", "transparent huge pages are on for this process: its RSS grows in steps of 2 MiB, so small leaks take longer to see")
	}
	if f.Swap > 0 {
		s.note("swap-in-use", "%s of the process are swapped out: RSS falls without anything being freed; metric: anon counts swap too", units.Bytes(float64(f.Swap)))
	}
	if f.Threads > manyThreads && f.Allocator == "glibc" && len(info.Settings) == 0 {
		s.note("arenas", "%d threads, and glibc gives threads arenas of their own, each of which grows by itself: MALLOC_ARENA_MAX=1 makes RSS easier to read", f.Threads)
	}
	if l := s.cfg.Scenario.Limits.RSS; f.Limit > 0 && l == 0 {
		s.note("memory-limit", "the process may take %s before the kernel ends it (cgroup): the run ends a little before that, or at limits.rss", units.Bytes(float64(f.Limit)))
	}
	return facts, nil
}
