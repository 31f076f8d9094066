package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Parse reads a world from its text: a line for each thing, in any order.
//
//	world cache/keyed          # a name, only for people
//	seed 7                     # what the text leaves open is drawn from it
//	runtime ruby agent         # or python, node, go, java, php; without a counter: RSS alone; tight, jemalloc, gogc 400, late
//	target command             # or url: then no fresh process can be had
//	memory fresh 24MiB files 10MiB objects 300000 holes 30% scatter 10%
//	plan rounds 5 requests 250 restarts 2 metric anon isolate yes strategy scan
//	limits rss 512MiB time 900s
//	latency 2ms                # of every URI that says nothing else
//	uri /feed                  leak 1KiB
//	uri /home latency 30ms,    garbage 500KiB objects 5000
//	uri /page                  cache 1500 x 4KiB keyed
//	shared                     ring 30000 x 1KiB
//	background each 1s         leak 100B
//	subscribers 50             # how many of the last are told
//	descriptors 1024           # that the process may have open
//	fault dies after 1200 once
//
// A comma ends a clause. Lines of the same URI are one. Clauses of a URI itself:
//
//	latency TIME
//	keyed                      # each request has a new URL
//	keys N                     # so many URLs in turn
//	visitors                   # each request is a new visitor's
//	requests N
//	answers SIZE
//	line SIZE                  # what a request adds to a shared ring
//	fails RATE                 # a RATE is every N, 1 in N or from N
//	kills RATE
//
// What requests do to memory, where a SIZE is that of one entry:
//
//	garbage SIZE [objects N] [spread N%] [cyclic]
//	leak SIZE [objects N] [spread N%] [every N | 1 in N] [keyed | keys N] [visitor] [failing]
//	          [after TIME] [native | mapped] [doubling] [goroutine] [holds THING]
//	cache N x SIZE [objects N] [keyed | keys N | of N] [native] [doubling] [drops third | drops all]
//	          [expires TIME [swept TIME | by N | on use]] [holds THING]
//	ring N x SIZE [objects N]
//	hold SIZE expires TIME [swept TIME | by N | on use] [objects N] [every N | 1 in N] [visitor] [holds THING]
//	batch N x SIZE [each TIME] [objects N] [holds THING]
//	pool N x SIZE [every N | 1 in N] [objects N] [holds THING]
//	warmup SIZE over N [native]
//	creep SIZE
//	step SIZE at N [native]
//	wave SIZE over N
//	subscribe SIZE [objects N]
//	publish SIZE [objects N]
//	remains SIZE [objects N]   # until the next request, whatever its URI
//	code SIZE unused N [objects N]   # of a URI, until that has not run for N collections
//
// What has expired by N goes with every N-th request, whatever its URI.
//
// A THING, which each entry holds beside memory, is a descriptor, socket, thread, child or
// mapping.
//
// Faults, each in the first process alone where its line ends in once:
//
//	fault dies | replaced     after N | 1 in N | over SIZE    # N requests
//	fault counter hangs | counter stuck | counter falls by N% | counter lies by N%
//	                          after N                         # N readings
//	fault clock steps TIME    after N                         # N requests
//	fault start fails         after N                         # the N-th process and those that follow it
//
// Errors name the line.
func Parse(text string) (*World, error) {
	s := spec{target: "command", metric: "rss", limit: 900e6, rounds: 5, latency: 2000, holes: -1, scatter: -1}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		w := words{list: strings.Fields(strings.ReplaceAll(line, ",", " , "))}
		if len(w.list) == 0 {
			continue
		}
		w.readLine(&s)
		if len(w.list) > 0 {
			w.fail("%q says nothing there", strings.Join(w.list, " "))
		}
		if w.err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, w.err)
		}
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return newWorld(s), nil
}

func (w *words) readLine(s *spec) {
	switch key := w.word(); key {
	case "world":
		s.kind = w.word()
	case "seed":
		seed, err := strconv.ParseUint(w.word(), 10, 64)
		if s.seed = seed; err != nil {
			w.fail("a seed is a whole number")
		}
	case "runtime":
		w.readRuntime(s)
	case "target":
		s.target = w.one("command", "url", "passenger", "fastcgi", "demo")
	case "memory":
		w.pairs(map[string]func(){
			"fresh": func() { s.fresh = w.size() }, "files": func() { s.files = w.size() },
			"objects": func() { s.objects = w.number() }, "holes": func() { s.holes = int(w.percent()) },
			"scatter": func() { s.scatter = int(w.percent()) },
		})
	case "plan":
		w.pairs(map[string]func(){
			"rounds": func() { s.rounds = int(w.number()) }, "requests": func() { s.requests = int(w.number()) },
			"restarts": func() { s.restarts = int(w.number()) }, "metric": func() { s.metric = w.one("rss", "anon") },
			"strategy": func() { s.strategy = w.one("auto", "sweep", "scan") },
			"isolate":  func() { s.isolate = w.one("yes", "no") == "yes" },
		})
	case "limits":
		w.pairs(map[string]func(){"rss": func() { s.limitRSS = w.size() }, "time": func() { s.limit = w.span() }})
	case "latency":
		s.latency = w.span()
	case "subscribers":
		s.last = int(w.number())
	case "descriptors":
		s.most = w.number()
	case "uri":
		w.readURI(s)
	case "shared":
		s.shared = append(s.shared, w.readShared(false))
	case "background":
		s.background = append(s.background, w.readShared(true))
	case "fault":
		s.faults = append(s.faults, w.readFault())
	default:
		w.fail("a line cannot begin with %q", key)
	}
}

