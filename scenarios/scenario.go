// Package scenarios reads the scenario format: a YAML file that says which
// process is pinned, what is sent to it, and when a run must stop.
//
// Load is strict. Whatever it returns without an error is complete and valid:
// every default is filled in, and every ${VAR} of the environment is expanded.
// Only the placeholders {{n}}, {{var}} and {{data.column}} are left, for each
// request to fill.
package scenarios

import "time"

// Scenario is one scenario file, checked, with its defaults filled in.
type Scenario struct {
	Version  int
	Name     string // defaults to the file's name without its ending
	Path     string // as given by the caller
	SHA256   string // of the file's bytes, in hex
	Target   Target
	Requests Count // judged requests to each URI
	Rounds   int   // at least 1
	Warmup   Count // requests to each URI before the first round
	Metric   string
	Headers  []Pair
	Timeout  time.Duration
	Vars     map[string]string
	Secrets  []string            // the values, never the names
	Data     []map[string]string // rows of the data file, by column; nil without one
	Before   []Step
	URIs     []URI
	Runtime  Runtime
	Settle   *Settle
	Probes   []Probe
	Limits   Limits
	Sites    string // SitesAuto, SitesOff or SitesRetainers
	Strategy string // "auto", "sweep" or "scan"
	Isolate  bool   // a fresh process for each URI
	Lanes    int    // pinned processes that work side by side; 0 is 1
	Seed     int64  // 0: chosen by the run
	Budgets  []Budget
}

// The values of Scenario.Metric and Scenario.Sites.
const (
	MetricRSS  = "rss"
	MetricAnon = "anon" // anonymous memory and swap

	SitesAuto      = "auto"
	SitesOff       = "off"
	SitesRetainers = "retainers"
)

// Pair is a header or a form field; order and repetition are kept.
type Pair struct{ Name, Value string }

// Count is a number of requests, or as many as the verdict needs.
type Count struct {
	Auto bool
	N    int // at least 0; 0 where Auto
}

// Target says which process is pinned. Exactly one of URL, Passenger (with or
// without Command), FastCGI and Command alone is set; none where Kind is "demo".
type Target struct {
	Kind      string // "demo", "url", "command", "passenger", "fastcgi"
	URL       string // http, https or http+unix
	PID       int    // with URL: the process that must answer; 0: any process that answers
	Insecure  bool   // do not check the certificate of an https URL
	Command   []string
	Dir       string   // working directory of Command, relative to the scenario
	Env       []string // NAME=value
	Port      int      // with Command: the port it listens on by itself; 0: a free one is chosen for it
	Ready     Ready
	Restarts  int  // with Command: how often it is started again in a run where it is lost; 0: its loss ends the run
	Tighten   bool // set allocator and collector so that RSS follows what is alive
	Passenger *Passenger
	FastCGI   *FastCGI
}

// Ready says when a started command is ready.
type Ready struct {
	URI     string        // "" means: it accepts connections
	Timeout time.Duration // default 60s
}

// Passenger names one process of a running Phusion Passenger.
type Passenger struct {
	App           string // an app's name or root; "" where only one app runs
	Instance      string
	PID           int
	Protocol      string // "auto", "http" or "session"
	StatusCommand []string
}

// FastCGI addresses a FastCGI server such as php-fpm.
type FastCGI struct {
	Address string // "unix:/path" or "host:port"
	Root    string // document root, absolute
	Index   string // script for requests that name none, default "index.php"
}

// Request is one request, as written: its placeholders are still in it.
type Request struct {
	Method   string // default GET
	URI      string // starts with "/"
	Headers  []Pair
	Body     string // what is sent; form: and json: are encoded already
	BodyFile string
	HasBody  bool
	Fresh    bool // cookies: fresh
	Expect   Expect
}

// Expect says which answers are right. No Status means any 2xx or 3xx.
type Expect struct {
	Status   []int
	Contains string
}

// Step is a request sent once to each new process, before any other.
type Step struct {
	Request
	Capture []Capture
	Line    int
}

// Capture takes one value out of an answer. Exactly one of Selector, JSON,
// Regexp, Header and Cookie is set.
type Capture struct {
	As       string
	Selector string // CSS
	Attr     string // with Selector: the attribute; "" means the text
	JSON     string // dotted path: a.b.0.c
	Regexp   string // the first group, or the whole match
	Header   string
	Cookie   string
}

// URI is one line of the ranking.
type URI struct {
	Request
	Name     string // unique
	Requests *Count // nil: as the scenario says
	Budget   int64  // bytes per request; 0: none
	Ignore   *Ignore
	Tags     []string
	Line     int // in the scenario file, from 1; 0 where it came from a flag
}

// Ignore lets a URI fail nothing until the end of a day.
type Ignore struct {
	Reason string
	Until  time.Time // midnight UTC that begins the last day
}

// Budget is a budget for every URI whose name matches Match (a glob) and that
// has none of its own.
type Budget struct {
	Match string
	Bytes int64
}

// Runtime says where the runtime's own counters come from. Kind is "auto",
// "none", "agent", "node", "puma", "go" or "jvm".
type Runtime struct {
	Kind       string
	Socket     string // agent: the socket's folder or path
	ControlURL string // puma
	Token      string // puma
	Pprof      string // go: path of the heap profile
}

// Settle makes freed memory visible before a reading. One of both is set.
type Settle struct {
	URI  string
	Exec []string // ${PID} stands for the pinned process
}

// Probe is a counter of the application itself. One of JSON and Prometheus is set.
type Probe struct {
	Name, URI        string
	JSON, Prometheus string
	Unit             string
}

// Limits end a run before harm is done. Zero means no limit.
type Limits struct {
	RSS    int64 // bytes
	Time   time.Duration
	Errors float64 // share of a URI's requests, 0 to 1
}
