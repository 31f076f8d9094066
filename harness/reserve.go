package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
)

// What collector and allocator keep in reserve is resident and not alive. A
// leak can fill it without any growth of RSS (slack), and an innocent URI can
// grow into it (headroom). How much it is depends on the runtime and on whether
// the process was started tight.

// Shares of a process's memory that may be in reserve.
const (
	// shareTight is that of a tight process, of what it has not mapped from files:
	// measured on the applications of the calibration, leaks filled up to 2 % of
	// RSS before it grew.
	shareTight = 0.025
	// shareFrees is that of a runtime that counts references.
	shareFrees = 0.05
	// shareLoose is that of a process with some of the settings, and of a Ruby on
	// the C library's malloc, which keeps holes.
	shareLoose = 0.10
	// shareRuby is Ruby's as it comes: see oldMalloc too.
	shareRuby = 0.25
	// sharePlain is that of any other process as it comes. Go (GOGC=100) and V8
	// collect when what is alive has doubled: until then the garbage of a clean
	// URI, or a full cache that replaces its entries, grows as evenly as a leak.
	// No setting of the environment changes that of V8.
	sharePlain = 1
	// followsMost: V8 lets the heap grow to four times what is alive before it
	// collects (kMaxGrowingFactor in src/heap/heap-controller.h). So may a collector
	// that we do not know.
	followsMost = 3
)

// The largest floors, in bytes per request, with which a URI may be called
// stable: while more requests may still be sent to a tight process, while a URI
// of any other is tried alone and those are quick, and for good. The slack of the
// process stands in a floor, and asking for less would mean ten thousands of
// requests to every innocent.
const (
	maxFloorTight = 1 << 10
	maxFloorLook  = 4 << 10
	maxFloorPlain = 16 << 10
)

// tight says that the process was started to keep little in reserve, by us or by
// others.
func (s *session) tight() bool { return len(s.settings) > 0 }

// frees says that the runtime counts references, and frees at once what is not
// used any more.
func (s *session) frees() bool {
	return slices.Contains([]string{"python", "php", "perl"}, s.pinned.Info().Runtime)
}

func (h *hunt) maxFloor(t *track) float64 {
	switch {
	case h.tight() && t.Requests.Auto && t.requests() < maxAuto:
		return maxFloorTight
	case t.looking:
		return maxFloorLook
	}
	return maxFloorPlain
}

// reserve is the share of the process's memory that may be in reserve, and by
// how many times what its neighbours added to the process a URI may grow, since
// a collector's goal follows what is alive (Go's GOGC=100 and its likes).
func (h *hunt) reserve() (share, follows float64) {
	info := h.pinned.Info()
	switch {
	case h.tight() && (info.Runtime != "ruby" || target.Purging(h.settings)):
		return shareTight, 0.05
	case h.frees():
		return shareFrees, 0.25
	case info.Runtime != "node" && len(info.Settings) > 0:
		return shareLoose, 0.25
	case info.Runtime == "ruby":
		return shareRuby, 1
	case info.Runtime == "go":
		return sharePlain, 1
	}
	return sharePlain, followsMost
}

// leastHeadroom, in bytes, is room in any heap: Ruby's old objects may hand out
// 1 MB of malloc before they are collected, even where told to keep little.
const leastHeadroom = 1 << 20

// leastLead is the fewest requests that go ahead of a block; before a long one it
// is an eighth as many as it has. A collector looks at what is old only once in
// a hundred or two light requests: what the neighbours left falls then.
const leastLead = 64

// lead sends requests ahead of a block of n that are not judged: in a tight
// process, whose collector runs after a few of them, memory falls to what is
// alive, and what the neighbour before left does not count for this URI. Without
// a free hand in the number of requests there are none.
func (h *hunt) lead(ctx context.Context, t *track, n int) error {
	if h.counter != nil || !t.Requests.Auto || !h.tight() {
		return nil
	}
	return h.warm(ctx, t, max(n/8, min(leastLead, n/2)))
}

// trough is where the growth of a URI that is tried alone begins to count. What
// is alive is never more than RSS, and the goal of a collector as it comes follows
// what is alive: that begins at the lowest. So it does where what is free goes
// back, for the first fall gives back what the neighbours left. Where the
// allocator keeps holes, they may be filled again, and it begins with the series.
func (h *hunt) trough(mem []float64) float64 {
	share, _ := h.reserve()
	switch {
	case len(mem) == 0:
		return 0
	case share == sharePlain || share == shareTight:
		return slices.Min(mem)
	}
	return mem[0]
}

