package record

// Event is one thing that happened: one of the types of this file.
type Event interface{ event() }

// Opened says that a process was pinned, logged in to, and its counter opened.
// Each is a new life: the readings of two processes are never compared.
type Opened struct {
	T       float64  `json:"t"`
	Process Process  `json:"process"`
	Why     Why      `json:"why,omitempty"`
	Only    *int     `json:"only,omitempty"` // the one URI that is tried on it
	Took    float64  `json:"took_s"`         // for the process to start and answer
	Sent    int      `json:"sent,omitempty"` // requests of before:
	Fresh   Edge     `json:"fresh"`          // memory before the first request
	Restart bool     `json:"restart"`        // a fresh process can be had
	Facts   Facts    `json:"facts"`
	Counter string   `json:"counter,omitempty"` // how people are told of it: "agent", "pprof"; "" without one
	Columns []Column `json:"columns,omitempty"`
	Native  bool     `json:"native,omitempty"`  // Edge.Native is read with the counters
	Whole   bool     `json:"whole,omitempty"`   // and is all that is mapped from no file and not the runtime's; else it is malloc's
	Touched bool     `json:"touched,omitempty"` // the touched set can be read
	Traces  bool     `json:"traces,omitempty"`  // the counter can name lines
	Limits  *Limits  `json:"limits,omitempty"`  // what holds from here on, in a run that goes on from its journal
}

// Why says why a process was opened.
type Why string

// The reasons.
const (
	First    Why = ""         // the run began
	Revived  Why = "lost"     // the one before was lost
	Isolated Why = "isolated" // a URI is tried by itself
	Resumed  Why = "resumed"  // the run goes on from its journal, on a fresh process
	Rejoined Why = "rejoined" // the run goes on from its journal, on the same process
)

// Facts are what is known of how the process keeps memory.
type Facts struct {
	Allocator string `json:"allocator,omitempty"` // "glibc", "jemalloc", …
	// Tight are the settings of the environment by which the process keeps little
	// back: all of them, or none.
	Tight []string `json:"tight,omitempty"`
	// Purging says that they make the allocator return what is freed at once.
	Purging bool `json:"purging,omitempty"`
	// Deferring are settings of the user's by which the runtime may collect later.
	Deferring []string `json:"deferring,omitempty"`
	// Tightenable says that such settings are known for the runtime.
	Tightenable bool `json:"tightenable,omitempty"`
	// Descriptors is how many it may have open at most; 0: not known.
	Descriptors int `json:"descriptors,omitempty"`
}

// Purpose is what a block of requests is for.
type Purpose string

// The purposes. Sweep, follow, delayed and alone make the series that is judged.
const (
	Warmup  Purpose = "warmup"  // what the first requests load, compile and cache
	Scan    Purpose = "scan"    // a share of what a group of URIs gets between two readings
	Lead    Purpose = "lead"    // ahead of a block, so that memory falls to what is alive
	Sweep   Purpose = "sweep"   // the judged blocks, in rounds
	Follow  Purpose = "follow"  // what grows is followed on, to see whether it ends
	Delayed Purpose = "delayed" // judged blocks that end with a pause, for what comes later
	Alone   Purpose = "alone"   // the confirmation of a suspect, with all others in quarantine
	Expiry  Purpose = "expiry"  // as many requests again after a pause: what expires leaves room
	Prime   Purpose = "prime"   // before a retest: fills what all share with a URI's own
	Retest  Purpose = "retest"  // once more, to see what stays
	Stir    Purpose = "stir"    // a few more: caches drop what has expired when they are used
	Later   Purpose = "later"   // with a pause behind them: what they leave to be done later
	Trace   Purpose = "trace"   // while the runtime notes where objects are made
	Control Purpose = "control" // the same for a clean URI, to compare with
)

// Judged says that blocks of that purpose make the series of a URI.
func (p Purpose) Judged() bool { return p == Sweep || p == Follow || p == Delayed || p == Alone }

// Began says that a block of requests to one URI began. Readings follow, and
// Finished ends it; a block without Finished was cut short.
type Began struct {
	T       float64 `json:"t"`
	URI     int     `json:"uri"`
	Purpose Purpose `json:"purpose"`
	Round   int     `json:"round,omitempty"`
	N       int     `json:"n"` // requests that are meant to be sent
	Start   Edge    `json:"start"`
	Touched *int64  `json:"touched,omitempty"` // the touched set began anew, and held so much
	Group   []int   `json:"group,omitempty"`   // of the first block of a group: the URIs that are to get as much, this one first
}

