package harness

import (
	"context"
	"io"

	"leakhunt/harness/memory"
	"leakhunt/harness/target"
	"leakhunt/harness/units"
)

// imprecise is the error of RSS, in bytes, from which readings at block edges
// are exact ones: it is the step by which glibc grows a heap, which the verdict
// expects in any series.
const imprecise = 128 << 10

// manyThreads is from how many threads on glibc's arenas, eight for each CPU
// at most, make RSS move by itself.
const manyThreads = 16

// study reads the facts about the process that matter to its memory, and warns
// of those that a reader should know before trusting a verdict.
func (h *hunt) study(ctx context.Context) error {
	if a, ok := h.pinned.(target.Advisor); ok {
		for _, advice := range a.Advise(ctx) {
			h.warnings.add(advice.Code, "%s", advice.Message)
		}
	}
	m, ok := h.meter.(interface{ Facts() (memory.Facts, error) })
	if !ok {
		return nil
	}
	f, err := m.Facts()
	if err != nil {
		return h.broken(ctx, err)
	}
	h.allocator = f.Allocator
	if f.RSSError > imprecise {
		h.exact = true
		h.warnings.add("rss-imprecise", "RSS may be off by %s on kernel %s with %d threads: readings at block edges are exact ones (smaps_rollup), those between are not",
			units.Bytes(float64(f.RSSError)), f.Kernel, f.Threads)
	}
	if f.HugePages == "always" && f.HugeAllowed {
		h.warnings.add("huge-pages", "transparent huge pages are on for this process: its RSS grows in steps of 2 MiB, so small leaks take longer to see")
	}
	if f.Swap > 0 {
		h.warnings.add("swap-in-use", "%s of the process are swapped out: RSS falls without anything being freed; metric: anon counts swap too", units.Bytes(float64(f.Swap)))
	}
	if f.Threads > manyThreads && f.Allocator == "glibc" && len(h.pinned.Info().Settings) == 0 {
		h.warnings.add("arenas", "%d threads, and glibc gives threads arenas of their own, each of which grows by itself: MALLOC_ARENA_MAX=1 makes RSS easier to read", f.Threads)
	}
	if l := h.plan.Scenario.Limits.RSS; f.Limit > 0 && l == 0 {
		h.warnings.add("memory-limit", "the process may take %s before the kernel ends it (cgroup): set limits.rss below that", units.Bytes(float64(f.Limit)))
	}
	return nil
}

// read is a reading between blocks: exact where RSS alone would be off.
func (s *session) read() (memory.Reading, error) {
	if s.exact {
		return s.meter.Exact()
	}
	return s.meter.Read()
}

// disconnect closes what open opened.
func (s *session) disconnect() {
	if s.client != nil {
		s.client.Close()
	}
	if c, ok := s.meter.(io.Closer); ok {
		c.Close() //nolint:errcheck // files of /proc, only read
	}
	if s.counter != nil {
		s.counter.Close() //nolint:errcheck // its process may be gone
	}
}
