package simulate

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"leakhunt/harness/record"
)

// What is said to leak is what is alive for ever, per request, in the long run.
func TestTruth(t *testing.T) {
	const n = 5000
	for _, name := range Worlds() {
		for seed := range uint64(2) {
			w := must(t, seed, name)
			w.spec.faults, w.spec.background, w.spec.limit, w.spec.limitRSS = nil, nil, 0, 0
			for i, truth := range w.Truth() {
				r := &w.spec.routes[i]
				if truth.Victim > 0 || r.kills != (rate{}) || r.fails.from > 0 {
					continue
				}
				p := start(&w.spec, 0, 0, nil)
				for range n {
					p.request(&p.routes[i])
				}
				alive := func() int64 { return p.live.bytes + p.threads*stack + p.native + p.mapped - p.stray.bytes }
				first, far := alive(), p.now
				for range n {
					p.request(&p.routes[i])
				}
				grew := float64(alive()-first) / n
				if truth.Bounded.Requests > n || truth.Bounded.Seconds > far {
					continue // it is still filling
				}
				if p.held.full() {
					continue // no request is answered any more
				}
				// Rare leaks come by chance, buffers double, and what is bounded
				// comes and goes.
				room := 0.02*truth.Bytes + 3*truth.Bytes*math.Sqrt(truth.Every/n) + truth.Bounded.Bytes/n + 3*float64(truth.Bounded.Entries)/n
				for _, part := range r.parts {
					if part.doubling {
						room += 1.1 * float64(part.size)
					}
					if part.verb == creep || part.verb == hold || part.stays > 0 {
						room += float64(part.size)
					}
				}
				if math.Abs(grew-truth.Bytes) > room+1 {
					t.Errorf("%s of seed %d: %s\n grew by %.1f B a request, room %.1f\n%s", name, seed, truth, grew, room, w)
				}
			}
		}
	}
}

// About one URI in four leaks in an ordinary world.
func TestShares(t *testing.T) {
	for _, name := range []string{"counter/ruby", "rss/go", "rss/tight/java", ""} {
		uris, leaks := 0, 0
		for seed := range uint64(400) {
			for _, truth := range must(t, seed, name).Truth() {
				uris++
				if truth.Leaks {
					leaks++
				}
			}
		}
		if share := float64(leaks) / float64(uris); share < 0.18 || share > 0.34 {
			t.Errorf("%q: %d of %d URIs leak", name, leaks, uris)
		}
	}
}

// The applications of the cases, as worlds.
func TestCases(t *testing.T) {
	truths := map[string]string{
		"access-log":   "/a leaks nothing (ring 30000 x 1000B)",
		"cache":        "/page leaks nothing (cache 6000 x 4KiB objects 0 keyed)",
		"native":       "/native leaks 8192 B a request (leak 8KiB native)",
		"oom":          "/export leaks 2e+06 B a request (leak 2000000B)",
		"python-slack": "/leak leaks 2400 B a request (leak 2400B objects 10)",
		"rare":         "/price leaks 825 B a request (leak 330000B objects 5501 every 400)",
		"subscribers":  "/search leaks 5580 B a request (subscribe 80B, publish 110B)",
	}
	for name, want := range truths {
		w := readCase(t, name)
		if got := w.Truth()[0].String(); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
		logged(t, w, do(t, w, some(w, 1)...))
	}
	if v := readCase(t, "subscribers").Truth()[1]; v.Leaks || v.Victim != 5500 {
		t.Errorf("a neighbour of subscribers: %s", v)
	}
}

func readCase(t *testing.T, name string) *World {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cases", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(text))
}

// A leak into what a neighbour has freed does not show in its own blocks, but in
// the neighbour's: the case python-slack.
func TestHoles(t *testing.T) {
	w := readCase(t, "python-slack")
	do(t, w, record.Open{}, record.Send{URI: 0, N: 200}, record.Send{URI: 1, N: 200}, record.Send{URI: 2, N: 200})
	var own, others int64
	for range 4 {
		for u := range 3 {
			before := w.p.rss()
			do(t, w, record.Send{URI: u, N: 256, Purpose: record.Sweep})
			if u == 0 {
				own += w.p.rss() - before
			} else {
				others += w.p.rss() - before
			}
		}
	}
	if leaked := int64(4 * 256 * 2400); own > leaked/10 || others < leaked*6/10 {
		t.Errorf("of %d B that leaked %d show in the leak's own blocks, %d in others'", leaked, own, others)
	}
}