// pairs reads a word and what belongs to it, again and again.
func (w *words) pairs(read map[string]func()) {
	for w.more() {
		key := w.word()
		if read[key] == nil {
			w.fail("%q is not known here", key)
			return
		}
		read[key]()
	}
}

func (w *words) one(of ...string) string {
	word := w.word()
	if !slices.Contains(of, word) {
		w.fail("%q is none of %s", word, strings.Join(of, ", "))
	}
	return word
}

func (w *words) readRuntime(s *spec) {
	s.runtime = w.one("ruby", "python", "node", "go", "java", "php")
	for w.more() {
		switch word := w.word(); word {
		case "tight":
			s.tight = true
		case "jemalloc":
			s.jemalloc = true
		case "late":
			s.late = true
		case "gogc":
			s.gogc = int(w.number())
		default:
			if s.counter = counterNames[word]; !slices.Contains(counters[s.runtime], s.counter) {
				w.fail("%s has no counter %q", s.runtime, word)
			}
		}
	}
}

func (w *words) readURI(s *spec) {
	name := w.word()
	if name == "" || name == "," {
		w.fail("a URI needs a name")
		return
	}
	i := slices.IndexFunc(s.routes, func(r routeSpec) bool { return r.name == name })
	if i < 0 {
		i = len(s.routes)
		s.routes = append(s.routes, routeSpec{name: name, line: -1})
	}
	r := &s.routes[i]
	for w.more() {
		switch word := w.word(); word {
		case "latency":
			r.latency = w.span()
		case "visitors":
			r.visitors = true
		case "keyed":
			r.keyed = true
		case "keys":
			r.keys = w.number()
		case "requests":
			r.requests = int(w.number())
		case "answers":
			r.answers = w.size()
		case "line":
			r.line = w.size()
		case "fails":
			r.fails = w.readRate()
		case "kills":
			r.kills = w.readRate()
		default:
			r.parts = append(r.parts, w.readPart(w.verb(word)))
		}
		if len(w.list) > 0 {
			w.want(",")
		}
	}
}

func (w *words) verb(word string) verb {
	i := slices.Index(verbs[:], word)
	if i < 0 {
		w.fail("%q is no part of a world", word)
		return garbage
	}
	return verb(i)
}

func (w *words) readRate() (r rate) {
	switch {
	case w.took("every"):
		r.every = w.number()
	case w.took("1", "in"):
		r.in = w.number()
	case w.took("from"):
		r.from = w.number()
	default:
		w.fail("a rate is every N, 1 in N or from N")
	}
	if r == (rate{}) {
		w.fail("a rate of 0 says nothing")
	}
	return r
}

func (w *words) readShared(timed bool) part {
	var each int64
	if timed {
		w.want("each")
		if each = w.span(); each < 1000 {
			w.fail("each %s is too often", spanText(each))
		}
	}
	p := w.readPart(w.verb(w.word()))
	bad := p.verb == subscribe || p.verb == publish || p.verb == remains || p.verb == code || p.failing || p.visitor
	if timed {
		bad = bad || p.verb == ring || p.verb == batch || p.keyed || p.keys > 0
		p.each = each
	}
	if bad {
		w.fail("%s is nothing that all share", p)
	}
	return p
}

func (w *words) readFault() (f fault) {
	for i, name := range troubles {
		if w.took(strings.Fields(name)...) {
			f.trouble = trouble(i)
			break
		}
		if i == len(troubles)-1 {
			w.fail("%q is no fault that is known", strings.Join(w.list, " "))
		}
	}
	switch f.trouble {
	case clock:
		f.by = w.amount("time, such as 30s", spans)
	case falls, lies:
		w.want("by")
		f.by = w.percent()
	}
	for w.more() {
		switch {
		case w.took("after"):
			f.at = w.number()
		case w.took("1", "in"):
			f.in = w.number()
		case w.took("over"):
			f.over = w.size()
		case w.took("once"):
			f.once = true
		default:
			w.fail("%q says nothing of a fault", w.list[0])
		}
	}
	switch ends := f.trouble == dies || f.trouble == replaced; {
	case f.at == 0 && f.in == 0 && f.over == 0:
		w.fail("a fault comes after N, 1 in N or over SIZE")
	case !ends && (f.in > 0 || f.over > 0):
		w.fail("%s comes after N", troubles[f.trouble])
	}
	return f
}

// mostRoutes is how many URIs a world has at most.
const mostRoutes = 10000

// check says what a whole world lacks.
func (s *spec) check() error {
	switch {
	case s.runtime == "":
		return fmt.Errorf("a world needs a runtime")
	case len(s.routes) == 0 || len(s.routes) > mostRoutes:
		return fmt.Errorf("a world needs 1 to 10,000 URIs")
	case s.latency < 1:
		return fmt.Errorf("a request takes some time")
	case s.fresh > 0 && s.fresh < s.files:
		return fmt.Errorf("fresh memory holds what is mapped from files, too")
	case s.rounds < 1:
		return fmt.Errorf("a plan has a round at least")
	}
	rings := 0
	for _, p := range s.shared {
		if p.verb == ring {
			rings++
		}
	}
	if rings > 1 {
		return fmt.Errorf("a world has one ring that all share at most")
	}
	for _, r := range s.routes {
		for _, p := range r.parts {
			if p.verb == subscribe && s.last == 0 || p.verb == publish && s.last == 0 {
				return fmt.Errorf("%s: the line subscribers is missing", r.name)
			}
		}
	}
	return nil
}
