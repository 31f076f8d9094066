package recorded

import (
	"fmt"
	"slices"
)

// oddities are the named warnings on a series that was read without an error.
func oddities(s Series) []Warning {
	var out []Warning
	add := func(code, format string, args ...any) {
		out = append(out, Warning{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	if n := count(s.RSS, func(v float64) bool { return v == 0 }); n > 0 {
		add("process-gone", "%d of %d readings are 0: the process was gone by then", n, len(s.RSS))
	}
	if at, size := firstGap(s.Requests); at >= 0 && !s.mid {
		add("gaps", "readings are missing, first %d after request %d: between two readings the first one is taken to hold", size, s.Requests[at])
	}
	if at := restart(s); at >= 0 {
		add("restart", "RSS fell from %.0f to %.0f bytes at request %d: the process may have been restarted there, or the file is cut short", s.RSS[at-1], s.RSS[at], s.Requests[at])
	}
	if most := slices.Max(s.RSS); most > 0 && most < leastRSS {
		add("too-small", "RSS is %.0f bytes at most, which no server takes: is the column in kB, as ps prints it?", most)
	}
	if len(s.RSS) > 2 && distinct(s.RSS) == 2 {
		add("two-values", "the readings have only two different values: a floor cannot be finer than their distance")
	}
	if s.Requests[0] != 0 {
		add("no-start", "the first reading is after request %d, not 0: how much memory rose since the process was fresh is not known", s.Requests[0])
	}
	return out
}

func count[T any](v []T, is func(T) bool) int {
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

// leastRSS, in bytes, is less than what any server has resident.
const leastRSS = 1 << 20

// restart is the index of the first reading at which the process seems to be another
// one; −1 if none. Such a reading is less than half of the one before it, and so is the
// one after it, if any. Or it is down at once to what the fresh process had, by at
// least a tenth and a mebibyte. A garbage collection hardly ever does that.
func restart(s Series) int {
	for i := 1; i < len(s.RSS); i++ {
		now, before := s.RSS[i], s.RSS[i-1]
		after := s.RSS[min(i+1, len(s.RSS)-1)]
		halved := now < before/2 && after < before/2
		fresh := !s.mid && s.Requests[0] == 0 && now <= s.RSS[0] && before-now >= max(before/10, 1<<20)
		if now > 0 && (halved || fresh) {
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
