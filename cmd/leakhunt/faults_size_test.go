package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// faultsOfSize are those that would fill the memory: answers and files without end, or nearly so.
func faultsOfSize() []faulty {
	var all []faulty
	for _, some := range [][]faulty{vastAnswers(), vastHooks(), vastResults(), vastSources(), vastScenarios()} {
		all = append(all, some...)
	}
	for i := range all {
		all[i].ci = all[i].ci || slices.Contains(quickOfSize, all[i].name)
	}
	return all
}

// quickOfSize are tried with all tests.
var quickOfSize = []string{
	"an answer that has headers without end", "an answer that has a chunk's line without end", "an agent of counters without end",
	"a status command that talks without end", "a result of one number of 200 MB", "a result of one string of 200 MB",
	"a journal of one line of 200 MB", "a log of one line of 100 MB", "a sitemap of a comment without end", "an OpenAPI description of 200 MB",
	"a page of elements in each other is crawled", "a scenario of [ in each other", "data of one line of 200 MB",
}

var whatever = append([]int{exitUnmeasured}, settled...)

func vastAnswers() []faulty {
	answer := func(page, says string, requests int) faulty {
		return faulty{
			name: "an answer that " + says, yaml: "timeout: 2s\nlimits: {time: 20s}\n" + of(requests, "'/"+page+"'", "/"),
			codes: whatever, kept: aResult, limit: 40 * time.Second,
		}
	}
	probe := func(page, says, reads string) faulty {
		return faulty{
			name: says, codes: whatever, limit: 40 * time.Second,
			yaml: "runtime: none\ntimeout: 10s\nprobes: [{name: n, uri: '/" + page + "', " + reads + ", unit: objects}]\n" + of(20, "/"),
		}
	}
	capture := func(page, how string) string {
		return "timeout: 10s\nbefore: [{uri: '/" + page + "', capture: [{as: csrf, " + how + "}]}]\n" + of(50, "'/?t={{csrf}}'")
	}
	counters := "an agent of counters without end"
	return []faulty{
		answer("no-end-of-headers", "has headers without end", 20),
		answer("large-header", "has a header of 1 MB", 100),
		answer("bad-chunk", "is chunked, and wrongly", 100),
		answer("no-end-of-chunk", "has a chunk's line without end", 20),
		answer("large-cookies", "sets a new cookie of 64 kB each time", 200),
		probe("vars", "a probe of JSON without end", "json: memstats.n"),
		probe("metrics", "a probe of metrics of 1 GB", "prometheus: go_memstats_heap_alloc_bytes"),
		{name: "a login page of 1 GB", yaml: capture("vast-login", "selector: 'input[name=csrf]', attr: value"), codes: whatever, limit: 40 * time.Second, ci: true},
		{name: "a login page of 1 GB, read by a regexp", yaml: capture("vast-login", "regexp: 'token=([a-z]+)'"), codes: whatever, limit: 40 * time.Second},
		{name: "a login of JSON without end", yaml: capture("vars", "json: memstats.n"), codes: whatever, limit: 40 * time.Second},
		{
			name: counters, how: strings.TrimPrefix(counters, "an "), wired: agentFolder, codes: whatever, limit: 30 * time.Second,
			yaml: "runtime: {agent: {socket: \"${AGENT}\"}}\nlimits: {time: 8s}\n" + of(50, "/"),
		},
		{name: "a secret of 100 kB, in a header", yaml: "secrets: [KEY]\nuris: ['/?k=1']\nheaders: {X-Key: \"${KEY}\"}\nrequests: 50\n", codes: whatever, kept: aResult},
		{name: "2,000 URIs are run, and reported in every format", yaml: manyLines(2000), args: everyFormat, codes: whatever, kept: aResult, limit: 90 * time.Second},
		{name: "import app asks an agent without end", how: "agent endless", args: []string{"import", "app", "--command", "hostile"}, codes: []int{exitUnmeasured}, wired: agentFolder, limit: 30 * time.Second},
	}
}

var everyFormat = []string{"-o", "html=out.html", "-o", "junit=out.xml", "-o", "markdown=out.md", "-o", "csv=out.csv", "-o", "openmetrics=out.prom"}

func manyLines(n int) string {
	var b strings.Builder
	b.WriteString("requests: 4\nwarmup: 0\nrounds: 1\nlimits: {time: 60s}\nuris:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - /?page=%d\n", i)
	}
	return b.String()
}

func vastHooks() []faulty {
	passenger := "version: 1\ntarget: {passenger: {app: shop, status_command: [%s]}}\nuris: [/]\n"
	return []faulty{
		{name: "a status command that talks without end", files: map[string]string{"s.yaml": fmt.Sprintf(passenger, "'yes'")}, args: []string{"run", "s.yaml"}, codes: []int{exitUnmeasured}, limit: 40 * time.Second},
		{name: "a status command whose errors never end", files: map[string]string{"s.yaml": fmt.Sprintf(passenger, "sh, -c, 'yes >&2'")}, args: []string{"run", "s.yaml"}, codes: []int{exitUnmeasured}, limit: 40 * time.Second},
		{name: "a status command of a line without end", files: map[string]string{"s.yaml": fmt.Sprintf(passenger, "cat, /dev/zero")}, args: []string{"run", "s.yaml"}, codes: []int{exitUnmeasured}, limit: 40 * time.Second},
		{name: "a settle hook of a line without end", yaml: "timeout: 2s\nsettle: {exec: [cat, /dev/zero]}\n" + of(50, "/"), codes: []int{exitUnmeasured}},
	}
}

