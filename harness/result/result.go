// Package result is a run as its result file holds it, made of the record of the run and
// of what that means: the verdicts, their figures, and the points of their pictures. It
// is a function of the record alone.
package result

import (
	"time"

	"leakhunt/harness/record"
	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
)

// SchemaVersion is the version of the result file; within one, changes only add.
const SchemaVersion = 1

// Result is a run, as its result file holds it. Slices are never nil.
type Result struct {
	SchemaVersion int       `json:"schema_version"`
	Tool          Tool      `json:"tool"`
	Complete      bool      `json:"complete"`
	Incomplete    string    `json:"incomplete_reason,omitempty"` // why Complete is false
	EndedBy       string    `json:"ended_by,omitempty"`          // who ended it then: EndedByLimit, EndedByUser or EndedByFault
	StartedAt     time.Time `json:"started_at"`
	DurationS     float64   `json:"duration_s"`
	Seed          int64     `json:"seed"`
	// Command is the command line that repeats the run, a word each; flags are
	// written --name=value. What only shapes the output is left out.
	Command       []string    `json:"command,omitempty"`
	RequestsTotal int         `json:"requests_total"`
	Scenario      ScenarioRef `json:"scenario"`
	Environment   Environment `json:"environment"`
	Target        target.Info `json:"target"`
	Summary       Summary     `json:"summary"`
	URIs          []URI       `json:"uris"`
	Scan          *Scan       `json:"scan,omitempty"` // what groups have cleared; nil of a run without them
	// Lanes are the processes that worked side by side; nil of a run with one.
	Lanes    []Lane    `json:"lanes,omitempty"`
	Warnings []Warning `json:"warnings"`
}

// Scan is what a scan says of the URIs that were sent in groups alone.
type Scan struct {
	URIs       int     `json:"uris"`                         // that are judged stable by it
	Detectable float64 `json:"detectable_bytes_per_request"` // no leak of any of them is above that
	Open       int     `json:"inconclusive"`                 // of which groups could not tell enough
}

// The values of Result.EndedBy.
const (
	EndedByLimit = record.ByLimit // one of limits:, as the user wished
	EndedByUser  = "interrupt"    // a signal
	EndedByFault = "fault"        // the target could not be measured any longer
)

// Tool is the program that made the result.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ScenarioRef is the scenario that was run.
type ScenarioRef struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Metric string `json:"metric,omitempty"` // what was judged, "rss" or "anon"; "" is rss
}

// Environment is the machine, as far as it matters to memory.
type Environment struct {
	OS        string `json:"os"`
	Kernel    string `json:"kernel"`
	CPUs      int    `json:"cpus"`
	Allocator string `json:"allocator"`
	PageBytes int    `json:"page_bytes"`
}

// Summary counts the URIs by verdict.
type Summary struct {
	Leak         int `json:"leak"`
	Bloat        int `json:"bloat"`
	Warmup       int `json:"warmup"`
	Stable       int `json:"stable"`
	Inconclusive int `json:"inconclusive"`
	Error        int `json:"error"`
}

// The scopes of rows that no URI of the scenario has.
const (
	ScopeShared  = "shared"  // what every request keeps, whatever its URI
	ScopeVisitor = "visitor" // requests without cookies, where the application sets one
)

