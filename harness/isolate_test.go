package harness

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/load"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// hoarding is a process as it comes whose allocator keeps what garbage made it
// take: while that is free, a leak fills it and RSS stands still.
type hoarding struct {
	*mortal
	life int
	free float64
}

func hoard(t *testing.T, route func(h *hoarding, path string) int) *hoarding {
	h := &hoarding{mortal: &mortal{}}
	h.fake = newFake(t, func(_ *fake, path string, _ int) int {
		if h.lives > h.life {
			h.life, h.free = h.lives, 0
		}
		return route(h, path)
	})
	return h
}

// keep keeps so many bytes for ever, from what is free first.
func (h *hoarding) keep(bytes float64) {
	used := min(h.free, bytes)
	h.free -= used
	h.rss += bytes - used
}

// mall has a neighbour whose garbage leaves 200 MiB free, a leak of 4 KiB a
// request, and a page that does nothing.
func mall(h *hoarding, path string) int {
	switch path {
	case "/garbage":
		if h.free < 200<<20 {
			h.free += 1 << 20
			h.rss += 1 << 20
		}
	case "/leak":
		h.keep(4096)
	}
	return http.StatusOK
}

func (h *hoarding) hunt(t *testing.T, sc *scenarios.Scenario) *Result {
	t.Helper()
	r, err := h.run(t, sc, h.options())
	if err != nil || !r.Complete {
		t.Fatalf("complete %v: %v", r.Complete, err)
	}
	return r
}

var malls = []string{"/", "/garbage", "/leak"}

// What hides in what a neighbour left free shows on a process of its own, and
// all that was measured is kept.
func TestWhatCannotBeToldAmongOthersIsTriedByItself(t *testing.T) {
	h := hoard(t, mall)
	r := h.hunt(t, scenario(auto, malls...))
	u := byName(t, r, "/leak")
	if u.Verdict != verdict.Leak || u.GrowthLow > 4096 || u.GrowthHigh < 4096 || !strings.Contains(u.Why, "by itself on a fresh process") {
		t.Errorf("/leak is %s, %.0f–%.0f: %s", u.Verdict, u.GrowthLow, u.GrowthHigh, u.Why)
	}
	if u := byName(t, r, "/"); u.Verdict != verdict.Stable || u.Detectable > maxFloorLook {
		t.Errorf("/ is %s above %.0f: %s", u.Verdict, u.Detectable, u.Why)
	}
	if r.Target.Restarts != h.lives || len(r.Target.RestartedAt) != h.lives || h.lives == 0 || h.lives > len(malls) {
		t.Errorf("%d processes, %d restarts said at %v", h.lives, r.Target.Restarts, r.Target.RestartedAt)
	}
	fresh := slices.IndexFunc(u.Series, func(p Point) bool { return p.Fresh })
	if fresh <= 0 {
		t.Fatalf("no reading is the first of the process of its own")
	}
	if !slices.IsSortedFunc(u.Series, func(a, b Point) int { return a.Requests - b.Requests }) ||
		u.Series[fresh-1].Alone || !u.Series[fresh].Alone || u.Series[len(u.Series)-1].Requests != u.Requests {
		t.Errorf("the series does not go on: %+v, then %+v; %d requests", u.Series[fresh-1], u.Series[fresh], u.Requests)
	}
	if i := slices.IndexFunc(r.Warnings, func(w Warning) bool { return w.Code == "restarted" || w.Code == "not-isolated" }); i >= 0 {
		t.Errorf("warned: %s", r.Warnings[i].Message)
	}
}

// By itself it is warmed up as long as a scenario of one URI is, and {{n}} goes on:
// what is stored elsewhere may know the old ones.
func TestByItselfItBeginsAsOneURIDoes(t *testing.T) {
	before, sent := map[string]bool{}, map[int]int{}
	h := hoard(t, func(h *hoarding, path string) int {
		if before[path] {
			t.Errorf("%s was asked for twice", path)
		}
		if strings.HasPrefix(path, "/leak/") {
			before[path] = true
			sent[h.lives]++
			h.keep(4096)
			return http.StatusOK
		}
		return mall(h, path)
	})
	sc := scenario(auto, "/garbage", "/leak/{{n}}")
	u := byName(t, h.hunt(t, sc), "/leak/{{n}}")
	fresh := slices.IndexFunc(u.Series, func(p Point) bool { return p.Fresh })
	if fresh < 0 || len(sent) != 2 {
		t.Fatalf("it was sent to %d processes, and not tried by itself: %s", len(sent), u.Why)
	}
	delete(sent, 0)
	for _, all := range sent {
		if judged := u.Requests - u.Series[fresh].Requests; all < judged+burnInAlone {
			t.Errorf("%d requests to it by itself, %d of them judged", all, judged)
		}
	}
}

