package main

import "path/filepath"

// kindCase is a small application whose truth is known, of a kind of wrong verdict that
// leakhunt has given once. testdata/kinds/SCENARIO.yaml is how it is hunted.
type kindCase struct {
	kind     int
	about    string // the kind, in a few words
	scenario string
	build    string // the variable that the scenario reads for a program of Go, which is built; "": nothing is
	runs     int
	before   string // what was said of it, or of the application that it stands for
	exit     int    // the exit code that is right
	rows     []kindRow
	says     []string // what the table on standard output must say
	never    []string // and must not
	seconds  float64  // a run must not take longer; 0: no matter
}

// kindRow is the truth about a row of the result. A row that is not named is an innocent.
type kindRow struct {
	name string
	// from and to are between which number of bytes a request keeps; both are 0 of an
	// innocent.
	from, to float64
	// rather says that either verdict is right, and why.
	rather string
	// unit is that of a count which must grow by one with each request, where the row leaks
	// something else than memory.
	unit string
}

// path is the scenario's file, seen from the top of the repository.
func (c kindCase) path() string {
	return filepath.Join("harness/calibration/testdata/kinds", c.scenario+".yaml")
}

// row is the truth about a row.
func (c kindCase) row(name string) kindRow {
	for _, r := range c.rows {
		if r.name == name {
			return r
		}
	}
	return kindRow{name: name}
}

