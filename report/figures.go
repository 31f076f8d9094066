package report

import (
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/scenarios"
)

// liveBytes is what runtimes' own counters of bytes are called.
const liveBytes = "live bytes"

// figures are the growth of one URI, its interval and its floor, in bytes per
// request. All of them are of the same memory: what a counter counts, or RSS.
type figures struct {
	Of                       string // "RSS", "anon", or the counter by its name
	Growth, Low, High, Floor float64
	// Beyond is the floor of what no counter counts, where a counter's floor is lower. 0
	// where it is not told.
	Beyond float64
	// BeyondOf is whose floor that is: nativeMemory where the runtime says what it has for
	// itself, else "RSS".
	BeyondOf string
}

const nativeMemory = "native memory"

// figuresOf are those of u.
func figuresOf(u *result.URI) figures {
	f := figures{Of: growthOf(u), Growth: u.Growth, Low: u.GrowthLow, High: u.GrowthHigh, Floor: u.Detectable}
	if ofCounter(u) && u.Counted > 0 {
		f.High, f.Floor = liveHigh(u), u.Counted
		if u.Detectable > u.Counted {
			f.Beyond, f.BeyondOf = u.Detectable, "RSS"
			if u.NativeKnown {
				f.BeyondOf = nativeMemory
			}
		}
	}
	return f
}

// ofCounter says that u's figures are those of a counter.
func ofCounter(u *result.URI) bool {
	switch u.GrowthOf {
	case "": // a result of old
		return counted(u)
	case scenarios.MetricRSS, scenarios.MetricAnon:
		return false
	}
	return true
}

func growthOf(u *result.URI) string {
	switch {
	case u.GrowthOf == scenarios.MetricAnon:
		return "anon"
	case !ofCounter(u):
		return "RSS"
	case u.GrowthOf == "":
		return liveBytes
	}
	return clean(u.GrowthOf)
}

// memory is whose figures a row of the table holds, in a word where there is one.
func (f figures) memory() string {
	if f.Of == liveBytes {
		return "live"
	}
	return f.Of
}

// both is whose growth, and how much.
func (f figures) both() string { return fmt.Sprintf("%-4s %9s", plain(f.memory()), f.growth()) }

func (f figures) growth() string   { return units.Bytes(f.Growth) }
func (f figures) interval() string { return between(f.Low, f.High) }
func (f figures) floor() string    { return units.Bytes(f.Floor) }

// cellOf is a cell of what is measured, "–" else.
func cellOf(f func(figures) string) func(*result.URI) string {
	return ifMeasured(func(u *result.URI) string { return f(figuresOf(u)) })
}

// beyond says what is excluded of memory that no counter counts, where the rows hold
// figures of a counter; "" where none has a larger floor of it.
func beyond(r *result.Result) string {
	var said []string
	for _, k := range []struct{ of, text string }{
		{nativeMemory, "Native memory is what the process has beyond its runtime's own, and no counter counts it"},
		{"RSS", "Memory that no counter counts, such as that of native libraries, shows in RSS alone"},
	} {
		var floors []float64
		for i := range r.URIs {
			if u := &r.URIs[i]; Measured(u) {
				if f := figuresOf(u); f.Beyond > 0 && f.BeyondOf == k.of {
					floors = append(floors, f.Beyond)
				}
			}
		}
		if floors != nil {
			said = append(said, fmt.Sprintf("%s: for %s its growth is excluded %s.", k.text, count(len(floors), "URI", "URIs"), above(floors)))
		}
	}
	return strings.Join(said, " ")
}

// above is from where on floors exclude growth.
func above(floors []float64) string {
	low, high := units.Bytes(slices.Min(floors)), units.Bytes(slices.Max(floors))
	if low == high {
		return "above " + low + "/request"
	}
	return fmt.Sprintf("above %s/request at best, and above %s/request at worst", low, high)
}