// Whoever is not ours, keeps little back, or is to get a fixed number of requests
// is not started again.
func TestNobodyElsesProcessIsStartedAgain(t *testing.T) {
	fixed := scenario(scenarios.Count{N: 500}, malls...)
	for name, sc := range map[string]*scenarios.Scenario{"fixed": fixed, "theirs": scenario(auto, malls...), "one": scenario(auto, "/leak")} {
		t.Run(name, func(t *testing.T) {
			h := hoard(t, mall)
			if name == "theirs" {
				h.kind = "passenger"
			}
			if h.hunt(t, sc); h.lives != 0 {
				t.Errorf("started again %d times", h.lives)
			}
		})
	}
}

// A page that only answers as it should where a neighbour went before is not
// cleared by what it answers without.
func TestAnotherAnswerTellsNothing(t *testing.T) {
	for name, without := range map[string]int{"status": http.StatusFound, "error": http.StatusForbidden, "crash": 0} {
		t.Run(name, func(t *testing.T) {
			var in int
			h := hoard(t, func(h *hoarding, path string) int {
				switch {
				case path == "/garbage":
					in = h.lives
				case path == "/leak" && in != h.lives && h.lives > 0:
					if without == 0 {
						h.die()
					}
					return without
				}
				return mall(h, path)
			})
			r := h.hunt(t, scenario(auto, malls...))
			u := byName(t, r, "/leak")
			if h.lives == 0 || u.Verdict != verdict.Inconclusive || u.Errors > 0 {
				t.Errorf("/leak is %s after %d restarts, with %d errors: %s", u.Verdict, h.lives, u.Errors, u.Why)
			}
			if warned := slices.ContainsFunc(r.Warnings, func(w Warning) bool {
				return w.Code == "not-isolated" && strings.HasPrefix(w.Message, "/leak")
			}); warned != (name == "crash") {
				t.Errorf("warnings: %+v", r.Warnings)
			}
		})
	}
}

// A process that does not come up again costs nothing that was found.
func TestAFailedRestartKeepsWhatWasFound(t *testing.T) {
	h := hoard(t, mall)
	h.failing = errors.New("address already in use")
	r := h.hunt(t, scenario(auto, malls...))
	if len(r.URIs) != len(malls) || byName(t, r, "/leak").Requests == 0 || byName(t, r, "/leak").Verdict != verdict.Inconclusive {
		t.Errorf("%+v", r.URIs)
	}
	if !slices.ContainsFunc(r.Warnings, func(w Warning) bool {
		return w.Code == "not-isolated" && strings.Contains(w.Message, "address already in use")
	}) {
		t.Errorf("warnings: %+v", r.Warnings)
	}
}

// An interrupt in the trials keeps every URI.
func TestInterruptedByItself(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h := hoard(t, func(h *hoarding, path string) int {
		if h.lives == 1 {
			cancel()
		}
		return mall(h, path)
	})
	plan, err := NewPlan(scenario(auto, malls...))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(ctx, plan, h, h.options())
	if !errors.Is(err, context.Canceled) || r.Complete || len(r.URIs) != len(malls) {
		t.Fatalf("%v; complete %v, %d URIs", err, r.Complete, len(r.URIs))
	}
	for _, u := range r.URIs {
		if u.Requests == 0 || len(u.Series) == 0 {
			t.Errorf("%s lost its readings", u.Name)
		}
	}
}

func TestAnswers(t *testing.T) {
	of := func(status int, bytes ...int64) (a answers) {
		for _, b := range bytes {
			a.add(load.Result{Status: status, Bytes: b})
		}
		return a
	}
	for name, c := range map[string]struct {
		a, b answers
		like bool
	}{
		"the same":        {of(200, 500, 700), of(200, 600), true},
		"another status":  {of(200, 500), of(302, 500), false},
		"a login page":    {of(200, 12000), of(200, 900), false},
		"a longer one":    {of(200, 900), of(200, 12000), false},
		"short and empty": {of(200, 0), of(200, 60), true},
		"no answer":       {of(200, 500), answers{}, false},
	} {
		if got := c.a.like(c.b); got != c.like {
			t.Errorf("%s: %v", name, got)
		}
	}
}
