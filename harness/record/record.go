// Package record is what happened in a run: a header that says what was asked
// for, and events in the order in which they came. It holds facts, never
// opinions. Everything that a plan or a verdict needs is in it, times included,
// so that both are functions of the record alone: a run is judged again, and gone
// on with, from what stands here.
//
// Times are in seconds since the run began, sizes in bytes unless a name says
// otherwise. URIs are named by their index in Header.Items.
package record

// Version is the version of the journal's format. One with several lanes has version
// VersionLanes: a leakhunt that does not know them would take them for one.
const (
	Version      = 1
	VersionLanes = 2
)

// MaxLanes is how many lanes a run may have.
const MaxLanes = 64

// versionOf is the version of a journal that begins with that header.
func versionOf(h Header) int {
	if h.Plan.Lanes > 1 {
		return VersionLanes
	}
	return Version
}

// Header is what the run was asked to do.
type Header struct {
	Version     int         `json:"version"`    // of the format: Version or VersionLanes
	Tool        string      `json:"tool"`       // leakhunt's version
	StartedAt   string      `json:"started_at"` // RFC 3339, UTC
	Seed        int64       `json:"seed"`
	Command     []string    `json:"command,omitempty"` // the command line that repeats the run
	Scenario    Scenario    `json:"scenario"`
	Environment Environment `json:"environment"`
	Plan        Plan        `json:"plan"`
	Items       []Item      `json:"items"`
}

// Scenario says which file was run.
type Scenario struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // of the file's bytes, in hex
}

// Environment is the machine.
type Environment struct {
	OS        string `json:"os"`
	Kernel    string `json:"kernel"`
	CPUs      int    `json:"cpus"`
	PageBytes int    `json:"page_bytes"`
}

// Plan is what holds for all URIs.
type Plan struct {
	Target   string  `json:"target"`            // the kind of target: "command", "url", …
	Runtime  string  `json:"runtime,omitempty"` // the scenario's runtime: "auto", "none", …
	Metric   string  `json:"metric"`            // "rss" or "anon": which of them is judged
	Rounds   int     `json:"rounds"`
	Warmup   Count   `json:"warmup"` // requests to each URI before the first round
	Before   int     `json:"before"` // steps of before:
	Restarts int     `json:"restarts"`
	Sites    string  `json:"sites"`              // "auto", "off" or "retainers"
	Stay     float64 `json:"stay_s"`             // how long what grew must have stayed before it convicts
	Strategy string  `json:"strategy,omitempty"` // "auto", "sweep" or "scan"; "" is "sweep"
	Isolate  bool    `json:"isolate,omitempty"`  // each URI has a fresh process of its own
	Lanes    int     `json:"lanes,omitempty"`    // pinned processes side by side; 0 is 1
	Limits   Limits  `json:"limits"`
}

// Limits end a run before harm is done. 0: none.
type Limits struct {
	RSS    int64   `json:"rss_bytes,omitempty"`
	Time   float64 `json:"time_s,omitempty"`
	Errors float64 `json:"errors,omitempty"` // a share of a URI's requests, 0 to 1
}

// Count is a number of requests, or as many as the verdict needs.
type Count struct {
	Auto bool `json:"auto,omitempty"`
	N    int  `json:"n,omitempty"`
}

// Item is one URI of the plan.
type Item struct {
	Name     string  `json:"name"`
	Method   string  `json:"method"`
	URI      string  `json:"uri"` // as the scenario has it, placeholders included
	Requests Count   `json:"requests"`
	Budget   int64   `json:"budget,omitempty"` // bytes/request; 0: none
	Line     int     `json:"line,omitempty"`   // in the scenario file
	Ignore   *Ignore `json:"ignore,omitempty"`
	Forced   bool    `json:"forced,omitempty"` // its lines are named whatever its verdict
	// Visitor is, of requests that come without cookies, the item whose requests they are;
	// nil of a URI of the scenario.
	Visitor *int `json:"visitor,omitempty"`
}

