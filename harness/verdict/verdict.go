// Package verdict decides from a memory series whether growth goes on. It is
// pure: no I/O, no clock, no randomness.
package verdict

// Label is what leakhunt says of a URI.
type Label string

// The labels, as in the result file.
const (
	Leak         Label = "leak"         // growth goes on, and is expected to
	Bloat        Label = "bloat"        // a step up, then flat
	Warmup       Label = "warmup"       // growth that dies away, a filling bounded cache included
	Stable       Label = "stable"       // no growth above the detection floor
	Inconclusive Label = "inconclusive" // not enough evidence; More or Reason says what would settle it
	Failed       Label = "error"        // the requests themselves failed
)

// Judgement is a verdict on one series, with its evidence. Rates are in units
// (bytes, or objects) per request.
type Judgement struct {
	Label      Label
	Of         string  // whose growth it is: the counter of bytes by its name, or "" for RSS
	Growth     float64 // slope
	Low, High  float64 // its 95 % confidence interval: see Interval
	Native     float64 // of Growth, what is in no counter of objects: nobody knows the lines that made it
	Creep      float64 // growth that warm-up alone would explain: see Params.BurnIn
	Usual      float64 // Counter: the median growth of its blocks, which one that freed much does not move
	Detectable float64 // growth above this is excluded by the data, or would have been found
	// Counted is the floor by a counter alone, where Detectable also holds what no
	// counter counts; 0 else.
	Counted float64
	// Elsewhere is what of Detectable was added, or hidden, while others ran or nobody did.
	Elsewhere float64
	// Every is how often, at the rarest, a leak must come for Detectable to exclude it:
	// once in so many requests. 0 where that is not known.
	Every    float64
	Requests int    // judged requests
	Reason   string // a clause that says what was seen, for a person
	More     int    // Inconclusive: further requests that would settle it; 0 where unknown
}

// Interval is the growth in units/request that the data leave possible, for reports. It
// is the 95 % confidence interval, and wider for what is not convicted. The growth of
// that may be warm-up that dies away, and up to the floor a leak may hide in memory
// that is free. What is said to be no leak may not grow at all from now on.
func (j Judgement) Interval() (low, high float64) {
	if j.Label == Leak {
		return j.Low, j.High
	}
	low, high = j.Low-j.Creep, max(j.High, j.Detectable)
	if j.Label.harmless() {
		low = min(low, 0)
	}
	return low, high
}
