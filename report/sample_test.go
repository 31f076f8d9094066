package report

import (
	"fmt"
	"strings"
	"time"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
)

// sample is a run with every verdict, made by a small simulation: each URI
// keeps its rate with every request, on one process that they share.
func sample() *result.Result {
	r := &result.Result{
		SchemaVersion: result.SchemaVersion,
		Tool:          result.Tool{Name: "leakhunt", Version: "1.0.0"},
		Complete:      true,
		StartedAt:     time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC),
		DurationS:     41.2, Seed: 7, RequestsTotal: 12544,
		Command:     []string{"leakhunt", "run", "scenarios/shop.yaml", "--header=Accept: text/html", "--requests=2048"},
		Scenario:    result.ScenarioRef{Name: "shop", Path: "scenarios/shop.yaml", SHA256: strings.Repeat("5e", 32)},
		Environment: result.Environment{OS: "linux", Kernel: "6.1.0-28-amd64", CPUs: 2, Allocator: "glibc", PageBytes: 4096},
		Target: target.Info{
			Kind: "command", PID: 4242, App: "shop", URL: "http://127.0.0.1:40705", Server: "puma", Runtime: "ruby",
			Restarts: 1, RestartedAt: []float64{12.9},
			Settings: []string{"MALLOC_ARENA_MAX=1", "RUBY_GC_HEAP_GROWTH_FACTOR=1.03"},
		},
		Summary: result.Summary{Leak: 3, Bloat: 1, Warmup: 1, Stable: 1, Inconclusive: 1, Error: 1},
		URIs: []result.URI{
			uri("GET", "/feed", verdict.Leak, 65700, 400, 310, "It keeps 64 KiB with every request, and went on for 2,048 requests in five rounds."),
			uri("GET", "/orders/{{n}}", verdict.Leak, 4210, 190, 310, "Memory grew in each of five rounds, and one live object more after each request."),
			uri("POST", "/reports/daily", verdict.Leak, 1120, 160, 310, "It keeps 1.1 KiB with every request, or it is a cache of more than 2,048 entries."),
			uri("DELETE", "/cart", verdict.Inconclusive, 420, 600, 1020, "Grew in three of five rounds. About 2,400 more requests may settle it."),
			uri("GET", "/export.pdf", verdict.Bloat, 60, 90, 150, "One step of 8.2 MiB at request 3, then flat."),
			uri("GET", "/products?page=2&sort=price", verdict.Warmup, 22, 40, 62, "Grew by 3.1 MiB in its first 200 requests, then ever less."),
			uri("GET", "/", verdict.Stable, -3, 24, 48, "No growth above 48 B/request in 2,048 requests."),
			uri("GET", "/admin", verdict.Failed, 0, 0, 0, "20 requests in a row failed: it was given up."),
		},
		Warnings: []result.Warning{
			{Code: "huge-pages", Message: "Transparent huge pages are on: RSS grows in steps of 2 MiB."},
			{Code: "swap", Message: "The process has 3.0 MiB in swap, which RSS does not count."},
		},
	}
	feed, order, daily, cart, broken := &r.URIs[0], &r.URIs[1], &r.URIs[2], &r.URIs[3], &r.URIs[7]
	feed.Evidence, feed.GrowthOf = []string{"live bytes", "live objects", "rss"}, "live bytes"
	feed.Probes = []result.Probe{
		{Name: "live bytes", Unit: "bytes", Growth: 65700, Low: 65300, High: 66100, Series: counter(65700)},
		{Name: "live objects", Unit: "objects", Growth: 2, Low: 1.98, High: 2.03, Series: counter(2)},
	}
	feed.Sites = []record.Site{
		{
			File: "lib/session/pool.rb", Line: 50, Function: "write", Type: "String", ObjectsPerRequest: 1, BytesPerRequest: 65577,
			Caller: "app/models/feed.rb:31", Stack: []string{"lib/session/pool.rb:50", "app/models/feed.rb:31"}, Owner: "library",
			RetainedBy: []string{"Session::Pool (class)", "STORE (Hash of 5,160)", "String"},
		},
		{File: "app/models/feed.rb", Line: 12, Function: "remember", Type: "Array", ObjectsPerRequest: 1, BytesPerRequest: 40, Owner: "app", RetainedBy: []string{}},
	}
	feed.SitesNote = "These two lines explain 99 % of the growth."
	order.Name, order.Evidence = "order page", []string{"live objects"}
	order.Probes = []result.Probe{{Name: "live objects", Unit: "objects", Growth: 1, Low: 1, High: 1.02, Series: counter(1)}}
	export := &r.URIs[4]
	export.Evidence, export.GrowthOf, export.Counted, export.Detectable = []string{"live bytes", "rss"}, "live bytes", 150, 6700
	export.GrowthHigh, export.NativeKnown = 6700, true
	export.Probes = []result.Probe{{Name: "live bytes", Unit: "bytes", Growth: 60, Low: -30, High: 150, Series: counter(60)}}
	order.Budget, order.OverBudget, order.Line = 512, true, 19
	daily.Ignored, daily.IgnoreReason, daily.IgnoreUntil, daily.Line = true, "cache warms up", "2027-01-31", 24
	cart.More, cart.Better = 2400, "the agent (two lines: leakhunt agent ruby)"
	broken.Requests, broken.Errors, broken.FirstError = 20, 20, "status 500, expected 2xx or 3xx"
	simulate(r)
	return r
}

