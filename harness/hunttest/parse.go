package hunttest

import (
	"fmt"
	"strconv"
	"strings"

	"leakhunt/harness/record"
)

// Parse reads a process: a line for each thing, in any order. What the text leaves out
// is as in a real run. The process then has 64 MiB, 48 of them mapped from files, and a
// request takes 1 ms.
//
//	runtime go tight                 # or purging, which is tight too; tightenable; touched
//	settings GOGC=10                 # set by us
//	deferring GOGC=off               # set by others
//	target passenger                 # command
//	counter bytes objects native     # rough in place of exact; held, what its heap takes; free, what of that nothing is in; traces, or few that tell a line from 1,000 requests on
//	counter things falls             # one that misleads: see misleading
//	memory fresh 40MiB files 24MiB
//	plan requests 250 rounds 5 warmup 7 restarts 2 stay 6 seed 3 metric anon sites off isolate yes strategy scan
//	limits rss 100MiB time 900
//	no restart address already in use
//	/feed keeps 4KiB, latency 2ms    # see route
func Parse(text string) (*Process, error) {
	p := &Process{}
	p.kind = kind{fresh: memory{rss: 64 << 20, files: 48 << 20}, startup: 1}
	p.Header = record.Header{
		Version: record.Version, Tool: "hunttest", StartedAt: "2026-01-01T00:00:00Z", Seed: 7,
		Scenario:    record.Scenario{Name: "text", Path: "text.yaml"},
		Environment: record.Environment{OS: "linux", Kernel: "6.8.0", CPUs: 2, PageBytes: page},
		Plan: record.Plan{
			Target: "command", Runtime: "auto", Metric: "rss", Rounds: 5, Warmup: record.Count{Auto: true}, Sites: "auto", Stay: 6,
			Limits: record.Limits{Time: 900},
		},
	}
	p.Opened = record.Opened{
		Process: record.Process{Kind: "command", PID: 7, Start: 1000, URL: "http://127.0.0.1:8000"}, Restart: true,
		Facts: record.Facts{Allocator: "glibc"},
	}
	requests := record.Count{Auto: true}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		switch {
		case strings.HasPrefix(words[0], "/"):
			err = p.route(line)
		case words[0] == "plan" && len(words) > 2 && words[1] == "requests":
			requests, err = count(words[2])
			if err == nil {
				err = p.set("plan", words[3:])
			}
		default:
			err = p.set(words[0], words[1:])
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	for i := range p.Header.Items {
		if it := &p.Header.Items[i]; it.Requests == (record.Count{}) {
			it.Requests = requests
		}
	}
	return p, nil
}

func count(text string) (record.Count, error) {
	n, err := strconv.Atoi(text)
	return record.Count{N: n}, err
}

// route reads a line that begins with a path.
func (p *Process) route(line string) error {
	name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	u := &route{name: name, latency: 0.001, random: uint32(len(p.routes)) + 7}
	it := record.Item{Name: name, Method: "GET", URI: name, Line: len(p.routes) + 1}
	for text := range strings.SplitSeq(rest, ",") {
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		var err error
		var v float64
		switch {
		case words[0] == "forced":
			it.Forced = true
		case words[0] == "latency" && len(words) == 2:
			u.latency, err = seconds(words[1])
		case words[0] == "requests" && len(words) == 2:
			it.Requests, err = count(words[1])
		case words[0] == "budget" && len(words) == 2:
			v, err = size(words[1])
			it.Budget = int64(v)
		default:
			var c clause
			c, err = parseClause(words)
			u.clauses = append(u.clauses, c)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	p.routes = append(p.routes, u)
	p.Header.Items = append(p.Header.Items, it)
	return nil
}

// set reads a line of any other thing.
func (p *Process) set(key string, words []string) error {
	facts, proc := &p.Opened.Facts, &p.Opened.Process
	switch key {
	case "runtime":
		proc.Runtime = words[0]
		for _, w := range words[1:] {
			switch w {
			case "tight", "purging":
				facts.Tight, facts.Purging = []string{"TIGHT=1"}, w == "purging"
				proc.Settings = facts.Tight
			case "tightenable":
				facts.Tightenable = true
			case "touched":
				p.Opened.Touched = true
			default:
				return fmt.Errorf("a runtime is not %s", w)
			}
		}
	case "settings":
		proc.Settings = words
	case "deferring":
		facts.Deferring = words
	case "target":
		proc.Kind, p.Header.Plan.Target = words[0], words[0]
	case "counter":
		return p.counter(words)
	case "no":
		p.kind.stubborn = strings.Join(words[1:], " ")
	case "memory", "plan", "limits":
		return p.pairs(words)
	default:
		return fmt.Errorf("no line begins with %s", key)
	}
	return nil
}

func (p *Process) counter(words []string) error {
	p.Opened.Counter = "agent"
	exact, native := true, false
	for _, w := range words {
		switch w {
		case "rough":
			exact = false
		case "native":
			native = true
		case "held":
			p.Opened.Native = true
		case "free":
			p.Opened.Native, p.kind.tells = true, true
		case "few":
			p.few = true
		case "traces":
			p.Opened.Traces = true
		case "bytes":
			p.Opened.Columns = append(p.Opened.Columns, record.Column{Name: "live bytes", Unit: "bytes", Exact: exact, Native: native})
		case "objects":
			p.Opened.Columns = append(p.Opened.Columns, record.Column{Name: "live objects", Unit: "objects", Exact: exact})
		case "things":
			p.Opened.Counter = "probes"
			p.Opened.Columns = append(p.Opened.Columns, record.Column{Name: "things", Unit: "objects"})
		default:
			if misleading[w] == nil {
				return fmt.Errorf("a counter counts no %s", w)
			}
			p.misleads = misleading[w]
		}
	}
	return nil
}

// pairs reads words and the value of each.
func (p *Process) pairs(words []string) error {
	plan := &p.Header.Plan
	for ; len(words) > 1; words = words[2:] {
		v, err := size(words[1])
		switch words[0] {
		case "metric":
			plan.Metric, err = words[1], nil
		case "sites":
			plan.Sites, err = words[1], nil
		case "strategy":
			plan.Strategy, err = words[1], nil
		case "isolate":
			plan.Isolate, err = words[1] == "yes", nil
		case "fresh":
			p.kind.fresh.rss = v
		case "files":
			p.kind.fresh.files = v
		case "rounds":
			plan.Rounds = int(v)
		case "warmup":
			plan.Warmup = record.Count{N: int(v)}
		case "restarts":
			plan.Restarts = int(v)
		case "stay":
			plan.Stay = v
		case "seed":
			p.Header.Seed = int64(v)
		case "rss":
			plan.Limits.RSS = int64(v)
		case "time":
			plan.Limits.Time = v
		default:
			err = fmt.Errorf("%s is not known here", words[0])
		}
		if err != nil {
			return err
		}
	}
	if len(words) > 0 {
		return fmt.Errorf("%s has no value", words[0])
	}
	return nil
}

// misleading are counters that do not count what is alive: what one reads where n
// things are, in its so many-th reading.
var misleading = map[string]func(reading int, n float64) float64{
	"falls":        func(_ int, n float64) float64 { return 1e6 - n },
	"stands-still": func(int, float64) float64 { return 42 },
	"falls-to-0":   func(_ int, n float64) float64 { return max(0, 400-n) },
	"turns": func(reading int, n float64) float64 {
		if reading > 9 {
			return 1e6 - n
		}
		return 1e6 + n
	},
	"begins-anew": func(reading int, n float64) float64 {
		if reading > 9 {
			return n
		}
		return 1e6 + n
	},
}
