//go:build live

package runtimes

import (
	"strings"
	"testing"
	"time"
)

var agented = map[string]func(testing.TB, bool) *app{
	"ruby": func(t testing.TB, agent bool) *app { return puma(t, agent) }, "python": gunicorn, "node": node,
}

// The runtime itself says that tracing is on during the pass alone: it ends
// with the pass, and with the connection where that ends first.
func TestLiveTracingEnds(t *testing.T) {
	for name, start := range agented {
		t.Run(name, func(t *testing.T) {
			a := start(t, true)
			state := func() string {
				body, err := a.fetch(t.Context(), "/tracing")
				if err != nil {
					t.Fatal(err)
				}
				return string(body)
			}
			is := func(want, when string) {
				t.Helper()
				if got := state(); got != want {
					t.Errorf("%s: tracing is %s", when, got)
				}
			}
			agent := a.agent(t)
			is("off", "before the pass")
			for range 2 {
				if err := agent.StartTrace(t.Context()); err != nil {
					t.Fatal(err)
				}
				is("on", "in the pass")
				if _, err := agent.StopTrace(t.Context()); err != nil {
					t.Fatal(err)
				}
				is("off", "after the pass")
			}
			if err := agent.StartTrace(t.Context()); err != nil {
				t.Fatal(err)
			}
			is("on", "in the pass")
			if err := agent.Close(); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(20 * time.Second); state() == "on" && time.Now().Before(end); {
				time.Sleep(20 * time.Millisecond)
			}
			is("off", "after the connection ended")
		})
	}
}

// Evaluated code has no file; its site says so, and who evaluates it is named.
func TestLiveEvaluatedCode(t *testing.T) {
	for name, start := range agented {
		t.Run(name, func(t *testing.T) {
			a := start(t, true)
			agent := a.agent(t)
			a.send(t, "/evaluated", 50)
			if err := agent.StartTrace(t.Context()); err != nil {
				t.Fatal(err)
			}
			a.send(t, "/evaluated", 100)
			sites, err := agent.StopTrace(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ranked, _ := Rank(sites, nil, 100, 1000)
			if len(ranked) == 0 {
				t.Fatal("no site")
			}
			if on, err := agent.StartCallers(t.Context(), ranked); err != nil {
				t.Fatal(err)
			} else if on {
				a.send(t, "/evaluated", 20)
				if ranked, err = agent.StopCallers(t.Context(), ranked); err != nil {
					t.Fatal(err)
				}
			}
			s := ranked[0]
			t.Logf("%+v", s)
			if file := "/" + name + "/app."; !Evaluated(s.File) || !strings.Contains(s.Caller, file) {
				t.Errorf("%s is called from %q, want %s", s.File, s.Caller, file)
			}
		})
	}
}

// BenchmarkLiveAfterPass compares requests per second after a pass that names
// lines with those before it. A twin, which is settled and sent the same but never
// traced, takes turns of 100 requests with it, before and after: what the machine
// and further requests change, it has too, and that one process is faster than
// another does not count. 1 is as fast as before.
func BenchmarkLiveAfterPass(b *testing.B) {
	for name, start := range agented {
		b.Run(name, func(b *testing.B) {
			twin, traced := start(b, true), start(b, true)
			settled, agent := twin.agent(b), traced.agent(b)
			const warm, before = 20, 200
			turns(b, twin, traced, warm)
			ratios := turns(b, twin, traced, before)
			if err := agent.StartTrace(b.Context()); err != nil {
				b.Fatal(err)
			}
			traced.send(b, "/leak", 280)
			if _, err := agent.StopTrace(b.Context()); err != nil {
				b.Fatal(err)
			}
			twin.send(b, "/leak", 280)
			for range 2 { // as often as a pass does: collecting is no part of tracing
				if _, err := settled.Read(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			turns(b, twin, traced, warm)
			var after []float64
			for b.Loop() {
				after = append(after, turns(b, twin, traced, 2)...)
			}
			b.ReportMetric(median(after)/median(ratios), "after/before")
		})
	}
}

// turns are n ratios of the speed of b to that of a, each of 100 requests to
// either; each goes first in every other turn.
func turns(t testing.TB, a, b *app, n int) (ratios []float64) {
	turn := func(a *app) float64 {
		began := time.Now()
		a.send(t, "/", 100)
		return time.Since(began).Seconds()
	}
	for i := range n {
		var of [2]float64
		for k := range of {
			which := (i + k) % 2
			of[which] = turn([]*app{a, b}[which])
		}
		ratios = append(ratios, of[0]/of[1])
	}
	return ratios
}
