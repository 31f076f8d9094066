package main

import "strings"

// slopes is how fast RSS really grows for each leak, in bytes/request. Resident
// growth is not what the application keeps: the allocator rounds an object up and
// leaves the rest of a page, a collector lets garbage grow with what is alive. So
// it is measured, and not on the series that are judged: on processes of their
// own, over slopeRequests requests to one URI, from RSS at both ends alone, and from
// about where verdicts fall: after the usual burn-in where the process is tight,
// after slopeWarmup where it comes as it is and first fills what it keeps free.
// The mean of several processes is the truth.
type slopes map[slopeOf][]float64

type slopeOf struct {
	runtime, evidence, route string
}

// So many that the step of an allocator weighs nothing, and so few that a
// machine's memory holds them.
const (
	slopeWarmup   = 8192
	slopeRequests = 16384
)

// reference says that the finding is no verdict to be counted.
func (f finding) reference() bool { return strings.HasPrefix(f.Evidence, "slope") }

func slopesOf(all []finding) slopes {
	s := slopes{}
	for _, f := range all {
		if f.reference() {
			key := slopeOf{f.Runtime, f.Evidence, f.Route}
			s[key] = append(s[key], f.Growth)
		}
	}
	return s
}

// of is the growth that the interval of a finding should hold: that of RSS where
// RSS alone was judged, and was measured; else what the application keeps, to the
// byte.
func (s slopes) of(f finding) float64 {
	by := map[string]string{"tight": "slope-tight", "plain": "slope", "alone": "slope"}[f.Evidence]
	measured := s[slopeOf{f.Runtime, by, f.Route}]
	if len(measured) == 0 {
		return f.Kept
	}
	var sum float64
	for _, v := range measured {
		sum += v
	}
	return sum / float64(len(measured))
}
