package recorded

import (
	"fmt"
	"math"
)

// oddities are the named warnings on a series that was read without an error.
func oddities(s Series) []Warning {
	var out []Warning
	add := func(code, format string, args ...any) {
		out = append(out, Warning{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	if n := count(s.RSS, math.IsNaN); n > 0 {
		add("not-a-number", "%d of %d readings are not numbers: no verdict can be built on them", n, len(s.RSS))
	}
	if n := count(s.RSS, func(v float64) bool { return v == 0 }); n > 0 {
		add("process-gone", "%d of %d readings are 0: the process was gone by then", n, len(s.RSS))
	}
	if at, size := firstGap(s.Requests); at >= 0 {
		add("gaps", "readings are missing, first %d after request %d: between two readings the first one is taken to hold", size, s.Requests[at])
	}
	if at := restart(s.RSS); at >= 0 {
		add("restart", "RSS fell from %.0f to %.0f bytes at request %d and stayed there: the process may have been restarted", s.RSS[at-1], s.RSS[at], s.Requests[at])
	}
	if len(s.RSS) > 2 && distinct(s.RSS) == 2 {
		add("two-values", "the readings have only two different values: a floor cannot be finer than their distance")
	}
	if s.Requests[0] != 0 {
		add("no-start", "the first reading is after request %d, not 0: how much memory rose since the process was fresh is not known", s.Requests[0])
	}
	return out
}

func count(v []float64, is func(float64) bool) int {
	n := 0
	for _, x := range v {
		if is(x) {
			n++
		}
	}
	return n
}

// firstGap is the index before the first missing reading and how many are
// missing there, or −1.
func firstGap(requests []int) (at, size int) {
	for i := 1; i < len(requests); i++ {
		if d := requests[i] - requests[i-1]; d > 1 {
			return i - 1, d - 1
		}
	}
	return -1, 0
}

// restart is the index of the first reading after which the process seems to
// be another one: less than half of the reading before it, and still less in
// the reading after. A garbage collection hardly ever does that; −1 if none.
func restart(rss []float64) int {
	for i := 1; i+1 < len(rss); i++ {
		if rss[i] > 0 && rss[i] < rss[i-1]/2 && rss[i+1] < rss[i-1]/2 {
			return i
		}
	}
	return -1
}

// distinct is the number of different values, counted up to 3.
func distinct(v []float64) int {
	var seen []float64
next:
	for _, x := range v {
		for _, y := range seen {
			if x == y {
				continue next
			}
		}
		if seen = append(seen, x); len(seen) == 3 {
			break
		}
	}
	return len(seen)
}
