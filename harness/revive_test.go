package harness

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// mortal is a fake that can be started again, with as much memory as at first.
type mortal struct {
	*fake
	lives   int
	kind    string // of the target; "": what the fake says
	failing error  // of each restart
}

func (m *mortal) Pin(context.Context) (Pinned, error) { return m, nil }

func (m *mortal) Info() target.Info {
	info := m.fake.Info()
	info.Kind = cmp.Or(m.kind, info.Kind)
	return info
}

func (m *mortal) Restart(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		return m.failing
	}
	m.lives++
	m.rss, m.live, m.gone = 64<<20, 0, nil
	return nil
}

// die ends the process in the middle of a request.
func (f *fake) die() {
	f.gone = fault.Measuref("pid 7 has ended")
	panic(http.ErrAbortHandler)
}

func (m *mortal) run(t *testing.T, sc *scenarios.Scenario, o Options) (*Result, error) {
	t.Helper()
	plan, err := NewPlan(sc)
	if err != nil {
		t.Fatal(err)
	}
	return Run(t.Context(), plan, m, o)
}

func mortals(t *testing.T, route func(f *fake, path string, n int) int) *mortal {
	return &mortal{fake: newFake(t, route), kind: "passenger"} // nobody tries URIs by themselves there
}

func restartable(n int, requests scenarios.Count, paths ...string) *scenarios.Scenario {
	sc := scenario(requests, paths...)
	sc.Target.Restarts = n
	sc.Before = []scenarios.Step{{Request: scenarios.Request{Method: "GET", URI: "/login"}}}
	return sc
}

// One death amid the judged requests costs no verdict.
func TestALostProcessIsStartedAgain(t *testing.T) {
	for name, counted := range map[string]bool{"rss": false, "counter": true} {
		t.Run(name, func(t *testing.T) {
			at := map[bool]int{false: 1000, true: 160}[counted]
			m := mortals(t, func(f *fake, path string, n int) int {
				if path == "/leak" && n == at {
					f.die()
				}
				return shop(f, path, n)
			})
			o := m.options()
			if counted {
				o = m.counted()
			}
			r, err := m.run(t, restartable(3, auto, "/", "/leak"), o)
			if err != nil || !r.Complete || m.lives != 1 {
				t.Fatalf("%v; complete %v, %d restarts", err, r.Complete, m.lives)
			}
			if r.Target.Restarts != 1 || len(r.Target.RestartedAt) != 1 || r.Target.RestartedAt[0] <= 0 || r.Target.RestartedAt[0] > r.DurationS {
				t.Errorf("restarts %d at %v", r.Target.Restarts, r.Target.RestartedAt)
			}
			u := byName(t, r, "/leak")
			if u.Verdict != verdict.Leak || u.GrowthLow > 4096 || u.GrowthHigh < 4096 {
				t.Errorf("/leak is %s, %.0f–%.0f: %s", u.Verdict, u.GrowthLow, u.GrowthHigh, u.Why)
			}
			fresh := slices.DeleteFunc(slices.Clone(u.Series), func(p Point) bool { return !p.Fresh })
			if len(fresh) != 1 || fresh[0].T < r.Target.RestartedAt[0] {
				t.Errorf("readings that are a process' first: %+v", fresh)
			}
			if u := byName(t, r, "/"); u.Verdict != verdict.Stable {
				t.Errorf("/ is %s: %s", u.Verdict, u.Why)
			}
			if m.seen["/login"] != 2 {
				t.Errorf("before: ran %d times for two processes", m.seen["/login"])
			}
			i := slices.IndexFunc(r.Warnings, func(w Warning) bool { return w.Code == "restarted" })
			if i < 0 || !strings.Contains(r.Warnings[i].Message, "the last one to /leak: pid 7 has ended") ||
				!strings.Contains(r.Warnings[i].Message, "restart 1 of 3") {
				t.Errorf("%+v", r.Warnings)
			}
		})
	}
}

// Each process has a headroom of its own: who grows into that of two, one after
// the other, has outgrown neither.
func TestGrowthOfTwoProcessesConvictsNobody(t *testing.T) {
	var life, n int
	var grown float64
	m := &mortal{}
	m.fake = newFake(t, func(f *fake, path string, _ int) int {
		if m.lives > life {
			life, n, grown = m.lives, 0, 0
		}
		if path != "/" {
			return 200
		}
		if n++; n > burnInAlone && grown < 56<<20 {
			grown += 12 << 10
			f.rss += 12 << 10
		}
		if life == 0 && n == burnInAlone+4000 {
			f.die()
		}
		return 200
	})
	r, err := m.run(t, restartable(1, auto, "/"), m.options())
	if err != nil || m.lives != 1 {
		t.Fatalf("%v after %d restarts", err, m.lives)
	}
	if u := r.URIs[0]; u.Verdict == verdict.Leak || u.GrowthLow > 0 || u.Requests < 4000+confirmLeast {
		t.Errorf("%s of %.0f B at least after %d requests: %s", u.Verdict, u.GrowthLow, u.Requests, u.Why)
	}
}