func vastResults() []faulty {
	usage := []int{exitUsage}
	garbage := times("\x00\xff\x01 garbage\n", 200<<20/12)
	head := `{"e":"leakhunt-journal","version":1}` + "\n"
	var rows []faulty
	of := func(name string, pour func(io.Writer), args ...string) {
		rows = append(rows, faulty{name: name, large: map[string]func(io.Writer){"in": pour}, args: args, codes: usage, limit: 40 * time.Second})
	}
	of("a result of 200 MB of garbage", garbage, "report", "in")
	of("a result of one number of 200 MB", all(`{"schema_version": `, times("9", 200<<20)), "report", "in")
	of("a result of one string of 200 MB", all(`{"schema_version": 1, "tool": {"name": "`, times("x", 200<<20), `"}}`), "report", "in")
	of("a result of 200 MB of URIs", all(`{"schema_version": 1, "uris": [`, times(`{"rank":1,"name":"/a","method":"GET","uri":"/a","verdict":"leak"},`, 3<<20), `{}]}`), "report", "in")
	of("a journal of 200 MB of garbage", all(head, garbage), "report", "in")
	of("a journal of one line of 200 MB", all(`{"e":"leakhunt-journal","version":1,"tool":"`, times("x", 200<<20)), "report", "in")
	of("a journal of 200 MB of events", all(head, times(`{"e":"reading","uri":1,"requests":1}`+"\n", 5<<20)), "report", "in")
	of("a journal of one line of 200 MB, to go on with", all(`{"e":"leakhunt-journal","version":1,"tool":"`, times("x", 200<<20)), "run", "--resume", "in")
	of("a result of 200 MB of garbage, compared", garbage, "compare", "in", "in")
	of("a result of 200 MB of garbage, merged", garbage, "merge", "in", "in")
	of("a baseline of 200 MB of garbage", garbage, "run", "s.yaml", "--baseline", "in")
	rows[len(rows)-1].files = map[string]string{"s.yaml": "version: 1\ntarget: {demo: {}}\nuris: [/]\n"}
	of("a series of 200 MB of garbage", garbage, "judge", "in")
	of("a series of one line of 200 MB", all("requests,rss_bytes\n", times("1", 200<<20)), "judge", "in")
	of("a series that is a gzip bomb", gzipped(1<<30), "judge", "in")
	of("a series of 10 million columns", all(times("a,", 10_000_000), "requests,rss_bytes\n1,1\n"), "judge", "in")
	return rows
}

