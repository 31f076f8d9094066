package report

import (
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// liveBytes is what runtimes' own counters of bytes are called.
const liveBytes = "live bytes"

// figures are the growth of one URI, its interval and its floor, in bytes per
// request, or in Unit. All of them are of the same: what a counter counts, or RSS.
type figures struct {
	Of                       string // "RSS", "anon", or the counter by its name
	Unit                     string // "" is bytes; else there is no floor
	Growth, Low, High, Floor float64
	// Beyond is the floor of what no counter counts, where a counter's floor is lower. 0
	// where it is not told.
	Beyond float64
	// BeyondOf is whose floor that is: nativeMemory where the runtime says what it has for
	// itself, else "RSS".
	BeyondOf string
}

const nativeMemory = "native memory"

// figuresOf are those of u. Where counts alone convict it, they are those of the first.
func figuresOf(u *result.URI) figures {
	if p := byCount(u); p != nil {
		return figures{Of: clean(p.Name), Unit: cut(clean(p.Unit), 12), Growth: p.Growth, Low: p.Low, High: p.High}
	}
	return bytesOf(u)
}

// byCount is the first counter of what convicts u. It is nil where one of them counts
// bytes, and where RSS has grown for sure: its growth can be told then. What the process
// holds beside memory, where that convicts alone or no growth in bytes is sure, comes first.
func byCount(u *result.URI) (first *result.Probe) {
	if p := byHeld(u); p != nil && (u.GrowthLow <= 0 || p.Name == u.Evidence[0]) {
		return p
	}
	if u.Verdict != verdict.Leak || u.GrowthOf == "" || u.GrowthLow > 0 || ofCounter(u) {
		return nil
	}
	for _, name := range u.Evidence {
		i := slices.IndexFunc(u.Probes, func(p result.Probe) bool { return p.Name == name && p.Unit != "bytes" })
		if i < 0 {
			return nil
		}
		if first == nil {
			first = &u.Probes[i]
		}
	}
	return first
}

// byHeld is the first count of what a process holds beside memory that convicts u; nil
// without one.
func byHeld(u *result.URI) *result.Probe {
	i := slices.IndexFunc(u.Evidence, record.HeldUnit)
	if u.Verdict != verdict.Leak || i < 0 {
		return nil
	}
	if k := slices.IndexFunc(u.Probes, func(p result.Probe) bool { return p.Name == u.Evidence[i] }); k >= 0 {
		return &u.Probes[k]
	}
	return nil
}

// bytesOf are the figures of u in bytes.
func bytesOf(u *result.URI) figures {
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
func (f figures) both() string {
	if f.Unit != "" {
		return f.growth()
	}
	return fmt.Sprintf("%-4s %9s", plain(f.memory()), f.growth())
}

func (f figures) growth() string {
	if f.Unit != "" {
		return units.Quantity(f.Growth, f.Unit)
	}
	return units.Bytes(f.Growth)
}

func (f figures) interval() string {
	if f.Unit != "" {
		return units.Number(f.Low) + " … " + units.Quantity(f.High, f.Unit)
	}
	return between(f.Low, f.High)
}

func (f figures) floor() string {
	if f.Unit != "" {
		return "–"
	}
	return units.Bytes(f.Floor)
}

// cellOf is a cell of what is measured, "–" else.
func cellOf(f func(figures) string) func(*result.URI) string {
	return ifMeasured(func(u *result.URI) string { return f(figuresOf(u)) })
}

// beyond says what growth is excluded of memory that no counter counts, where the rows
// hold figures of a counter. It is "" where no row has a larger floor of such memory.
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
