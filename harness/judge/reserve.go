package judge

import (
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/record"
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
	sharePlain = 1
	// followsMost: V8 lets the heap grow to four times what is alive before it
	// collects (kMaxGrowingFactor in src/heap/heap-controller.h). So may a collector
	// that we do not know.
	followsMost = 3
)

// The largest floors, in bytes per request, with which a URI may be called stable.
// floorTight holds while more requests are still to come in a tight process.
// floorFollowed holds while a URI of any other process is followed by itself and its
// requests are quick. floorPlain holds otherwise. The slack of the process stands in a
// floor, and asking for less would mean tens of thousands of requests to every
// innocent.
const (
	floorTight    = 1 << 10
	floorFollowed = 4 << 10
	floorPlain    = 16 << 10
)

// leastHeadroom, in bytes, is room in any heap: Ruby's old objects may hand out
// 1 MB of malloc before they are collected, even where told to keep little.
const leastHeadroom = 1 << 20

func (st *State) process() record.Process {
	if l := st.Life(); l != nil {
		return l.Process
	}
	return record.Process{}
}

func (st *State) facts() record.Facts {
	if l := st.Life(); l != nil {
		return l.Facts
	}
	return record.Facts{}
}

// Tight says that the process was started to keep little in reserve, by us or by
// others.
func (st *State) Tight() bool { return len(st.facts().Tight) > 0 }

// Frees says that the runtime counts references, and frees at once what is not
// used any more.
func (st *State) Frees() bool {
	return slices.Contains([]string{"python", "php", "perl"}, st.process().Runtime)
}

func (st *State) maxFloor(u *URI) float64 {
	switch {
	case st.Tight() && u.Item.Requests.Auto && u.Requests() < MaxSweep && !st.bounds():
		return floorTight
	case u.following:
		return floorFollowed
	}
	return floorPlain
}

// reserve is the share of the process's memory that may be in reserve, from 0 to 1.
// follows is by how many times what its neighbours added to the process a URI may grow:
// a collector's goal follows what is alive (Go's GOGC=100 and its likes).
func (st *State) reserve() (share, follows float64) {
	p := st.process()
	switch {
	case st.Tight() && (p.Runtime != "ruby" || st.facts().Purging):
		return shareTight, 0.05
	case st.Frees():
		return shareFrees, 0.25
	case p.Runtime != "node" && len(p.Settings) > 0:
		return shareLoose, 0.25
	case p.Runtime == "ruby":
		return shareRuby, 1
	case p.Runtime == "go":
		return sharePlain, 1
	}
	return sharePlain, followsMost
}

