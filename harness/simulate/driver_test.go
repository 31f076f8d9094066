package simulate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/record"
)

// told is the events in short, readings in a row as one.
func told(events []record.Event) string {
	var all []string
	n := 0
	for _, e := range events {
		if r, ok := e.(record.Readings); ok {
			n += len(r.Metric)
			continue
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("%d readings", n))
			n = 0
		}
		name := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", e), "record."))
		switch e := e.(type) {
		case record.Lost:
			name += fmt.Sprintf("(%d killed=%t: %s)", e.URI, e.Killed, e.Reason)
		case record.Failed:
			name += "(" + e.Reason + ")"
		case record.Limited:
			name += "(" + e.Limit + ")"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

func TestDriver(t *testing.T) {
	one, none := 1, 9
	send := func(uri, n int) record.Send { return record.Send{URI: uri, N: n, Purpose: record.Sweep, Settle: true} }
	open := record.Open{}
	for _, c := range []struct {
		world   string
		actions []record.Action
		want    string
	}{
		{"", []record.Action{open, send(0, 30)}, "opened, began, 30 readings, finished"},
		{"", []record.Action{open, send(0, 0)}, "opened, began, finished"},
		{"", []record.Action{open, send(0, -1)}, "opened, began, finished"},
		{"", []record.Action{open, record.Measure{Wait: 6}, record.Measure{Wait: -1}}, "opened, read, read"},
		{"", []record.Action{open, record.Name{URI: 1}, send(1, 5)}, "opened, traced, began, 5 readings, finished"},
		{"", []record.Action{send(0, 5)}, "lost(-1 killed=false: there is no process)"},
		{"", []record.Action{open, send(7, 5)}, "opened, failed(there is no URI 7 of 2)"},
		{"", []record.Action{record.Open{Only: &none}}, "failed(there is no URI 9 of 2)"},
		{"", []record.Action{open, record.Open{Why: record.Isolated, Only: &one}, send(1, 3)}, "opened, opened, began, 3 readings, finished"},
		{"", []record.Action{open, record.Open{Why: record.Rejoined}, send(1, 3)}, "opened, opened, began, 3 readings, finished"},
		{"", []record.Action{record.Open{Why: record.Rejoined}}, "failed(the process of before is gone)"},
		{"target url\n", []record.Action{open, record.Open{Why: record.Revived}}, "opened, failed(no fresh process can be had: the target is a URL)"},
		{"uri /a fails every 1\n", []record.Action{open, send(0, 50), send(0, 50)}, "opened, began, 20 readings, finished, began, finished"},
		{"uri /a fails every 3\n", []record.Action{open, send(0, 50)}, "opened, began, 50 readings, finished"},
		{"uri /a fails from 8\n", []record.Action{open, record.Send{N: 50, Strict: true}}, "opened, began, 8 readings, finished"},
		{"uri /a fails from 8\n", []record.Action{open, record.Name{URI: 0, Requests: 50}}, "opened, traced"},
		{"uri /a kills every 8\n", []record.Action{open, send(0, 50), send(0, 50)}, "opened, began, 7 readings, lost(0 killed=true: the process ended while it was to answer /a), lost(-1 killed=false: there is no process)"},
		{"uri /a kills every 8\n", []record.Action{open, record.Name{URI: 0, Requests: 50}}, "opened, lost(0 killed=true: the process ended while it was to answer /a)"},
		{"fault dies after 12 once\n", []record.Action{open, send(0, 10), send(1, 10), record.Open{Why: record.Revived}, send(1, 30)}, "opened, began, 10 readings, finished, began, 1 readings, lost(1 killed=true: the process ended), opened, began, 30 readings, finished"},
		{"fault dies over 200MiB\nuri /a leak 2MiB\n", []record.Action{open, send(0, 1000)}, "opened, began, 75 readings, lost(0 killed=true: the process ended: it was killed by signal 9, as the kernel does where memory is short)"},
		{"fault replaced after 12\n", []record.Action{open, send(0, 20)}, "opened, began, 11 readings, lost(0 killed=false: the process was replaced by another one)"},
		{"fault counter hangs after 2\n", []record.Action{open, send(0, 20), send(0, 20)}, "opened, began, 20 readings, finished, began, 20 readings, lost(-1 killed=false: measuring ended: the counter gave no answer within 1m0s)"},
		{"fault start fails after 2\n", []record.Action{open, record.Open{Why: record.Isolated, Only: &one}, send(1, 3)}, "opened, failed(the process was not ready within 1m0s), lost(-1 killed=false: there is no process)"},
		{"limits rss 200MiB\nuri /a leak 2MiB\n", []record.Action{open, send(0, 1000), send(1, 3)}, "opened, began, 76 readings, limited(rss), began, limited(rss)"},
		{"limits time 5s\n", []record.Action{open, record.Measure{Wait: 10}, send(0, 10)}, "opened, read, began, limited(time)"},
		{"limits time 5s\n", []record.Action{open, record.Measure{Wait: 10}, record.Name{Requests: 10}}, "opened, read, traced, limited(time)"},
	} {
		w := parsed(t, "seed 2\nruntime ruby agent\nmemory fresh 48MiB\nuri /a\nuri /b\n"+c.world)
		events := do(t, w, c.actions...)
		if got := told(append(slices.Clone(events), record.Ended{})); got != c.want+", ended" {
			t.Errorf("%q:\n got %s\nwant %s", c.world, got, c.want)
		}
		if _, ok := events[0].(record.Opened); ok {
			logged(t, w, events)
		}
	}
}

// An action that is interrupted says so.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := must(t, 1, "counter/ruby")
	if err := w.Do(ctx, record.Open{}, func(record.Event) { t.Error("an event") }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// What was emitted stays as it was, and is emitted once a second at least.
func TestReadings(t *testing.T) {
	w := parsed(t, "runtime go\nlatency 20ms\nuri /a leak 4KiB, answers 1KiB\n")
	events := do(t, w, record.Open{}, record.Send{N: 200, Settle: true})
	log := logged(t, w, events)
	b := log.Segment().Series[0].Others[0]
	chunks := 0
	for _, e := range events {
		if r, ok := e.(record.Readings); ok {
			chunks++
			if n := len(r.Metric); n > 60 || r.Sent != n || r.Answers.Status[200] != n || r.Answers.Bytes != int64(n)<<10 {
				t.Errorf("readings of %d requests: %+v", n, r.Answers)
			}
		}
	}
	if chunks < 4 || b.N() != 200 || b.End.T < 3.5 || b.End.T-b.Start.T > 6 {
		t.Errorf("%d chunks of %d requests, from %.1f to %.1f s", chunks, b.N(), b.Start.T, b.End.T)
	}
	for i := 1; i < b.At.Len(); i++ {
		if d := b.At.At(i) - b.At.At(i-1); d < 170 || d > 230 && d < 550 || b.Latency.At(i) < 17000 {
			t.Errorf("request %d came %d ticks after the one before, and took %d µs", i, d, b.Latency.At(i))
		}
	}
}

// A reading holds until something happens, and edges that are not settled hold the
// metric alone.
func TestEdges(t *testing.T) {
	w := parsed(t, "seed 3\nruntime ruby agent\nuri /a leak 1KiB objects 2\n")
	events := do(t, w, record.Open{},
		record.Send{N: 10, Settle: true}, record.Send{N: 10, Settle: true}, record.Send{N: 10}, record.Send{N: 10, Settle: true})
	var edges []record.Edge
	for _, e := range events {
		switch e := e.(type) {
		case record.Began:
			edges = append(edges, e.Start)
		case record.Finished:
			edges = append(edges, e.End)
		}
	}
	if !reflect.DeepEqual(edges[1], edges[2]) || edges[3].T == edges[6].T {
		t.Errorf("edges %+v", edges)
	}
	if e := edges[4]; e.Counters != nil || e.Anon != 0 || e.Metric != e.RSS {
		t.Errorf("an edge that is not settled: %+v", e)
	}
	if grew := edges[7].Counters[0] - edges[6].Counters[0]; grew < 18 || grew > 60 {
		t.Errorf("10 requests of 2 objects made %v", grew)
	}
}

// The clock steps, backwards too, and never below the beginning.
func TestClock(t *testing.T) {
	w := parsed(t, "runtime ruby agent\nuri /a\nfault clock steps -3600s after 50\n")
	log := logged(t, w, do(t, w, record.Open{}, record.Send{N: 100}))
	at := &log.Segment().Series[0].Others[0].At
	if at.At(40) == 0 || at.At(60) != 0 {
		t.Errorf("before the step %d, after it %d", at.At(40), at.At(60))
	}
}

// Counters that go wrong.
func TestCounterFaults(t *testing.T) {
	for fault, want := range map[string]func(a, b float64) bool{
		"stuck after 1":       func(a, b float64) bool { return a == b },
		"falls by 5% after 1": func(a, b float64) bool { return b < a && b > 0.7*a },
		"lies by 40% after 1": func(a, b float64) bool { return a != b && b > 0.4*a },
	} {
		w := parsed(t, "runtime python agent\nuri /a leak 10KiB\nfault counter "+fault+"\n")
		log := logged(t, w, do(t, w, record.Open{}, record.Send{N: 100, Settle: true}, record.Send{N: 100, Settle: true}))
		b := log.Segment().Series[0].Others
		if a, b := b[0].End.Counters[1], b[1].End.Counters[1]; !want(a, b) {
			t.Errorf("%s: %v, then %v", fault, a, b)
		}
	}
}

// A pass names the parts that leave something, without what a control has too.
func TestName(t *testing.T) {
	w := parsed(t, "runtime ruby agent\nuri /a leak 1KiB objects 3, leak 9KiB native\nuri /b\nshared leak 100B\n")
	control, ok := do(t, w, record.Open{}, record.Name{URI: 1, Requests: 50, Control: true})[1].(record.Traced)
	if !ok || len(control.Sites) != 1 || control.Sites[0].Owner != "library" {
		t.Fatalf("control: %+v", control)
	}
	e, ok := do(t, w, record.Name{URI: 0, Requests: 200, Against: control.Sites, Growth: 2048})[0].(record.Traced)
	if !ok || len(e.Sites) != 1 || e.Sites[0].BytesPerRequest != 1024 || e.Sites[0].ObjectsPerRequest != 3 || e.Explained != 0.5 || e.Cost.Requests != 200 {
		t.Errorf("pass: %+v", e)
	}
	w = parsed(t, "runtime php\nuri /a leak 1KiB\n")
	if e, ok := do(t, w, record.Open{}, record.Name{Requests: 9})[1].(record.Traced); !ok || e.Failed == "" {
		t.Errorf("without a counter: %+v", e)
	}
}
