package verdict

import "math"

// Params sets what is looked for in a memory series. Zero values stand for the
// defaults.
type Params struct {
	// MinSlope is the smallest growth that is looked for, in bytes/request.
	// Default 512; 2048 suits a JVM that is not settled before readings.
	MinSlope float64
	// Quantum is the step by which the allocator takes memory from the system,
	// in bytes. Default 128 KiB: glibc's M_TOP_PAD (mallopt(3)).
	Quantum float64
	// Page is the size of a page, in bytes. Default 4096.
	Page float64
	// MaxRequests bounds the series. Default 16384.
	MaxRequests int
	// Slack is memory that is resident and not surely alive, in bytes: what a
	// leak could use up before RSS shows it. It goes into Detectable as
	// Slack/requests. After a settle it is about 0; without one, at least the
	// rise since the process was fresh.
	Slack float64
	// MaxFloor is the largest Detectable, in bytes/request, with which a series
	// may still be called stable, bloat or warm-up. Default 16·MinSlope.
	MaxFloor float64
	// Rise is by how many bytes memory rose over the BurnIn requests before the
	// series began; 0 where unknown. What a process grew while warming up says
	// how fast it may still creep: see Params.creep.
	Rise   float64
	BurnIn int
	// Ended says that the run is over. What its readings scatter by is a floor then, and
	// not a reason to send more.
	Ended bool
}

// The shortest series that is looked at, and the shortest that a leak may be
// told from on RSS as it comes, in requests.
const (
	firstLook   = 128
	leastToTell = 2048
	// From here on growth far beyond doubt needs no suspicion before it; already
	// from leastSteady on where its interval is narrow.
	leastUnconfirmed = 4096
	leastSteady      = 3072
	// A series is not called stable earlier: what falls for a while hides growth.
	leastForStable = 1024
	// From here on a floor of more than 2·MinSlope is put up with: slack behind
	// which a leak could hide weighs 1/requests, and more requests cost time.
	leastForFloor = 4096
)

// leastToSay is the fewest requests with which RSS alone says anything: what
// falls for a while hides growth, and so does the slack.
func (p Params) leastToSay() int {
	return max(leastForStable, int(math.Ceil(p.Slack/p.MaxFloor)))
}

const creepMargin = 1.05

func (p Params) withDefaults() Params {
	fill := func(v *float64, d float64) {
		if math.IsNaN(*v) || math.IsInf(*v, 0) || *v <= 0 {
			*v = d
		}
	}
	fill(&p.MinSlope, 512)
	fill(&p.Quantum, 128<<10)
	fill(&p.Page, 4096)
	fill(&p.MaxFloor, 16*p.MinSlope)
	p.Slack, p.Rise = atLeastZero(p.Slack), atLeastZero(p.Rise)
	if p.MaxRequests <= 0 {
		p.MaxRequests = 16384
	}
	return p
}

func atLeastZero(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0
	}
	return v
}

// creep is the growth in bytes/request that warm-up alone would explain around judged
// request n. The null hypothesis is growth that dies away, and the slowest way in which
// healthy servers were seen to do so is the logarithm: memory = c + a·ln(requests), so
// a = Rise/ln(BurnIn), and at request t its slope is a/t. Exponential warm-up and
// filling caches of a size that the burn-in has seen fall faster. The margin is for the
// curve within a window, whose least-squares slope is a little above that in its
// middle. Real servers creep at a quarter of this or less.
func (p Params) creep(n float64) float64 {
	if p.BurnIn < 2 {
		return 0
	}
	t := float64(p.BurnIn) + n
	return creepMargin * p.Rise / math.Log(float64(p.BurnIn)) / t
}