// Readings are what was seen of requests of the block that began last: one value
// for each request in Metric, At and Latency.
type Readings struct {
	Metric  []int64  // bytes, after each request
	At      []uint32 // since the run began, in units of 100 µs
	Latency []uint32 // µs, at least 1; 0: the request failed
	Answers Answers  // of those that did not fail
	Sent    int      // how often they were put on a connection, retries included
	Failure string   // the first failure, "" without one
	Touched []Touch  // the touched set, where it was read
}

// Touch is one reading of the touched set.
type Touch struct {
	After int   `json:"after"` // requests of the block by then
	Bytes int64 `json:"bytes"`
}

// Answers are what a URI answered as expected.
type Answers struct {
	Status map[int]int `json:"status,omitempty"` // how many of each
	Bytes  int64       `json:"bytes,omitempty"`  // of all bodies
}

// Finished ends the block that began last.
type Finished struct {
	End Edge `json:"end"`
}

// Read is a reading between blocks, after nothing was sent for Waited seconds.
type Read struct {
	Waited float64 `json:"waited_s,omitempty"`
	Edge   Edge    `json:"edge"`
}

// Traced says what a pass that names lines found.
type Traced struct {
	T       float64 `json:"t"`
	URI     int     `json:"uri"`
	Control bool    `json:"control,omitempty"`
	Sites   []Site  `json:"sites,omitempty"`
	// Explained is the share of the growth that was asked about; 0 where none was.
	Explained float64 `json:"explained,omitempty"`
	Remark    string  `json:"remark,omitempty"`  // what the tracer could not do
	Few       bool    `json:"few,omitempty"`     // it saw too few objects to name the line: more requests may
	Callers   string  `json:"callers,omitempty"` // why it is not known who calls the sites
	Holders   string  `json:"holders,omitempty"` // what is to be said of what holds the objects
	Failed    string  `json:"failed,omitempty"`  // why there is nothing
	Cost      Cost    `json:"cost"`
}

// Cost is what a pass cost.
type Cost struct {
	Seconds   float64 `json:"seconds"`
	Requests  int     `json:"requests"`
	PeakExtra int64   `json:"peak_extra"` // RSS above what there was when it began
}

// Noted is something that a reader should know before trusting the result. Where Code
// is "", it is only a line to show while the run goes on.
type Noted struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	URI     int    `json:"uri,omitempty"` // with OneVisitor: whose requests set a cookie
}

// Lost says that the process cannot be measured any longer: it ended, was
// replaced, or its counter hangs. A fresh one may go on.
type Lost struct {
	T      float64 `json:"t"`
	URI    int     `json:"uri"`    // whose request found out; -1: none
	Killed bool    `json:"killed"` // while it was to answer that request
	Reason string  `json:"reason"` // a clause
	Hint   string  `json:"hint,omitempty"`
	// Process is what was pinned, where that went before it was Opened.
	Process *Process `json:"process,omitempty"`
}

// Failed says that the run cannot go on, and that a fresh process would not help.
type Failed struct {
	T       float64  `json:"t"`
	Reason  string   `json:"reason"`
	Hint    string   `json:"hint,omitempty"`
	Process *Process `json:"process,omitempty"` // as in Lost
}

// Limited says that a limit of the scenario was reached.
type Limited struct {
	T      float64 `json:"t"`
	Limit  string  `json:"limit"` // "rss", "time" or "memory", which the machine has
	Reason string  `json:"reason"`
}

// Ended is the last event of a run.
type Ended struct {
	T        float64 `json:"t"`
	Complete bool    `json:"complete"`
	By       string  `json:"by,omitempty"` // who ended it where it is not: ByLimit, "interrupt" or "fault"
	Reason   string  `json:"reason,omitempty"`
}

// ByLimit is Ended.By of a run that one of its limits has ended.
const ByLimit = "limit"

// Unknown is an event of a newer version, kept as it came.
type Unknown struct {
	Kind string
	Data []byte // one line of JSON
}

func (Opened) event()   {}
func (Began) event()    {}
func (Readings) event() {}
func (Finished) event() {}
func (Read) event()     {}
func (Traced) event()   {}
func (Noted) event()    {}
func (Lost) event()     {}
func (Failed) event()   {}
func (Limited) event()  {}
func (Ended) event()    {}
func (Unknown) event()  {}