// kindCases are the cases, each kind's own beside each other.
var kindCases = []kindCase{
	{
		kind: 1, about: "a cache larger than the horizon", scenario: "cache", runs: 1, exit: 1,
		before: "both are leaks, alike",
		rows:   []kindRow{{name: "/leak/{{n}}", from: 1024, to: 1400}},
	},
	{
		kind: 1, about: "what expires within a minute, by a counter", scenario: "expiry", runs: 1, exit: 1,
		before: "/token/{{n}} and /session are leaks",
		rows:   []kindRow{{name: "/leak", from: 4000, to: 4300}},
	},
	{
		kind: 1, about: "what expires within a minute, by RSS alone", scenario: "expiry-rss", runs: 1, exit: 1,
		before: "/token/{{n}} and /session are leaks",
		rows:   []kindRow{{name: "/leak", from: 4000, to: 4300}},
	},
	{
		kind: 2, about: "growth that all URIs share", scenario: "access-log", build: "ACCESS_LOG", runs: 1, exit: 0,
		before: "all five are leaks of 1.0–1.1 KB",
		rows:   []kindRow{{name: "every request", rather: "the log grows until it holds 30,000 lines"}},
	},
	{
		kind: 2, about: "the same, by go run: less tight, for it may serve profiles", scenario: "go-run", runs: 1, exit: 0,
		before: "as above",
		rows:   []kindRow{{name: "every request", rather: "the log grows until it holds 30,000 lines"}},
	},
	{
		kind: 3, about: "one leak makes its neighbours leak", scenario: "subscribers", runs: 1, exit: 1,
		before: "all four are leaks of 5.5–5.8 KB, a victim first",
		rows:   []kindRow{{name: "/search?debug=1", from: 1024, to: 16384}},
	},
	{
		kind: 4, about: "native memory beside a counter", scenario: "native", runs: 1, exit: 1,
		before: "inconclusive, exit 0",
		rows:   []kindRow{{name: "/native", from: 8192, to: 8300}},
	},
	{
		kind: 5, about: "growth that comes later", scenario: "later", runs: 1, exit: 1,
		before: "stable, floor 105–311 B, exit 0, 3 of 3",
		rows:   []kindRow{{name: "/queue", from: 3000, to: 3200}},
	},
	{
		kind: 6, about: "RSS alone of a tight Python", scenario: "python-slack", runs: 5, exit: 1,
		before: "stable, growth 0, floor 970–1,008 B, 4 of 5",
		rows:   []kindRow{{name: "/leak", from: 2094, to: 2800}},
	},
	{
		kind: 7, about: "the application that is killed", scenario: "oom", runs: 2, exit: 1,
		before: "inconclusive 1.9 MiB, exit 0, no line",
		rows:   []kindRow{{name: "/export", from: 2e6, to: 2.1e6}},
		says:   []string{"oom.py:8"},
	},
	{
		kind: 8, about: "a run that settles nothing is green", scenario: "unsettled", runs: 1, exit: 4,
		before: "exit 0",
		rows:   []kindRow{{name: "/page/{{n}}", rather: "100 requests cannot tell"}, {name: "/", rather: "100 requests cannot tell"}},
	},
	{
		kind: 8, about: "a straight line heads no green report", scenario: "straight", runs: 1, exit: 4,
		before: "No leak is proven, exit 0 (26 to 64 MiB on Passenger)",
		rows:   []kindRow{{name: "/grow", rather: "100 requests cannot tell"}, {name: "/", rather: "100 requests cannot tell"}},
		says:   []string{"/grow probably leaks"},
	},
	{
		kind: 9, about: "probes by hand", scenario: "probes", runs: 1, exit: 1,
		before: "/news is a leak, 3 of 3, at -16 KB; /login of 3.3 … 25 KB for 256 B",
		rows:   []kindRow{{name: "/login", from: 0.9, to: 310, unit: "objects"}},
	},
	{
		kind: 10, about: "figures: stacks of goroutines", scenario: "stacks", runs: 1, exit: 1,
		before: "2 KiB, for 4: the interval excludes the truth, 2 of 2",
		rows:   []kindRow{{name: "/wait", from: 4096, to: 4800}},
	},
	{
		kind: 10, about: "figures: direct buffers of a JVM", scenario: "direct", runs: 1, exit: 1,
		before: "keeps 159 B, for 8.2 KB",
		rows:   []kindRow{{name: "/direct", from: 8192, to: 8500}},
	},
	{
		kind: 10, about: "figures: a dict that doubles", scenario: "dict", runs: 1, exit: 1,
		before: "2.8 … 3.0 KiB, for 3.2",
		rows:   []kindRow{{name: "/entry", from: 3228, to: 3320}},
	},
	{
		kind: 11, about: "buffers that double", scenario: "doubling", runs: 1, exit: 1,
		before: "bloat, floor 163–189 B, 3 of 3",
		rows:   []kindRow{{name: "/append", from: 1024, to: 2048}},
	},
	{
		kind: 12, about: "a leak that only every 400th request makes", scenario: "rare", runs: 2, exit: 1,
		before: "stable, floor 126–143 B after 250 requests, exit 0, 3 of 3",
		rows:   []kindRow{{name: "/price", from: 600, to: 900}},
	},
	{
		kind: 13, about: "a ring larger than a trial", scenario: "ring", runs: 1, exit: 1,
		before: "the ring is a leak, 3 of 3",
		rows:   []kindRow{{name: "/leak", from: 1024, to: 1100}},
	},
	{
		kind: 14, about: "each visitor", scenario: "visitor", runs: 1, exit: 1,
		before: "stable, with a warning that cookies are kept",
		rows:   []kindRow{{name: "new visitor", from: 2048, to: 2300}},
		says:   []string{"visitor.js"},
	},
	{
		kind: 15, about: "other things that grow", scenario: "others", runs: 1, exit: 1,
		before: "not read",
		rows: []kindRow{
			{name: "/file", from: 1, to: 4096, unit: "descriptors"},
			{name: "/socket", from: 1, to: 4096, unit: "sockets"},
			{name: "/thread", from: 1, to: 65536, unit: "threads"},
			{name: "/mapping", from: 1, to: 65536, unit: "mappings"},
			{name: "/process", from: 1, to: 65536, unit: "processes"},
		},
	},
	{
		kind: 16, about: "lines: a module that is loaded again", scenario: "reload", runs: 1, exit: 1,
		before: "rules.js:1 alone is named, not who loads it",
		rows:   []kindRow{{name: "/rules", from: 2048, to: 16384}},
		says:   []string{"app.js:"},
	},
	{
		kind: 16, about: "lines: none made a native leak", scenario: "gunicorn-native", runs: 1, exit: 1,
		before: "made at gunicorn/util.py:641, which explains 8 %, 2 of 2",
		rows:   []kindRow{{name: "/native", from: 8192, to: 8300}},
		never:  []string{"gunicorn/"},
	},
	{
		kind: 16, about: "lines: a JVM that a script starts", scenario: "jvm-script", runs: 1, exit: 1,
		before: "no settings, and no lines",
		rows:   []kindRow{{name: "/leak", from: 1024, to: 1060}},
		says:   []string{"Figures.java:16"},
	},
	{
		kind: 17, about: "starts: it listens before it accepts", scenario: "slow", runs: 1, exit: 1,
		before: "given up after 5 s, though ready has 60",
		rows:   []kindRow{{name: "/leak", from: 4000, to: 4200}},
	},
	{
		kind: 18, about: "RSS alone on ten URIs of a server that answers in 5 ms", scenario: "ten", runs: 2, exit: 1,
		before: "600 s did not suffice for eight", seconds: 900,
		rows: []kindRow{{name: "/3", from: 4096, to: 8192}},
	},
}
