package verdict

import (
	"fmt"
	"slices"

	"leakhunt/harness/units"
)

// Evidence is one witness beside RSS and what it says.
type Evidence struct {
	Name      string // as evidence names it: "agent", "pprof", "settled rss", …
	Unit      string // "bytes", "objects"
	Exact     bool   // counts what is alive
	Judgement Judgement
}

// Fuse makes one verdict of RSS and the counters, in bytes/request. evidence
// names what decided, best first.
//
//   - A counter that grows convicts, whether RSS shows it yet or not.
//   - An exact counter that is flat overrules RSS that creeps: that is bloat or
//     warm-up. Where RSS itself (as it comes, or settled) would convict, the
//     case is left open: memory that no runtime counts, in native libraries or
//     by fragmentation, grows just so.
//   - A counter that may grow keeps the case open until it is followed for as
//     long as it asks. So does an exact counter of bytes that seems to grow
//     beside flat objects: a buffer that grows, or strings where they are no
//     objects (V8), show up in bytes alone.
//
// The growth in bytes is that of an exact counter where there is one, for RSS
// is off by more.
func Fuse(rss Judgement, counters []Evidence) (j Judgement, evidence []string) {
	grows := pick(counters, func(c Evidence) bool { return c.Judgement.Label == Leak })
	flat := pick(counters, func(c Evidence) bool { return c.Judgement.Label.harmless() })
	open := pick(counters, func(c Evidence) bool { return c.Judgement.Label == Inconclusive && c.Judgement.More > 0 })
	growing := pick(open, func(c Evidence) bool { return c.Exact && c.Judgement.Low > 0 })
	exact := func(c Evidence) bool { return c.Exact }
	sure, acquits := pick(grows, exact), pick(flat, exact)
	alive := pick(counters, exact)
	growing = append(growing, pick(open, func(c Evidence) bool {
		return c.Exact && c.Unit == unitBytes && c.Judgement.Low <= 0 && c.Judgement.Growth >= sureBytes
	})...)
	switch {
	case len(sure) > 0:
		return guilty(rss, append(sure, without(grows, exact)...), alive)
	case len(growing) > 0:
		return undetermined(rss, growing, alive)
	case len(acquits) > 0 && (len(grows) > 0 || rss.Label == Leak):
		return native(rss, acquits[0], grows)
	case len(acquits) > 0:
		return acquitted(rss, append(acquits, without(flat, exact)...), alive)
	case len(grows) > 0:
		return guilty(rss, grows, alive)
	case len(pick(open, exact)) > 0:
		return undetermined(rss, pick(open, exact), alive)
	case len(flat) > 0:
		return acquitted(rss, flat, alive)
	}
	return rss, []string{evidenceRSS}
}

const evidenceRSS = "rss"

// harmless says that a label acquits.
func (l Label) harmless() bool { return l == Stable || l == Bloat || l == Warmup }

func guilty(rss Judgement, by, alive []Evidence) (Judgement, []string) {
	j := inBytes(rss, slices.Concat(by, alive))
	if j.Label != Leak && j.Usual > 0 { // another counter convicts, and one block freed much
		half := j.High - j.Growth
		j.Growth, j.Low, j.High = j.Usual, min(j.Low, j.Usual-half), max(j.High, j.Usual+half)
	}
	j.Label, j.More = Leak, 0
	j.Reason = by[0].Name + ": " + by[0].Judgement.Reason
	why := names(by)
	if rss.Low > 0 {
		why = append(why, evidenceRSS)
	}
	return j, why
}

func undetermined(rss Judgement, by, alive []Evidence) (Judgement, []string) {
	j := inBytes(rss, slices.Concat(by, alive))
	j.Label, j.More = Inconclusive, by[0].Judgement.More
	j.Reason = by[0].Name + ": " + by[0].Judgement.Reason
	return j, names(by)
}

func native(rss Judgement, flat Evidence, settled []Evidence) (Judgement, []string) {
	j, name := rss, "RSS"
	if len(settled) > 0 && rss.Label != Leak {
		j, name = settled[0].Judgement, settled[0].Name
		if settled[0].Unit == unitBytes {
			j.Of = name
		}
	}
	reason := fmt.Sprintf("%s %s, but not %s (%s): memory that the runtime does not count grows, in a native library or by fragmentation",
		name, j.Reason, flat.Name, flat.Judgement.Reason)
	j.Label, j.Reason, j.More = Inconclusive, reason, 0
	j.Creep = max(j.Creep, j.Low) // fragmentation comes to an end
	return j, append([]string{flat.Name}, append(names(settled), evidenceRSS)...)
}

// acquitted is what by clears. Its growth and its floor are in bytes, so they are
// those of the first counter of bytes, or of RSS: Reason names which, where it is
// not the one that clears.
func acquitted(rss Judgement, by, alive []Evidence) (Judgement, []string) {
	best, j, floor := by[0], rss, "RSS"
	if c, ok := firstBytes(slices.Concat(by, alive)); ok {
		// What goes on is what is alive; the growth of RSS is told in Reason.
		j.Growth, j.Low, j.High = c.Judgement.Growth, c.Judgement.Low, c.Judgement.High
		j.Creep, j.Of = 0, c.Name
		j.Detectable, j.Every, floor = c.Judgement.Detectable, c.Judgement.Every, c.Name
	}
	told := []string{best.Name}
	switch {
	case rss.Label == Leak, rss.Label == Inconclusive && rss.Low > 0:
		j.Label, j.More = Warmup, 0
		j.Reason = fmt.Sprintf("RSS grew %s per request, but not %s (%s)", units.Bytes(rss.Growth), best.Name, best.Judgement.Reason)
		told = append(told, "RSS")
	case rss.Label == Inconclusive:
		j.Label, j.More = best.Judgement.Label, 0
		j.Reason = best.Name + ": " + best.Judgement.Reason
	default:
		j.Reason = "RSS: " + rss.Reason
		told = []string{"RSS"}
	}
	if !slices.Contains(told, floor) {
		j.Reason += fmt.Sprintf("; %s: no growth above %s per request", floor, units.Bytes(j.Detectable))
	}
	return j, []string{best.Name, evidenceRSS}
}

func pick(from []Evidence, is func(Evidence) bool) []Evidence {
	var out []Evidence
	for _, c := range from {
		if is(c) {
			out = append(out, c)
		}
	}
	return out
}

func without(from []Evidence, is func(Evidence) bool) []Evidence {
	return pick(from, func(c Evidence) bool { return !is(c) })
}

// inBytes is rss with the growth of the first counter in bytes, where one is.
func inBytes(rss Judgement, from []Evidence) Judgement {
	if c, ok := firstBytes(from); ok {
		j := c.Judgement
		j.Of = c.Name
		j.Requests = max(j.Requests, rss.Requests)
		return j
	}
	return rss
}

func firstBytes(from []Evidence) (Evidence, bool) {
	for _, c := range from {
		if c.Unit == unitBytes {
			return c, true
		}
	}
	return Evidence{}, false
}

func names(from []Evidence) []string {
	out := make([]string, 0, len(from)+1)
	for _, c := range from {
		out = append(out, c.Name)
	}
	return out
}