// OneVisitor is the code of the note that the application has set a cookie, which all
// requests send from then on. What it keeps for each visitor does not grow then: from
// this note on a run has one more item, of requests without cookies.
const OneVisitor = "one-visitor"

// NewVisitor is the name of that item.
const NewVisitor = "new visitor"

// Ignore says that a URI fails nothing.
type Ignore struct {
	Reason string `json:"reason"`
	Until  string `json:"until"`  // YYYY-MM-DD
	Active bool   `json:"active"` // when the run began
}

// Edge is a reading between blocks: settled where a counter was read.
type Edge struct {
	T        float64   `json:"t"`
	RSS      int64     `json:"rss"`
	Anon     int64     `json:"anon"`
	Swap     int64     `json:"swap,omitempty"`
	Metric   int64     `json:"metric"`             // what is judged: RSS, or Anon and Swap
	Counters []float64 `json:"counters,omitempty"` // one for each column of the counter
	Native   int64     `json:"native,omitempty"`   // bytes beyond what the runtime has for itself, where Opened.Native
	Free     int64     `json:"free,omitempty"`     // bytes that the runtime and malloc have from the system, and that nothing is in, as far as they say that
	Counts   Counts    `json:"counts,omitzero"`    // read at edges of blocks, and between
}

// Counts are what a process holds beside memory. 0: not known.
type Counts struct {
	Descriptors int `json:"descriptors,omitempty"` // open files, sockets included
	Sockets     int `json:"sockets,omitempty"`
	Threads     int `json:"threads,omitempty"`
	Children    int `json:"children,omitempty"` // processes that it started and that it has not waited for
	Mappings    int `json:"mappings,omitempty"` // of files and of shared memory
}

// Files is what is mapped from files, in bytes.
func (e Edge) Files() int64 { return e.RSS - e.Anon }

// Counter is the i-th counter of an edge; 0 where it was not read.
func (e Edge) Counter(i int) float64 {
	if i < len(e.Counters) {
		return e.Counters[i]
	}
	return 0
}

// Column is one number that a counter reads.
type Column struct {
	Name string `json:"name"` // "live objects", "live bytes"
	Unit string `json:"unit"` // "objects" or "bytes"
	// Exact counters count what is alive after a full collection.
	Exact bool `json:"exact,omitempty"`
	// Native counters hold what native libraries take from malloc, too.
	Native bool `json:"native,omitempty"`
	// Held counters are the kernel's, of what the process holds beside memory. A log makes
	// them of Edge.Counts: no journal has them as columns.
	Held bool `json:"held,omitempty"`
}

// Process is the pinned process, as the result describes it.
type Process struct {
	Kind     string   `json:"kind"` // "demo", "command", "url", "passenger", "fastcgi"
	PID      int      `json:"pid"`
	Start    uint64   `json:"start_ticks,omitempty"` // its identity beside PID: /proc/PID/stat, field 22
	App      string   `json:"app,omitempty"`
	URL      string   `json:"url,omitempty"`
	Server   string   `json:"server,omitempty"`
	Runtime  string   `json:"runtime,omitempty"`
	Dir      string   `json:"dir,omitempty"`
	Settings []string `json:"settings,omitempty"` // what tighten: set, NAME=value
}

// Site is a place in the source whose objects survived, per request.
type Site struct {
	File              string   `json:"file"`
	Line              int      `json:"line"`
	Function          string   `json:"function,omitempty"`
	Type              string   `json:"type,omitempty"`
	ObjectsPerRequest float64  `json:"objects_per_request"`
	BytesPerRequest   float64  `json:"bytes_per_request"`
	Caller            string   `json:"caller,omitempty"`
	Stack             []string `json:"stack,omitempty"`
	Owner             string   `json:"owner,omitempty"`
	RetainedBy        []string `json:"retained_by,omitzero"`
}