func TestAFixedNumberStaysExactAcrossARestart(t *testing.T) {
	m := mortals(t, func(f *fake, path string, n int) int {
		if path == "/leak" && n == 60 {
			f.die()
		}
		return shop(f, path, n)
	})
	sc := restartable(1, scenarios.Count{N: 103}, "/", "/leak")
	sc.Warmup = scenarios.Count{N: 7}
	r, err := m.run(t, sc, m.counted())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range r.URIs {
		if u.Requests != 103 {
			t.Errorf("%s: %d judged requests", u.Name, u.Requests)
		}
	}
	if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak || u.GrowthLow > 4096 || u.GrowthHigh < 4096 {
		t.Errorf("/leak is %s, %.0f–%.0f: %s", u.Verdict, u.GrowthLow, u.GrowthHigh, u.Why)
	}
}

// A URI that kills each process is an error of its own; the others are judged.
func TestAKillerIsAnError(t *testing.T) {
	m := mortals(t, func(f *fake, path string, n int) int {
		if path == "/crash" {
			f.die()
		}
		return shop(f, path, n)
	})
	r, err := m.run(t, restartable(3, auto, "/", "/crash", "/leak"), m.options())
	if err != nil || !r.Complete || r.Target.Restarts != 2 {
		t.Fatalf("%v; complete %v, %d restarts", err, r.Complete, r.Target.Restarts)
	}
	if u := byName(t, r, "/crash"); u.Verdict != verdict.Failed || !strings.Contains(u.Why, "killed the process 2 times") {
		t.Errorf("/crash is %s: %s", u.Verdict, u.Why)
	}
	if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak {
		t.Errorf("/leak is %s: %s", u.Verdict, u.Why)
	}
}

// A process that is lost again and again ends the run, whoever it was sent.
func TestACrashLoopEndsTheRun(t *testing.T) {
	for _, allowed := range []int{0, 4} {
		m := mortals(t, func(f *fake, path string, n int) int {
			if n%90 == 0 {
				f.die()
			}
			return shop(f, path, n)
		})
		r, err := m.run(t, restartable(allowed, auto, "/", "/leak"), m.options())
		if fault.KindOf(err) != fault.Measure || r.Complete || m.lives != allowed || r.Target.Restarts != allowed {
			t.Errorf("%d restarts allowed: %v; complete %v, %d restarts", allowed, err, r.Complete, m.lives)
		}
		if !strings.Contains(r.Incomplete, "pid 7 has ended") || !strings.Contains(r.Incomplete, "the last one to /") {
			t.Errorf("%q", r.Incomplete)
		}
	}
}

// What is found wrong by a reading, a counter or in the pass that names lines
// is the end of the process all the same.
func TestAProcessThatEndsBetweenRequestsIsLost(t *testing.T) {
	for _, counted := range []bool{false, true} {
		m := mortals(t, func(f *fake, path string, n int) int {
			if path == "/leak" && n == 150 {
				f.gone = fault.Measuref("pid 7 has ended")
			}
			return shop(f, path, n)
		})
		o := m.options()
		if counted {
			o = m.counted()
		}
		r, err := m.run(t, restartable(0, auto, "/", "/leak"), o)
		if fault.KindOf(err) != fault.Measure || !strings.Contains(r.Incomplete, "has ended") {
			t.Errorf("%v: %q", err, r.Incomplete)
		}
	}
}

// The kernel takes a process's memory before it takes the process: the reading
// fails while the process is still seen.
func TestADyingProcessIsWaitedFor(t *testing.T) {
	m := mortals(t, shop)
	o := m.options()
	o.OpenMeter = func(proc.ID) (Meter, error) { return &dyingMeter{fake: m.fake}, nil }
	r, err := m.run(t, restartable(0, auto, "/"), o)
	if fault.KindOf(err) != fault.Measure || !strings.Contains(r.Incomplete, "pid 7 has ended") {
		t.Errorf("%v: %q", err, r.Incomplete)
	}
}

// dyingMeter has no memory to read from the 100th reading on; the process is
// gone a moment later.
type dyingMeter struct {
	*fake
	readings int
}

func (d *dyingMeter) RSS() (int64, error) {
	d.readings++
	if d.readings < 100 {
		return d.fake.RSS()
	}
	if d.readings == 100 {
		time.AfterFunc(20*time.Millisecond, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.gone = fault.Measuref("pid 7 has ended")
		})
	}
	return 0, proc.ErrGone
}
