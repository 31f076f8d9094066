package session_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/harness/session"
	"leakhunt/harness/session/sessiontest"
)

func keeps(bytes float64) sessiontest.Route {
	return func(p *sessiontest.Process, _ string, _ int) int {
		p.Keep(bytes)
		return 200
	}
}

// do carries one action out, and returns its events.
func do(t *testing.T, s *session.Session, a record.Action) (events []record.Event) {
	t.Helper()
	if err := s.Do(t.Context(), a, func(e record.Event) { events = append(events, e) }); err != nil {
		t.Fatal(err)
	}
	return events
}

func opened(t *testing.T, cfg session.Config) *session.Session {
	t.Helper()
	s := session.New(cfg)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	events := do(t, s, record.Open{})
	if _, ok := events[len(events)-1].(record.Opened); !ok {
		t.Fatalf("not opened: %+v", events)
	}
	return s
}

// joined are all readings among the events.
func joined(events []record.Event) (all record.Readings) {
	for _, e := range events {
		if r, ok := e.(record.Readings); ok {
			all.Metric, all.At, all.Latency = append(all.Metric, r.Metric...), append(all.At, r.At...), append(all.Latency, r.Latency...)
			all.Touched = append(all.Touched, r.Touched...)
		}
	}
	return all
}

// An interrupt ends whatever is being done, and is the only error of Do.
func TestInterrupt(t *testing.T) {
	hang := func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return fault.Measuref("the agent does not answer").Because(ctx.Err())
	}
	for _, tt := range []struct {
		name   string
		action record.Action
		wrong  func(*sessiontest.Process)
	}{
		{"a wait", record.Measure{Wait: 6}, nil},
		{"a counter", record.Measure{}, func(p *sessiontest.Process) { p.BeforeRead = hang }},
		{"an answer", record.Send{N: 3}, func(p *sessiontest.Process) { p.Delay["/"] = time.Second }},
		{"a process that seems to die", record.Send{N: 3}, func(p *sessiontest.Process) { p.MeterFails = proc.ErrGone }},
		{"the counter of a fresh process", record.Open{Why: record.Revived}, func(p *sessiontest.Process) { p.BeforeRead = hang }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := sessiontest.InMemory(t, keeps(4096))
				p.Restartable = true
				cfg := p.Config(t, "/")
				cfg.OpenCounter = func(ctx context.Context, pinned session.Pinned, c *load.Client) (session.Counter, error) {
					counter, _ := p.OpenCounter(ctx, pinned, c)
					_, err := counter.Read(ctx)
					return counter, err
				}
				s := opened(t, cfg)
				if tt.wrong != nil {
					p.Locked(func() { tt.wrong(p) })
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(12*time.Millisecond, cancel)
				var events []record.Event
				began := time.Now()
				err := s.Do(ctx, tt.action, func(e record.Event) { events = append(events, e) })
				if !errors.Is(err, context.Canceled) || time.Since(began) != 12*time.Millisecond {
					t.Errorf("%v after %s", err, time.Since(began))
				}
				for _, e := range events {
					switch e.(type) {
					case record.Noted, record.Began, record.Readings:
					default:
						t.Errorf("%+v", e)
					}
				}
				events = nil
				if err = s.Do(ctx, record.Send{N: 1}, func(e record.Event) { events = append(events, e) }); !errors.Is(err, context.Canceled) || len(events) > 0 {
					t.Errorf("after its end: %v, %+v", err, events)
				}
			})
		})
	}
}

// Whoever is told of readings may keep them.
func TestReadingsAreNotWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sessiontest.InMemory(t, keeps(4096))
		p.Delay["/"] = time.Millisecond
		s := opened(t, p.Config(t, "/"))
		events := do(t, s, record.Send{N: 1000})
		all := joined(events)
		if len(all.Metric) != 1000 || len(events) != 6 {
			t.Fatalf("%d readings in %d events", len(all.Metric), len(events))
		}
		for i := range all.Metric {
			if all.Metric[i] != sessiontest.Fresh+4096*int64(i+1) || all.At[i] != uint32(10*(i+1)) {
				t.Fatalf("after request %d: %d at %d", i+1, all.Metric[i], all.At[i])
			}
		}
	})
}