// grown is how far a row rose from its trough without its largest step, in bytes,
// and the room that such a step makes: one step is no leak, and what it brought
// is alive. The reserve of a tight process does not follow it.
func (h *hunt) grown(mem []float64) (grown, room float64) {
	grown = mem[len(mem)-1] - h.trough(mem)
	if h.tight() {
		return grown, 0
	}
	step := 0.0
	for i := 1; i < len(mem); i++ {
		step = max(step, mem[i]-mem[i-1])
	}
	share, _ := h.reserve()
	return grown - step, share * step
}

// headroom is how far an innocent URI may grow when tried alone, in bytes, from
// where RSS stands at rss: by what may be in reserve, and by the room that its
// neighbours' growth has made, or all that is alive.
func (h *hunt) headroom(rss float64) float64 {
	share, follows := h.reserve()
	own, made := rss, rss-float64(h.warmed)
	if h.tight() { // what is mapped from files is no reserve
		own = float64(h.reading.Anon + h.reading.Swap)
	}
	if follows == followsMost { // nor alive; what was before the burn-in is
		made = rss - float64(h.reading.metric-h.reading.Anon-h.reading.Swap)
	}
	return max(leastHeadroom, share*own, follows*made, h.oldMalloc(float64(h.reading.metric-h.start)))
}

// allowed is how far a URI may grow, innocent, when tried alone, from the lowest
// that RSS stood at then: no further than was known when that began, but for
// Ruby's goal. An innocent that grew so fast made garbage at that rate ever
// since, and not only as much as RSS has grown by.
func (h *hunt) allowed(t *track, low float64) float64 {
	return max(min(t.headroom, h.headroom(low)), h.oldMalloc(t.slope*float64(t.served)))
}

// untightJVM is a JVM whose heap may grow to a quarter of the machine's memory
// (or -Xmx) by garbage alone.
func (h *hunt) untightJVM() bool {
	info := h.pinned.Info()
	return info.Runtime == "java" && len(info.Settings) == 0 && !h.tight()
}

// boundless says why garbage alone may grow the process by any amount before it is
// collected, so that growth of RSS convicts nobody; "" where it may not.
func (h *hunt) boundless() string {
	switch {
	case len(h.told) > 0:
		return fmt.Sprintf("%s lets garbage fill memory before it is collected: leave that out", strings.Join(h.told, " "))
	case h.untightJVM():
		return "a JVM fills all of its heap before it collects what is old: " +
			"let its class histogram be read (runtime: {jvm: {}}), or its heap be kept small (a command: target with tighten: true)"
	}
	return ""
}

// oldMalloc is how much more Ruby lets malloc hand out before it collects what
// has grown old, in bytes: RUBY_GC_OLDMALLOC_LIMIT, 16 MiB, which grows by a
// fifth each time that it is reached, so by a fifth of all that grew old (gc.c):
// the process's growth at least. Until then a full cache that replaces its
// entries grows as evenly as a leak.
func (h *hunt) oldMalloc(grewOld float64) float64 {
	info := h.pinned.Info()
	if info.Runtime != "ruby" || len(info.Settings) > 0 || h.tight() {
		return 0
	}
	return 16<<20 + 0.2*grewOld
}

// slack bounds, in bytes, the memory that is resident by now and may be free:
// a leak can fill it without any growth of RSS, so a floor has to hold it.
// After a settle there is none. A tight process has little; any other may keep
// everything it ever had: all growth since it was fresh, or all of its memory
// where others had used it before.
func (h *hunt) slack() float64 {
	if h.counter != nil {
		return 0
	}
	slack := float64(h.peak - h.start)
	if kind := h.pinned.Info().Kind; kind != "command" && kind != "demo" {
		slack += float64(h.startAnon)
	}
	if h.tight() {
		share, _ := h.reserve()
		return min(slack, share*float64(h.peak))
	}
	return max(0, slack-h.surelyLive())
}

// surelyLive is what convicted leaks hold in the present process: it is
// resident, and not free.
func (h *hunt) surelyLive() (bytes float64) {
	for _, t := range h.tracks {
		if !t.tried {
			continue
		}
		if j := h.confirmed(t); j.Label == verdict.Leak {
			bytes += max(0, j.Low) * float64(t.requests()-t.life)
		}
	}
	return bytes
}