// trough is where the growth of a URI that runs alone begins to count. What
// is alive is never more than RSS, and the goal of a collector as it comes follows
// what is alive: that begins at the lowest. So it does where what is free goes
// back, for the first fall gives back what the neighbours left. Where the
// allocator keeps holes, they may be filled again, and it begins with the series.
func (st *State) trough(mem []float64) float64 {
	share, _ := st.reserve()
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
func (st *State) grown(mem []float64) (grown, room float64) {
	grown = mem[len(mem)-1] - st.trough(mem)
	if st.Tight() {
		return grown, 0
	}
	step := 0.0
	for i := 1; i < len(mem); i++ {
		step = max(step, mem[i]-mem[i-1])
	}
	share, _ := st.reserve()
	return grown - step, share * step
}

// headroom is how far an innocent URI may grow when it runs alone, in bytes, from
// where RSS stands at rss: by what may be in reserve, and by the room that its
// neighbours' growth has made, or all that is alive.
func (st *State) headroom(rss float64) float64 {
	life := st.Life()
	share, follows := st.reserve()
	own, made := rss, rss-float64(life.Warmed)
	if st.Tight() { // what is mapped from files is no reserve
		own = float64(st.Reading.Anon + st.Reading.Swap)
	}
	if follows == followsMost { // nor alive; what was before the warm-up is
		made = rss - float64(st.Reading.Metric-st.Reading.Anon-st.Reading.Swap)
	}
	return max(leastHeadroom, share*own, follows*made, st.oldMalloc(float64(st.Reading.Metric-life.Fresh.Metric)))
}

// allowed is how far a URI may grow, innocent, when it runs alone, from the lowest
// that RSS stood at then: no further than was known when that began, but for
// Ruby's goal. An innocent that grew so fast made garbage at that rate ever
// since, and not only as much as RSS has grown by.
func (st *State) allowed(u *URI, low float64) float64 {
	return max(min(u.headroom, st.headroom(low)), st.oldMalloc(u.Slope*float64(u.Served)))
}

// untightJVM is a JVM whose heap may grow to a quarter of the machine's memory
// (or -Xmx) by garbage alone.
func (st *State) untightJVM() bool {
	p := st.process()
	return p.Runtime == "java" && len(p.Settings) == 0 && !st.Tight()
}

// Boundless says that garbage alone may grow the process by any amount, so that no
// trial can convict anybody by RSS.
func (st *State) Boundless() bool { return st.boundless() != "" }

// boundless says why garbage alone may grow the process by any amount before it is
// collected. Then growth of RSS convicts nobody. It is "" where garbage may not.
func (st *State) boundless() string {
	switch {
	case len(st.facts().Deferring) > 0:
		return fmt.Sprintf("%s lets garbage fill memory before it is collected: leave that out", strings.Join(st.facts().Deferring, " "))
	case st.untightJVM():
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
func (st *State) oldMalloc(grewOld float64) float64 {
	p := st.process()
	if p.Runtime != "ruby" || len(p.Settings) > 0 || st.Tight() {
		return 0
	}
	return 16<<20 + 0.2*grewOld
}

// slackNow bounds, in bytes, the memory that is resident by now and may be free:
// a leak can fill it without any growth of RSS, so a floor has to hold it.
// After a settle there is none. A tight process has little; any other may keep
// everything it ever had: all growth since it was fresh, or all of its memory
// where others had used it before.
func (st *State) slackNow() float64 {
	life := st.Life()
	if st.Counted() || life == nil || !st.On("slack") {
		return 0
	}
	slack := float64(life.Peak - life.Fresh.Metric)
	if kind := life.Process.Kind; kind != "command" && kind != "demo" {
		slack += float64(life.Fresh.Anon + life.Fresh.Swap)
	}
	if st.Tight() {
		share, _ := st.reserve()
		return min(slack, share*float64(life.Peak))
	}
	return max(0, slack-st.surelyLive())
}

// surelyLive is what convicted leaks hold in the present process: it is
// resident, and not free.
func (st *State) surelyLive() (bytes float64) {
	for _, u := range st.URIs {
		if !u.Tried {
			continue
		}
		if j := st.confirmed(u); j.Label == verdict.Leak {
			bytes += max(0, j.Low) * float64(st.inLife(u))
		}
	}
	return bytes
}

// inLife is how many of the URI's judged requests the present process got.
func (st *State) inLife(u *URI) (n int) {
	now := len(st.Lives) - 1
	for _, b := range u.Blocks {
		if b.Life == now {
			n += b.N()
		}
	}
	return n
}

// free is the slack less what the process has given back since its peak, where
// its RSS stands at low.
func (st *State) free(low float64) float64 {
	return max(0, st.slackNow()+low-float64(st.Life().Peak))
}

// shows says that MaxAlone requests would bring a leak of floorFollowed out of
// what the process keeps in reserve while RSS stands at low: fill what is free,
// and outgrow the headroom.
func (st *State) shows(low float64) bool {
	return !st.Tight() && st.free(low)+st.headroom(low) < floorFollowed*MaxAlone
}

// Shows says the same of a leak in the process as it stands.
func (st *State) Shows() bool { return st.shows(float64(st.Reading.Metric)) }
