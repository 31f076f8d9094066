package record

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand"
	"reflect"
	"testing"
	"testing/quick"
)

// page is the page size of the journals of these tests.
const page = 4096

// types are those of all events that a journal knows.
var types = []Event{
	Opened{}, Began{}, Readings{}, Finished{}, Read{}, Traced{}, Noted{}, Lost{}, Failed{}, Limited{}, Ended{}, Assigned{},
}

// anyEvent is an event with random values in all its fields.
func anyEvent(t testing.TB, rng *rand.Rand, of Event) Event {
	t.Helper()
	v, ok := quick.Value(reflect.TypeOf(of), rng)
	if !ok {
		t.Fatalf("no values for %T", of)
	}
	if r, ok := v.Interface().(Readings); ok {
		return anyReadings(rng, r)
	}
	return v.Interface().(Event)
}

// anyReadings gives each list of r as many values: of any size, or as they are in
// a run.
func anyReadings(rng *rand.Rand, r Readings) Readings {
	n := rng.Intn(40)
	r.Metric, r.At, r.Latency = make([]int64, n), make([]uint32, n), make([]uint32, n)
	kind := rng.Intn(4)
	for i := range n {
		switch kind {
		case 0:
			r.Metric[i], r.At[i], r.Latency[i] = int64(rng.Uint64()), rng.Uint32(), rng.Uint32()
		case 1: // extremes, one after the other
			r.Metric[i] = []int64{math.MinInt64, math.MaxInt64, 0, -1, 1}[rng.Intn(5)]
			r.At[i], r.Latency[i] = uint32(math.MaxUint32*rng.Intn(2)), uint32(math.MaxUint32*rng.Intn(2))
		case 2: // whole pages
			r.Metric[i], r.At[i], r.Latency[i] = int64(rng.Int31())*page, uint32(10*i), uint32(rng.Intn(5000))
		case 3: // all pages but one
			r.Metric[i] = int64(rng.Int31()) * page
			if i == n/2 {
				r.Metric[i]++
			}
		}
	}
	return r
}

func anyHeader(t testing.TB, rng *rand.Rand) Header {
	t.Helper()
	v, ok := quick.Value(reflect.TypeFor[Header](), rng)
	if !ok {
		t.Fatal("no values for Header")
	}
	h := v.Interface().(Header)
	h.Version, h.Environment.PageBytes = versionOf(h), page
	return h
}

// plain is a copy of v with nil for each empty slice and map: a journal does not
// tell them apart.
func plain[T any](v T) T {
	c := reflect.New(reflect.TypeOf(v)).Elem() // T may be an interface
	copyPlain(c, reflect.ValueOf(v))
	return c.Interface().(T)
}

func copyPlain(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Slice:
		if n := from.Len(); n > 0 {
			to.Set(reflect.MakeSlice(from.Type(), n, n))
			for i := range n {
				copyPlain(to.Index(i), from.Index(i))
			}
		}
	case reflect.Struct:
		for i := range from.NumField() {
			copyPlain(to.Field(i), from.Field(i))
		}
	case reflect.Map:
		if from.Len() > 0 {
			to.Set(from)
		}
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			copyPlain(to.Elem(), from.Elem())
		}
	default:
		to.Set(from)
	}
}

// written is the journal of these events.
func written(t testing.TB, h Header, events ...Event) []byte {
	t.Helper()
	e := NewEncoder(h.Environment.PageBytes)
	out, err := e.Header(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		if out, err = e.Append(out, ev); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// read reads all of a journal. With an error comes what was read before it.
func read(raw []byte) (h Header, events []Event, tail Tail, err error) {
	r, err := NewReader(bytes.NewReader(raw))
	if err != nil {
		return Header{}, nil, Tail{}, err
	}
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Header, events, r.Tail(), nil
		}
		if err != nil {
			if _, again := r.Next(); !errors.Is(again, err) {
				return r.Header, events, r.Tail(), errors.New("an error was followed by another")
			}
			return r.Header, events, r.Tail(), err
		}
		events = append(events, ev)
	}
}

// small is a journal with an event of each type.
func small() (Header, []Event) {
	zero := 0
	touched := int64(8 << 20)
	edge := Edge{T: 1.25, RSS: 40 << 20, Anon: 30 << 20, Metric: 40 << 20, Counters: []float64{120_000, 9.5e6}}
	h := Header{
		Version: Version, Tool: "1.0", StartedAt: "2026-11-28T16:45:10Z", Seed: 7, Command: []string{"leakhunt", "run", "shop.yaml"},
		Scenario: Scenario{Name: "shop", Path: "shop.yaml", SHA256: "ab12"}, Environment: Environment{OS: "linux", CPUs: 2, PageBytes: page},
		Plan: Plan{Target: "command", Metric: "rss", Rounds: 5, Warmup: Count{Auto: true}}, Items: []Item{{Name: "home", Method: "GET", URI: "/?a=1&b=<2>"}},
	}
	return h, []Event{
		Noted{Code: "huge-pages", Message: "transparent huge pages are on"},
		Opened{
			T: 1, Process: Process{Kind: "command", PID: 4242, Start: 99}, Fresh: edge, Only: &zero, Facts: Facts{Tight: []string{"A=1"}},
			Columns: []Column{{Name: "live objects", Unit: "objects", Exact: true}, {Name: "live bytes", Unit: "bytes"}},
		},
		Began{T: 1.5, URI: 0, Purpose: Sweep, Round: 1, N: 3, Start: edge, Touched: &touched},
		Readings{
			Metric: []int64{41 << 20, 41 << 20, 40 << 20}, At: []uint32{15_000, 15_020, 15_041}, Latency: []uint32{2100, 0, 1950}, Sent: 4,
			Answers: Answers{Status: map[int]int{200: 1, 302: 1}, Bytes: 900}, Failure: "status 500", Touched: []Touch{{After: 3, Bytes: 9 << 20}},
		},
		Finished{End: edge},
		Read{Waited: 6, Edge: edge},
		Traced{T: 9, Sites: []Site{{File: "app/feed.rb", Line: 31, ObjectsPerRequest: 1, BytesPerRequest: 4137}}, Explained: 0.97, Cost: Cost{Seconds: 1, Requests: 64}},
		Unknown{Kind: "lane", Data: []byte(`{"e":"lane","n":2, "of":[ 1.50 ]}`)},
		Lost{T: 10, URI: 0, Killed: true, Reason: "the process ended"},
		Limited{T: 11, Limit: "time", Reason: "15m0s are over"},
		Failed{T: 12, Reason: "it does not start"},
		Ended{T: 13, By: "fault", Reason: "it does not start"},
	}
}