// URI is one line of the ranking.
type URI struct {
	Rank         int           `json:"rank"`
	Name         string        `json:"name"`
	Method       string        `json:"method"`
	URI          string        `json:"uri"`
	Scope        string        `json:"scope,omitempty"` // "" of a URI of the scenario
	Lane         int           `json:"lane,omitempty"`  // that its series is of; 0 of a run with one
	Verdict      verdict.Label `json:"verdict"`
	Evidence     []string      `json:"evidence"` // what decided, best first: "agent", "rss", …
	Why          string        `json:"why"`
	GrowthOf     string        `json:"growth_of,omitempty"` // whose growth that is: "rss", "anon", or the counter of bytes by its name
	Growth       float64       `json:"growth_bytes_per_request"`
	GrowthLow    float64       `json:"growth_low"`
	GrowthHigh   float64       `json:"growth_high"`
	Confidence   float64       `json:"confidence"`
	Detectable   float64       `json:"detectable_bytes_per_request"`
	Counted      float64       `json:"detectable_live_bytes_per_request,omitempty"` // the floor of what a counter counts alone
	NativeKnown  bool          `json:"native_memory_known,omitempty"`               // the runtime says what it has for itself, so that Detectable is of native memory
	Requests     int           `json:"requests"`
	Warmup       Warmup        `json:"warmup,omitzero"`
	Errors       int           `json:"errors"`
	LatencyMS    Latency       `json:"latency_ms"`
	RSSStart     int64         `json:"rss_start_bytes"`
	RSSEnd       int64         `json:"rss_end_bytes"`
	RSSPeak      int64         `json:"rss_peak_bytes"`
	Probes       []Probe       `json:"probes"`
	Sites        []record.Site `json:"sites"`
	SitesNote    string        `json:"sites_note,omitempty"` // what the sites explain, or why there are none
	SitesPass    *SitesPass    `json:"sites_pass,omitempty"` // what it cost to name them
	Budget       int64         `json:"budget_bytes_per_request,omitempty"`
	OverBudget   bool          `json:"over_budget"`
	Ignored      bool          `json:"ignored"`
	IgnoreReason string        `json:"ignore_reason,omitempty"`
	IgnoreUntil  string        `json:"ignore_until,omitempty"`    // YYYY-MM-DD
	More         int           `json:"more_requests,omitempty"`   // inconclusive: what may settle it
	Better       string        `json:"better_evidence,omitempty"` // inconclusive by RSS alone: what would tell more
	Line         int           `json:"scenario_line,omitempty"`
	FirstError   string        `json:"first_error,omitempty"`
	Series       []Point       `json:"series"`
}

// Warmup is what the requests of the warm-up did to memory. They are not
// judged, but of a process that dies in its warm-up they are all there is.
type Warmup struct {
	Requests int   `json:"requests"`
	Rise     int64 `json:"rss_rise_bytes"` // of the metric, while they ran
}

func (w *Warmup) add(s *record.Series, p record.Purpose) {
	for _, b := range s.Others {
		if b.Purpose == p {
			w.Requests += b.N()
			w.Rise += b.Rise()
		}
	}
}

// SitesPass is what the pass that names lines cost: no reading of it is judged.
type SitesPass struct {
	Seconds      float64 `json:"seconds"`
	Requests     int     `json:"requests"`
	PeakExtraRSS int64   `json:"peak_extra_rss_bytes"` // above what there was when it began
}

// Latency is in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Probe is a runtime counter's growth, in its own unit per request.
type Probe struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Growth float64 `json:"growth_per_request"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	// Series is what it grew by over the URI's own requests, read at the edges of blocks.
	Series []ProbePoint `json:"series,omitempty"`
}

// ProbePoint is one reading of a counter: what the URI's own blocks added to it so far.
type ProbePoint struct {
	Requests int     `json:"requests"`
	Value    float64 `json:"value"`
}

// Point is one reading of a URI's series. Series are thinned for the result
// without losing extremes, and judged at full length.
type Point struct {
	Requests int     `json:"requests"` // judged requests to this URI so far
	RSS      int64   `json:"rss_bytes"`
	Anon     int64   `json:"anon_bytes"`
	Round    int     `json:"round"`
	T        float64 `json:"t_s"`               // seconds since the run began
	Settled  bool    `json:"settled,omitempty"` // read after garbage was collected
	Alone    bool    `json:"alone,omitempty"`   // tried again by itself, out of the rounds
	Fresh    bool    `json:"fresh,omitempty"`   // the series' first on a process that was started afresh
}

// Warning is something a reader should know before trusting the result.
type Warning struct {
	Code    string `json:"code"` // kebab-case, stable
	Message string `json:"message"`
}
