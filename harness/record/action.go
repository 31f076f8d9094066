package record

// Action is one thing to do next: one of the types of this file. A session
// carries it out on a real process, a simulation on one that is arithmetic; both
// answer with events.
type Action interface{ action() }

// Open pins the process, or has a fresh one started, logs in and opens the
// counter. It answers with Opened, or with Failed or Lost.
type Open struct {
	Why  Why
	Only *int // the one URI that is to be tried on it; nil: all
	// More is how many fresh processes will be asked for after this one: they may start
	// meanwhile.
	More int
}

// Send sends a block of requests to one URI. It answers with Began, Readings and
// Finished; with Lost, Limited or Failed where that ended it early. A block ends
// early too, and is finished, when the requests fail: see Hopeless.
type Send struct {
	URI     int
	N       int
	Purpose Purpose
	Round   int
	// Settle asks for full readings at both edges, settled where there is a
	// counter; without it the edges hold the metric alone.
	Settle bool
	// Touched asks for the touched set: it begins anew with Anew, and is read
	// after each Every requests.
	Touched Touching
	// Pause is how many seconds nothing is sent before the reading at its end.
	Pause float64
	// Group is, for the first block of a group that is scanned, the URIs that are to get
	// as much, this one first. It goes into the record.
	Group []int
	// Strict ends the block with the first request that fails.
	Strict bool
}

// Touching says how the touched set is read in a block. Every 0: not at all.
type Touching struct {
	Anew  bool
	Every int // requests
}

// GiveUp is after how many failures in a row a URI gets no more requests.
const GiveUp = 20

// A URI that hangs until its time-out gets no more requests after slowly failures in a
// row that took slow seconds together: they are the others' time.
const (
	slowly = 3
	slow   = 10
)

// Hopeless says that a URI gets no more requests, after so many failures in a row that
// took so many seconds together.
func Hopeless(failures int, seconds float64) bool {
	return failures >= GiveUp || failures >= slowly && seconds >= slow
}

// Measure reads memory, and the counter where there is one, after nothing was sent
// for Wait seconds. It answers with Read.
type Measure struct {
	Wait float64
}

// Name traces requests to one URI and names the lines that made what stays alive.
// It answers with Traced; the requests are counted in its cost, and in Readings
// of no block.
type Name struct {
	URI       int
	Requests  int
	Control   bool    // a clean URI: its sites are what any request leaves behind
	Against   []Site  // those of the control, per request
	Growth    float64 // bytes/request that it grows by; 0: unknown
	Native    float64 // of them, what is no object of the runtime, which is not to be explained
	Pause     float64 // seconds in which nothing is sent before the end of the pass
	Callers   int     // requests of a second pass that tells who calls a library; 0: none
	Retainers bool    // ask what holds the objects, too
}

func (Open) action()    {}
func (Send) action()    {}
func (Measure) action() {}
func (Name) action()    {}
