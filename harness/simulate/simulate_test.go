package simulate

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"leakhunt/harness/record"
)

// text is events as JSON, so that two lists can be compared.
func text(t *testing.T, events []record.Event) string {
	t.Helper()
	b, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The same seed gives the same world, and the same actions the same events, also
// when the world was written as text and read again; another seed gives others.
func TestDeterministic(t *testing.T) {
	for _, name := range Worlds() {
		for seed := range uint64(2) {
			a, b, c := must(t, seed, name), must(t, seed, name), must(t, seed+100, name)
			actions := some(a, seed)
			one := text(t, do(t, a, actions...))
			if two := text(t, do(t, b, actions...)); one != two {
				t.Fatalf("%s of seed %d: not a function of its seed and the actions", name, seed)
			}
			again := parsed(t, must(t, seed, name).String())
			if two := text(t, do(t, again, actions...)); one != two {
				t.Fatalf("%s of seed %d: another world when read from its own text", name, seed)
			}
			if one == text(t, do(t, c, some(c, seed)...)) {
				t.Fatalf("%s: the seed changes nothing", name)
			}
		}
	}
}

// Every event is one that a log takes, times and readings are within reason, and
// what counters read is what is alive.
func TestEvents(t *testing.T) {
	for _, name := range Worlds() {
		for seed := range uint64(10) {
			w := must(t, seed, name)
			events := do(t, w, some(w, seed)...)
			logged(t, w, events)
			if _, ok := events[0].(record.Opened); !ok {
				t.Fatalf("%s of seed %d begins with %T", name, seed, events[0])
			}
			for _, e := range events {
				switch e := e.(type) {
				case record.Readings:
					for _, m := range e.Metric {
						if m <= 0 || m > 1<<36 || m%page != 0 {
							t.Fatalf("%s of seed %d: a metric of %d", name, seed, m)
						}
					}
				case record.Finished:
					checkEdge(t, w, e.End)
				}
			}
		}
	}
}

func checkEdge(t *testing.T, w *World, e record.Edge) {
	t.Helper()
	if e.Metric <= 0 || e.T < 0 || e.Anon > e.RSS {
		t.Fatalf("%s: an edge of %+v", w.Name(), e)
	}
	if n := len(w.spec.columns()); e.Anon > 0 && len(e.Counters) != n {
		t.Fatalf("%s: %d counters of %d", w.Name(), len(e.Counters), n)
	}
	for _, v := range e.Counters {
		if v < 0 || math.IsNaN(v) || v != math.Trunc(v) {
			t.Fatalf("%s: a counter of %v", w.Name(), v)
		}
	}
}

// What the process has alive is what its parts say, whatever has happened.
func TestBooksBalance(t *testing.T) {
	for _, name := range Worlds() {
		for seed := range uint64(10) {
			w := must(t, seed, name)
			actions := some(w, seed)
			do(t, w, actions[:len(actions)-int(seed%5)]...)
			if w.p == nil {
				continue // it was lost
			}
			live, native := held(w.p)
			if live != w.p.live || native != w.p.native {
				t.Fatalf("%s of seed %d: %+v and %d B native are said to be alive, the parts have %+v and %d\n%s",
					name, seed, w.p.live, w.p.native, live, native, w)
			}
		}
	}
}

// held is what the parts of a process have alive.
func held(p *process) (live amount, native int64) {
	live = p.base
	live.add(1, p.stray.bytes, p.stray.objects)
	parts := [][]state{p.shared, p.timed}
	for i := range p.routes {
		parts = append(parts, p.routes[i].parts)
	}
	for _, list := range parts {
		for i := range list {
			s := &list[i]
			a := amount{s.n * s.size, s.n * s.objects}
			switch {
			case s.verb == warmup || s.verb == creep || s.verb == wave:
				a = amount{s.level, s.level / 100}
			case s.doubling:
				a = amount{s.room * s.size, s.room * s.objects}
			case s.mapped:
				a.bytes = handle * a.objects
			case s.spread > 0 || s.verb == ring:
				a.bytes = s.held
			}
			switch {
			case s.verb == garbage:
			case s.native:
				native += a.bytes
			default:
				live.add(1, a.bytes, a.objects)
			}
		}
	}
	return live, native
}

// A header is one of a real run.
func TestHeader(t *testing.T) {
	w := parsed(t, "seed 3\nruntime ruby agent\nuri /a cache 10 x 1KiB keyed\nuri /b requests 50\nlimits time 60s\n")
	h := w.Header()
	want := []record.Item{
		{Name: "/a", Method: "GET", URI: "/a/{{n}}", Requests: record.Count{Auto: true}, Line: 10},
		{Name: "/b", Method: "GET", URI: "/b", Requests: record.Count{N: 50}, Line: 11},
	}
	if !reflect.DeepEqual(h.Items, want) || h.Plan.Limits.Time != 60 || h.Plan.Stay != 65 || !h.Plan.Warmup.Auto {
		t.Errorf("header: %+v", h)
	}
}