// Events hold errors as texts; the last one is kept as it is.
func TestErr(t *testing.T) {
	p := sessiontest.New(t, keeps(0))
	s := session.New(p.Config(t, "/"))
	if s.Err() != nil {
		t.Error(s.Err())
	}
	p.PinFails = fault.Usagef("target.command is empty")
	do(t, s, record.Open{})
	if err := s.Err(); !errors.Is(err, p.PinFails) || fault.KindOf(err) != fault.Usage {
		t.Errorf("%v", err)
	}
	p.PinFails = nil
	do(t, s, record.Open{})
	p.Gone = proc.ErrReplaced
	do(t, s, record.Measure{})
	if err := s.Err(); !errors.Is(err, proc.ErrReplaced) || fault.KindOf(err) != fault.Measure {
		t.Errorf("%v", err)
	}
}

// A counter that never answers is no interrupt of the user's.
func TestErrOfACounterThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sessiontest.InMemory(t, keeps(0))
		cfg := p.Config(t, "/")
		cfg.OpenCounter = p.OpenCounter
		s := opened(t, cfg)
		p.BeforeRead = func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}
		began := time.Now()
		do(t, s, record.Measure{})
		if err := s.Err(); errors.Is(err, context.DeadlineExceeded) || fault.KindOf(err) != fault.Measure || fault.HintOf(err) == "" {
			t.Errorf("%v (%s)", err, fault.HintOf(err))
		}
		if took := time.Since(began); took < time.Minute || took > time.Minute+time.Second {
			t.Errorf("it was waited for for %s", took)
		}
	})
}

// Another pid than that of the run is not taken for it.
func TestRejoinsNoOther(t *testing.T) {
	p := sessiontest.New(t, keeps(0))
	cfg := p.Config(t, "/")
	cfg.Rejoin = proc.ID{PID: 1, Start: sessiontest.ID(0).Start}
	s := session.New(cfg)
	events := do(t, s, record.Open{Why: record.Rejoined})
	f, ok := events[len(events)-1].(record.Failed)
	if !ok || !strings.Contains(f.Reason, "the process of the run, pid 1, is no longer there") || f.Hint == "" || p.Closed != 1 {
		t.Errorf("%+v, closed %d times", events, p.Closed)
	}
	// ... but the run can go on with it as a fresh one, within the limits of now.
	cfg.Scenario.Limits.Time = time.Hour
	events = do(t, s, record.Open{Why: record.Resumed})
	if o, ok := events[len(events)-1].(record.Opened); !ok || o.Why != record.Resumed || o.Limits == nil || o.Limits.Time != 3600 {
		t.Errorf("%+v", events)
	}
}

// BenchmarkRequest is what a session costs beside the request itself: compare it with
// the benchmarks of harness/load.
func BenchmarkRequest(b *testing.B) {
	p := sessiontest.New(b, keeps(0))
	cfg := p.Config(b, "/")
	id, err := proc.Find(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	cfg.OpenMeter = func(proc.ID) (session.Meter, error) { return memory.Open(id) }
	s := session.New(cfg)
	defer s.Close()
	ignore := func(record.Event) {}
	if err := s.Do(b.Context(), record.Open{}, ignore); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := s.Do(b.Context(), record.Send{N: b.N}, ignore); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPlainRequest is the same request without a session.
func BenchmarkPlainRequest(b *testing.B) {
	p := sessiontest.New(b, keeps(0))
	cfg := p.Config(b, "/")
	pinned, err := p.Pin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	c := load.New(pinned.Endpoint(), true)
	defer c.Close()
	b.ReportAllocs()
	for n := range b.N {
		if res := c.Do(b.Context(), cfg.Items[0].Template, load.Values{N: n + 1}); !res.OK() {
			b.Fatal(res)
		}
	}
}
