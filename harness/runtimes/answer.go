package runtimes

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"leakhunt/harness/fault"
)

// answer is one line of an agent. Exactly one of Error, Counters, Sites,
// Tracing, Dumped, Names and Routes is meant.
type answer struct {
	Leakhunt int       `json:"leakhunt"` // protocol version
	Runtime  string    `json:"runtime"`
	Version  string    `json:"version"` // of the runtime
	PID      int       `json:"pid"`     // as the process itself sees it
	Error    string    `json:"error"`
	Tracing  bool      `json:"tracing"`
	Counters []reading `json:"counters"`
	Sites    []rawSite `json:"sites"`
	Dumped   bool      `json:"dumped"`
	Names    []string  `json:"names"` // "" where not known
	Routes   []Route   `json:"routes"`
}

type reading struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Exact  bool   `json:"exact"`
	Native bool   `json:"native"`
	Beside Beside `json:"beside"`
	Value  any    `json:"value"` // nil: missing or null
}

type rawSite struct {
	frame
	Type    string  `json:"type"`
	Objects float64 `json:"objects"`
	Bytes   float64 `json:"bytes"`
	Stack   []frame `json:"stack"` // innermost first
	Held    []struct {
		Name   string `json:"name"`
		Kind   string `json:"kind"`
		Shared bool   `json:"shared"`
	} `json:"held"` // Python: how one of them is held
}

type frame struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Function string `json:"function"`
}

// anew is the next step where an agent is not of this leakhunt.
const anew = "Print the agent anew with leakhunt agent LANGUAGE, and restart the process."

// errReported is in the chain of an error that the agent itself reports: the
// conversation can go on.
var errReported = errors.New("reported by the agent")

// parseAnswer reads one line. An agent's own error, another version and
// anything that is not an answer are Measure errors.
func parseAnswer(line []byte) (*answer, error) {
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return nil, fault.Measuref("the agent answered with something that is no answer: %q", short(string(line[:min(len(line), 1000)]))).Because(err).
			WithHint("Another program may listen on its socket, or the process ended in the middle.")
	}
	if a.Leakhunt != protocol {
		return nil, fault.Measuref("the agent speaks version %d, this leakhunt version %d", a.Leakhunt, protocol).
			WithHint("%s", anew)
	}
	if a.Error != "" {
		return nil, fault.Measuref("%q", short(a.Error)).Because(errReported).
			WithHint("See the application's log; with runtime: none it is done without the agent.")
	}
	return &a, nil
}

// counters checks each counter: named, with a known unit, a finite number that
// is not negative.
func (a *answer) counters() ([]Column, []float64, error) {
	if len(a.Counters) == 0 {
		return nil, nil, fault.Measuref("the agent has no counter for this %s %s", short(a.Runtime), short(a.Version))
	}
	if len(a.Counters) > maxCounters {
		return nil, nil, fault.Measuref("the agent has %d counters, and %d are the most that are read", len(a.Counters), maxCounters).WithHint("%s", anew)
	}
	columns := make([]Column, len(a.Counters))
	values := make([]float64, len(a.Counters))
	for i, c := range a.Counters {
		if c.Name == "" || (c.Unit != "objects" && c.Unit != "bytes") {
			return nil, nil, fault.Measuref("the agent's counter %q has the unit %q", short(c.Name), short(c.Unit))
		}
		v, ok := c.Value.(float64)
		if !ok {
			return nil, nil, fault.Measuref("the agent's counter %q is %s, which is no number", short(c.Name), shown(c.Value)).WithHint("%s", anew)
		}
		if err := checkValue(c.Name, v); err != nil {
			return nil, nil, err
		}
		if c.Beside != "" && (c.Unit != "bytes" || !slices.Contains([]Beside{Held, Native, Free}, c.Beside)) {
			return nil, nil, fault.Measuref("the agent's counter %q is beside what is alive: %q %s", short(c.Name), short(string(c.Beside)), c.Unit).WithHint("%s", anew)
		}
		columns[i] = Column{Name: c.Name, Unit: c.Unit, Exact: c.Exact, Native: c.Native, Beside: c.Beside}
		values[i] = v
	}
	return columns, values, nil
}

// maxCounters bounds the counters of one agent: every reading holds each, and a reader
// sees all of them. Ours have six at most.
const maxCounters = 64

// maxCount is more bytes or objects than any machine has, and the largest value
// whose neighbours a float64 still tells apart.
const maxCount = 1 << 53

// checkValue refuses what no count of live memory can be.
func checkValue(name string, v float64) error {
	if math.IsNaN(v) || v < 0 || v > maxCount {
		return fault.Measuref("the counter %q reads %v, which is no amount of memory", short(name), v).
			WithHint("Is it the right one? It must count what is there now.")
	}
	return nil
}

// short keeps what others wrote within one line of an error, and what would
// command a terminal out of it.
func short(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "?")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > 200 {
		s = s[:200]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s += "…"
	}
	return s
}