// counter is what 2,048 requests add to a counter that grows evenly, read eight times.
func counter(rate float64) []result.ProbePoint {
	var out []result.ProbePoint
	for n := 0; n <= 2048; n += 256 {
		out = append(out, result.ProbePoint{Requests: n, Value: rate * float64(n)})
	}
	return out
}

func uri(method, path string, v verdict.Label, growth, half, floor float64, why string) result.URI {
	return result.URI{
		Name: path, Method: method, URI: path, Verdict: v, Evidence: []string{"rss"}, GrowthOf: "rss", Why: why,
		Growth: growth, GrowthLow: growth - half, GrowthHigh: growth + half, Confidence: 0.95, Detectable: floor,
		Requests: 2048, Warmup: result.Warmup{Requests: 512, Rise: 1 << 20}, LatencyMS: result.Latency{P50: 3.1, P99: 9.8}, Line: 12,
		Probes: []result.Probe{}, Sites: []record.Site{}, Series: []result.Point{},
	}
}

// simulate fills ranks and series: five rounds, eight readings in each.
func simulate(r *result.Result) {
	const rounds, blocks, each = 5, 8, 51
	rss, t := int64(82<<20), 0.8
	for round := 1; round <= rounds; round++ {
		for i := range r.URIs {
			u := &r.URIs[i]
			u.Rank = i + 1
			if u.Verdict == verdict.Failed {
				continue
			}
			at := (round - 1) * blocks * each
			for b := 0; b <= blocks; b++ {
				if b > 0 {
					at += each
					t += 0.11
					rss += int64(u.Growth)*each + int64((b*7+round*3+i*5)%5-2)*4096
					if u.Verdict == verdict.Bloat && round == 1 && b == 1 {
						rss += 8600 << 10
					}
					if u.Verdict == verdict.Warmup {
						rss += int64(600<<10) >> (round + b)
					}
				}
				u.Series = append(u.Series, result.Point{
					Requests: at, RSS: rss, Anon: rss - 9<<20, Round: round, T: t, Settled: b == 0 || b == blocks,
				})
			}
		}
	}
	for i := range r.URIs {
		u := &r.URIs[i]
		for j, p := range u.Series {
			if j == 0 {
				u.RSSStart = p.RSS
			}
			u.RSSEnd, u.RSSPeak = p.RSS, max(u.RSSPeak, p.RSS)
		}
	}
}

// hostileNames are what a scenario or a server may put into a report.
func hostileNames() []string {
	return []string{
		`<script>alert(1)</script>`, `a|b`, "]]>", "line\nbreak\r\nand tab\t", "\x1b[31mred\x1b[0m", "\u202eback\u200f to front",
		"🧑‍🧑‍🧒 家族 página", `"quoted" 'single' back\slash \|`, "`code` **bold** _it_ [link](http://x) @team #1 $x$",
		"=cmd()", "+1", "-1", "@sum", "%0A::error::x,y:z", "bad\xff\xfeutf8", "\x00nul\ufeff\ufffe", "", "</title></style>",
		"/" + strings.Repeat("längliche-uri/", 600), "{{template}} ${VAR} %s %!d",
	}
}

// hostile is a run in which every text that comes from outside is hostile.
func hostile() *result.Result { return named(hostileNames()) }

// named is a run in which every text is one of the names.
func named(names []string) *result.Result {
	r := sample()
	base := r.URIs
	r.URIs = nil
	for i, name := range names {
		u := base[i%len(base)]
		u.Rank, u.Name, u.URI, u.Method = i+1, fmt.Sprintf("%s%d", name, i), "/"+name, "GET"
		u.Why, u.SitesNote, u.IgnoreReason, u.FirstError = name, name, name, name
		u.Evidence, u.Series = []string{name}, u.Series[:min(6, len(u.Series))]
		u.Sites = []record.Site{{File: name, Line: i, Function: name, Type: name, Caller: name, Stack: []string{name}, Owner: "app", BytesPerRequest: u.Growth, RetainedBy: []string{name, name}}}
		u.Probes = []result.Probe{{Name: name, Unit: name, Growth: 1, Low: 1, High: 1}}
		r.URIs = append(r.URIs, u)
		r.Warnings = append(r.Warnings, result.Warning{Code: name, Message: name})
		r.Target.Settings = append(r.Target.Settings, name)
	}
	n := names
	r.Complete, r.Incomplete = false, n[0]+n[3]
	r.Scenario.Name, r.Scenario.Path = n[0]+n[1]+n[2], n[4]+n[7]
	r.Target.App, r.Target.URL, r.Target.Server = n[5], n[2], n[8]
	return r
}
