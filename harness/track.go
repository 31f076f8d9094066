package harness

import (
	"os"
	"slices"
	"time"

	"leakhunt/harness/memory"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/verdict"
)

// track is all that a run knows of one URI. Readings are kept at full length
// in 12 bytes each, so that 100 URIs at 4,096 requests stay small.
type track struct {
	Item
	pages    []int32   // the metric after each judged request, in pages
	at       []float32 // seconds since the run began
	latency  []uint32  // µs, answered requests only
	blocks   []block
	errors   int // judged requests that failed
	failed   int // failures in a row, burn-in included
	sent     int // every request, burn-in included
	first    string
	peak     int64
	slack    float64 // bytes that may have been free when its last block ended
	late     *verdict.Late
	served   int            // requests that the present process has answered
	deaths   int            // processes in a row that it ended with its first requests
	life     int            // judged requests before the present process
	done     bool           // no more requests are needed
	broken   bool           // the requests themselves fail: none are sent any more
	suspect  bool           // it may leak, and is to be tried alone
	slope    float64        // its growth then, in bytes per request
	seen     int            // the requests it had got by then
	headroom float64        // bytes that it may grow by, innocent, when tried alone
	spread   int64          // the widest range of the metric over one of its blocks, in bytes
	looking  bool           // it is being tried alone, for as long as maxFloorLook takes
	tried    bool           // it was run alone and in a row
	trial    int            // judged requests before the process on which it was
	carried  string         // the neighbour whose memory it was, where acquitted
	touched  []verdict.Edge // the touched set since its last long block began, in bytes
	stayed   *remains       // what its requests left for good, where that was tried
	expired  string         // why what RSS grew by is no leak: it was seen to go
	sites    []runtimes.Site
	// sitesNote says what the sites explain, or why there are none.
	sitesNote string
	pass      *SitesPass
	answers   answers
	among     *among // where it shared a process before this one
}

// block is a run of requests to one URI, with full readings at both edges.
type block struct {
	round      int
	first, n   int // readings pages[first : first+n]
	start, end edge
	alone      bool // a confirmation: others were in quarantine
	cut        bool // ended before its time: nothing was counted at its end
}

// edge is a reading between blocks.
type edge struct {
	memory.Reading
	metric   int64     // the scenario's metric, in bytes
	counters []float64 // one for each column of the counter; nil without one
	at       time.Duration
}

var pageBytes = float64(os.Getpagesize())

// joined is the URI's own blocks end to end, in bytes: the change while
// others ran is taken out, so it is no reading of any moment. Where a URI's
// own blocks fall for ever, since it collects what others left, the series is
// lifted to stay above 0.
func (t *track) joined(pick func(block) bool) []float64 {
	mem := make([]float64, 0, len(t.pages))
	var level, lowest float64
	for _, b := range t.blocks {
		if pick != nil && !pick(b) {
			continue
		}
		base := float64(b.start.metric)
		if len(mem) == 0 {
			level, lowest = base, base
		}
		last := base
		for _, p := range t.pages[b.first : b.first+b.n] {
			last = float64(p) * pageBytes
			mem = append(mem, level+last-base)
			lowest = min(lowest, level+last-base)
		}
		level += last - base
	}
	if lowest < pageBytes {
		for i := range mem {
			mem[i] += pageBytes - lowest
		}
	}
	return mem
}

// rows are the URI's blocks, in bytes, those joined between which nobody else ran.
func (t *track) rows() (rows [][]float64) {
	for i, b := range t.blocks {
		if i == 0 || b.start.at != t.blocks[i-1].end.at {
			rows = append(rows, nil)
		}
		last := &rows[len(rows)-1]
		for _, p := range t.pages[b.first : b.first+b.n] {
			*last = append(*last, float64(p)*pageBytes)
		}
	}
	return rows
}

// requests is the number of judged requests.
func (t *track) requests() int { return len(t.pages) }

// counted is the number of judged requests with a count at both edges of their
// block.
func (t *track) counted() (n int) {
	for _, b := range t.blocks {
		if !b.cut {
			n += b.n
		}
	}
	return n
}

// edges is the URI's own series of one settled value at block edges, the
// change while others ran taken out, and blocks that are left out; skip may be nil.
func (t *track) edges(value func(edge) float64, skip func(block) bool) []verdict.Edge {
	out := []verdict.Edge{{}}
	var n int
	var level float64
	for _, b := range t.blocks {
		if b.cut || skip != nil && skip(b) {
			continue
		}
		n += b.n
		level += value(b.end) - value(b.start)
		out = append(out, verdict.Edge{Requests: n, Value: level})
	}
	return out
}

// givenBack says that what the URI's blocks grew by was gone when its next block
// began, half of it at least and nearly every time: the heap breathes with what
// is asked for, and a neighbour shrinks it again. What leaks stays.
func (t *track) givenBack() bool {
	var gaps, gone int
	for i := 1; i < len(t.blocks); i++ {
		b, next := t.blocks[i-1], t.blocks[i]
		if b.cut || b.end.at == next.start.at {
			continue // nobody else ran in between
		}
		gaps++
		lost := b.end.metric - next.start.metric
		if lost > 0 && 2*lost >= b.end.metric-b.start.metric {
			gone++
		}
	}
	return gaps > 0 && 4*gone >= 3*gaps
}

func (t *track) quantiles() Latency {
	if len(t.latency) == 0 {
		return Latency{}
	}
	s := slices.Clone(t.latency)
	slices.Sort(s)
	at := func(q float64) float64 { return float64(s[int(q*float64(len(s)-1))]) / 1000 }
	return Latency{P50: at(0.50), P99: at(0.99)}
}
