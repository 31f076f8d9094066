package harness

import (
	"strings"
	"testing"

	"leakhunt/harness/verdict"
)

// What is kept for a second goes while neighbours run, and shows in nothing where
// those leak. They go on leaking.
func TestLetGoBesideLeaks(t *testing.T) {
	held := 0.0
	drop := func(f *fake) { f.live, f.rss, held = f.live-held, f.rss-held, 0 }
	f := newFake(t, func(f *fake, path string, _ int) int {
		if path == "/job" {
			f.live, f.rss, held = f.live+1000, f.rss+1000, held+1000
			return 200
		}
		drop(f)
		f.live, f.rss = f.live+4096, f.rss+4096
		return 200
	})
	o := f.counted()
	o.Observer = whenQuiet{do: func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		drop(f)
	}}
	r := mustRun(t, f, scenario(auto, "/a", "/job", "/b", "/c"), o)
	if u := byName(t, r, "/job"); u.Verdict != verdict.Warmup || !strings.Contains(u.Why, "and let go of it within 1ms") {
		t.Errorf("%s at %.0f B per request (%s)", u.Verdict, u.Growth, u.Why)
	}
	leaks := 0
	for _, path := range []string{"/a", "/b", "/c"} {
		u := byName(t, r, path)
		if u.Verdict == verdict.Leak {
			leaks++
		}
		if u.Verdict != verdict.Leak && u.Verdict != verdict.Inconclusive {
			t.Errorf("%s: %s (%s)", path, u.Verdict, u.Why)
		}
	}
	if leaks == 0 {
		t.Error("no leak was found beside it")
	}
}

// A cache drops what has expired when it is used next, not before.
func TestLetGoWhenUsedNext(t *testing.T) {
	size, expired := 0.0, false
	f := newFake(t, func(f *fake, path string, n int) int {
		if path != "/cache" {
			return shop(f, path, n)
		}
		if expired {
			f.live, f.rss, size, expired = f.live-size, f.rss-size, 0, false
		}
		f.live, f.rss, size = f.live+1000, f.rss+1000, size+1000
		return 200
	})
	o := f.counted()
	o.Observer = whenQuiet{do: func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		expired = true
	}}
	r := mustRun(t, f, scenario(auto, "/", "/cache", "/leak"), o)
	if u := byName(t, r, "/cache"); u.Verdict != verdict.Warmup {
		t.Errorf("%s at %.0f B per request (%s)", u.Verdict, u.Growth, u.Why)
	}
	if u := byName(t, r, "/leak"); u.Verdict != verdict.Leak || u.Growth < 4000 {
		t.Errorf("the leak beside it is %s at %.0f B per request (%s)", u.Verdict, u.Growth, u.Why)
	}
}
