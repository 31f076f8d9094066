package verdict

import (
	"fmt"

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
// A counter that grows convicts, whether RSS shows it yet or not. An exact
// counter that is flat overrules RSS that creeps: that is bloat or warm-up. Only
// steady growth that RSS alone would convict for is left open, for memory that
// no runtime counts (native libraries, fragmentation) grows just so.
func Fuse(rss Judgement, counters []Evidence) (Judgement, []string) {
	var grows, flat, open []Evidence
	for _, c := range counters {
		switch {
		case c.Judgement.Label == Leak:
			grows = append(grows, c)
		case c.Judgement.Label == Inconclusive && c.Judgement.More > 0 && c.Judgement.Low > 0:
			open = append(open, c)
		case c.Judgement.Label == Inconclusive:
		default:
			flat = append(flat, c)
		}
	}
	switch {
	case len(grows) > 0:
		return guilty(rss, grows)
	case len(open) > 0:
		j := inBytes(rss, open)
		j.Label, j.Reason, j.More = Inconclusive, open[0].Name+": "+open[0].Judgement.Reason, open[0].Judgement.More
		return j, names(open)
	case len(flat) > 0:
		return acquitted(rss, flat)
	}
	return rss, []string{"rss"}
}

func guilty(rss Judgement, grows []Evidence) (Judgement, []string) {
	j := inBytes(rss, grows)
	j.Label, j.More = Leak, 0
	j.Reason = grows[0].Name + ": " + grows[0].Judgement.Reason
	why := names(grows)
	if rss.Low > 0 {
		why = append(why, "rss")
	}
	return j, why
}

func acquitted(rss Judgement, flat []Evidence) (Judgement, []string) {
	best := flat[0]
	for _, c := range flat {
		if c.Exact {
			best = c
			break
		}
	}
	j := rss
	if c, ok := firstBytes(flat); ok {
		j.Detectable = c.Judgement.Detectable
	}
	switch {
	case rss.Label == Leak:
		j.Label = Inconclusive
		j.Reason = fmt.Sprintf("%s counts nothing that stays, but RSS %s: memory that the runtime does not count, in a native library or by fragmentation",
			best.Name, rss.Reason)
	case rss.Label == Inconclusive && rss.Low > 0:
		j.Label, j.More = Warmup, 0
		j.Reason = fmt.Sprintf("RSS grew %s per request, but %s counts nothing that stays", units.Bytes(rss.Growth), best.Name)
	case rss.Label == Inconclusive:
		j.Label, j.More = Stable, 0
		j.Reason = best.Name + ": " + best.Judgement.Reason
	}
	return j, []string{best.Name, "rss"}
}

// inBytes is rss with the growth of the first counter in bytes, where one is.
func inBytes(rss Judgement, from []Evidence) Judgement {
	if c, ok := firstBytes(from); ok {
		j := c.Judgement
		j.Requests = max(j.Requests, rss.Requests)
		return j
	}
	return rss
}

func firstBytes(from []Evidence) (Evidence, bool) {
	for _, c := range from {
		if c.Unit == "bytes" {
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