func vastSources() []faulty {
	var rows []faulty
	of := func(name, kind string, pour func(io.Writer), codes ...int) {
		rows = append(rows, faulty{name: name, large: map[string]func(io.Writer){"in": pour}, args: []string{"import", kind, "in"}, codes: codes, limit: 60 * time.Second})
	}
	const entry = `{"request":{"method":"GET","url":"http://a/%s","headers":[]},"response":{"status":200,"content":{"text":"%s"}}},`
	text := strings.Repeat("x", 10_000)
	of("a HAR of 200 MB", "har", all(`{"log":{"entries":[`, times(fmt.Sprintf(entry, "x", text), 20_000), strings.TrimSuffix(fmt.Sprintf(entry, "y", ""), ","), `]}}`), 0, exitUsage)
	of("a HAR of one string of 200 MB", "har", all(`{"log":{"entries":[{"request":{"url":"http://a/`, times("x", 200<<20), `"}}]}}`), exitUsage)
	of("a HAR of 200 MB of other keys", "har", all(`{"log":{"pages":[`, times(`{"a":[1,2,3]},`, 14<<20), `{}],"entries":[]}}`), exitUsage)
	of("a log of one line of 100 MB", "access-log", times("x", 100<<20), exitUsage)
	of("a log of a JSON line of 100 MB", "access-log", all(`{"request":"GET /`, times("x", 100<<20), `"}`), exitUsage)
	of("a log of a million addresses", "access-log", numbered(`10.0.0.1 - - [01/Nov/2026:10:00:00 +0000] "GET /p%d/x%d HTTP/1.1" 200 5 "-" "-"`+"\n", 1<<20), 0)
	of("a sitemap of a million addresses", "sitemap", all(`<urlset>`, numbered("<url><loc>http://a/p%d/x%d</loc></url>\n", 1<<20), `</urlset>`), 0, exitUsage)
	of("a sitemap of one address of 100 MB", "sitemap", all(`<urlset><url><loc>http://a/`, times("x", 100<<20), `</loc></url></urlset>`), exitUsage)
	of("a sitemap of a comment without end", "sitemap", all(`<urlset><!--`, times("x", 200<<20)), exitUsage)
	of("a sitemap of elements in each other", "sitemap", times("<a>", 60<<20), exitUsage)
	of("a sitemap of one element of many attributes", "sitemap", all(`<urlset `, times(`a="b" `, 20<<20), `>`), exitUsage)
	of("an OpenAPI description of 200 MB", "openapi", all(`{"openapi":"3.0.0","info":{"title":"`, times("x", 200<<20), `"}}`), exitUsage)
	of("an OpenAPI description of aliases of aliases", "openapi", all("openapi: 3.0.0\n", aliases(), "paths: {/a: *a8}\n"), exitUsage)
	of("an OpenAPI description of 5 MB of paths", "openapi", all(`{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{`, numbered(`"/p%d/x%d":{"get":{"responses":{"200":{"description":"x"}}}},`, 80_000), `"/z":{}}}`), 0, exitUsage)
	of("an OpenAPI description of [ in each other", "openapi", times("[", 1<<20), exitUsage)
	of("an OpenAPI description of { in each other", "openapi", times("{a: ", 1<<20), exitUsage)
	of("a list of routes of 200 MB", "rails-routes", times("   users GET    /users(.:format)    users#index\n", 4<<20), 0, exitUsage)
	crawl := func(name string, page func(w http.ResponseWriter, r *http.Request), codes ...int) {
		rows = append(rows, faulty{name: name, args: []string{"import", "crawl"}, codes: codes, limit: 3 * time.Minute, wired: func(_ *testing.T, c *trial) {
			s := httptest.NewServer(http.HandlerFunc(page))
			c.after = append(c.after, func() { s.CloseClientConnections(); s.Close() })
			c.cmd.Args = append(c.cmd.Args, s.URL)
		}})
	}
	crawl("a page without end is crawled", func(w http.ResponseWriter, _ *http.Request) { times("<a href=/x>x</a>", endlessly)(w) }, 0)
	crawl("a page of links without end is crawled", func(w http.ResponseWriter, _ *http.Request) { numbered("<a href='/p%d/x%d'>x</a>", endlessly)(w) }, 0)
	crawl("a page of elements in each other is crawled", func(w http.ResponseWriter, _ *http.Request) { times("<div>", endlessly)(w) }, 0)
	crawl("a page of one link of 1 GB is crawled", func(w http.ResponseWriter, _ *http.Request) { all("<a href='/", times("x", 1<<30), "'>")(w) }, 0)
	crawl("robots.txt without end is read", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			all("User-agent: *\n", numbered("Disallow: /p%d/x%d\n", endlessly))(w)
		}
	}, 0)
	return rows
}

// numbered writes lines that are all different.
func numbered(format string, n int) func(io.Writer) {
	return func(w io.Writer) {
		for i := range n {
			if _, err := fmt.Fprintf(w, format, i%997, i); err != nil {
				return
			}
		}
	}
}

func vastScenarios() []faulty {
	const plain = "version: 1\ntarget: {demo: {}}\nuris: [/]\n"
	usage := []int{exitUsage}
	large := func(name, file string, pour func(io.Writer), scenario string) faulty {
		return faulty{name: name, large: map[string]func(io.Writer){file: pour}, files: map[string]string{"s.yaml": scenario}, args: []string{"validate", "s.yaml"}, codes: usage, limit: 40 * time.Second}
	}
	whole := func(name string, pour func(io.Writer)) faulty {
		return faulty{name: name, large: map[string]func(io.Writer){"s.yaml": pour}, args: []string{"validate", "s.yaml"}, codes: []int{exitOK, exitUsage}, limit: 40 * time.Second}
	}
	body := large("a body of 1 GB", "body", times("x", 1<<30), faultScenario+"uris: [{uri: /, method: POST, body_file: body}]\nrequests: 5\n")
	body.args = []string{"run", "s.yaml"}
	sent := large("a body of 1 GB is sent", "body", times("x", 1<<30), plain)
	sent.args = []string{"send", "/", "--pid", "1", "-d", "@body"}
	return []faulty{
		whole("a scenario of 1 GB", all(plain, times("# x\n", 1<<28))),
		whole("a scenario of one line of 500 kB", all("version: 1\nname: ", times("x", 500<<10))),
		whole("a scenario of 500 kB of keys", all("version: 1\n", numbered("k%d-%d: 1\n", 35_000))),
		whole("a scenario of [ in each other", times("[", 500<<10)),
		whole("a scenario of maps in each other", times("{a: ", 125<<10)),
		whole("a scenario of 500 kB of comments", all(plain, times("# x\n", 125<<10))),
		whole("a scenario of 500 kB of URIs", all("version: 1\ntarget: {demo: {}}\nuris:\n", numbered("  - /p%d/x%d\n", 30_000))),
		large("data of one line of 200 MB", "d.csv", all("a\n", times("x", 200<<20)), "version: 1\ntarget: {demo: {}}\ndata: d.csv\nuris: ['/{{data.a}}']\n"),
		large("data of 200 MB within quotes", "d.csv", all("a\n\"", times("x\n", 100<<20)), "version: 1\ntarget: {demo: {}}\ndata: d.csv\nuris: ['/{{data.a}}']\n"),
		body, sent,
	}
}
