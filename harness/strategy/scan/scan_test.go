package scan_test

import (
	"math"
	"slices"
	"testing"

	"leakhunt/harness/strategy/scan"
)

// world answers tests: what its URIs leak, what every group grows by, and noise of its own.
type world struct {
	n     int
	leaks map[int]float64 // bytes/request
	creep float64         // bytes/request, of all
	noise float64         // bytes, at most, of a group
	steps map[int]float64 // a URI's group grows by so much, once
	rooms map[int]int     // a URI's cache takes so many entries more, each of cached bytes
	holds map[int]float64 // bytes/request that a URI keeps while so many more tests are sent: lasting
	held  []float64       // what is freed in the tests to come
	slack float64         // bytes that may be free
	tests []scan.Test
	sent  int
}

const cached = 8 << 10

const lasting = 7

func (w *world) config(seed uint64) scan.Config {
	c := scan.Config{Seed: seed, Noise: []float64{32 << 10}, Target: []float64{64 << 10}, Least: 64}
	for i := range w.n {
		c.URIs = append(c.URIs, i)
	}
	return c
}

func (w *world) ask(t scan.Test) (scan.Outcome, bool) {
	w.tests = append(w.tests, t)
	grew := 0.0
	for _, u := range t.URIs {
		w.sent += t.Dose
		grew += (w.leaks[u] + w.creep) * float64(t.Dose)
		grew += w.steps[u]
		delete(w.steps, u)
		if fills := min(w.rooms[u], t.Dose); fills > 0 {
			w.rooms[u] -= fills
			grew += cached * float64(fills)
		}
	}
	grew += w.expire(t)
	k := float64(len(w.tests))
	grew += w.noise * math.Sin(k*k*12.9898) // no two alike, and the same each time
	return scan.Outcome{Grew: []float64{grew}, Slack: w.slack}, true
}

// expire is what is kept for a while by a test, without what is freed meanwhile: behind a rest
// all of it.
func (w *world) expire(t scan.Test) (grew float64) {
	for _, u := range t.URIs {
		grew += w.holds[u] * float64(t.Dose)
	}
	w.held = append(w.held, grew)
	for len(w.held) > lasting || t.Rest && len(w.held) > 0 {
		grew -= w.held[0]
		w.held = w.held[1:]
	}
	return grew
}

func uris(leaves []scan.Leaf) (out []int) {
	for _, l := range leaves {
		out = append(out, l.URI)
	}
	slices.Sort(out)
	return out
}

func TestFindsWhatLeaks(t *testing.T) {
	for name, w := range map[string]*world{
		"nothing":        {n: 1024, noise: 40e3},
		"one":            {n: 1024, noise: 40e3, leaks: map[int]float64{77: 16 << 10}},
		"three alike":    {n: 1024, noise: 40e3, leaks: map[int]float64{3: 16 << 10, 500: 16 << 10, 1023: 16 << 10}},
		"of all sizes":   {n: 512, noise: 20e3, leaks: map[int]float64{3: 256 << 10, 100: 64 << 10, 300: 8 << 10, 511: 16 << 10}},
		"all creep":      {n: 512, noise: 20e3, creep: 64, leaks: map[int]float64{9: 32 << 10}},
		"first hits":     {n: 512, noise: 20e3, steps: map[int]float64{9: 4 << 20, 200: 1 << 20}, leaks: map[int]float64{9: 16 << 10}},
		"one in twenty":  {n: 400, noise: 20e3, leaks: everyNth(400, 20, 16<<10)},
		"few URIs":       {n: 16, noise: 20e3, leaks: map[int]float64{2: 16 << 10}},
		"one in sixteen": {n: 64, noise: 20e3, leaks: everyNth(64, 16, 64<<10)},
		"two next to it": {n: 128, noise: 20e3, leaks: map[int]float64{8: 16 << 10, 9: 16 << 10}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				w.tests, w.sent = nil, 0
				again := map[int]float64{}
				for u, v := range w.steps {
					again[u] = v
				}
				w := &world{n: w.n, leaks: w.leaks, creep: w.creep, noise: w.noise, steps: again}
				leaves, whole := scan.Run(w.config(seed), w.ask)
				var want []int
				for u := range w.n {
					if w.leaks[u] > 0 {
						want = append(want, u)
					}
				}
				// It accuses nobody: now and then one that does not leak is tried by itself, too.
				got := uris(leaves)
				missed := slices.ContainsFunc(want, func(u int) bool { return !slices.Contains(got, u) })
				if !whole || missed || len(got) > len(want)+1 {
					t.Errorf("seed %d: came down to %v, and %v leak", seed, got, want)
				}
				for _, l := range leaves {
					if truth := w.leaks[l.URI]; truth > 0 && math.Abs(l.Growth-truth) > 0.6*truth+w.creep {
						t.Errorf("seed %d: URI %d grows by %.0f, it says, and it does by %.0f", seed, l.URI, l.Growth, truth)
					}
				}
			}
		})
	}
}

func everyNth(n, nth int, bytes float64) map[int]float64 {
	out := map[int]float64{}
	for i := nth / 2; i < n; i += nth {
		out[i] = bytes
	}
	return out
}

// A handful of URIs is no group.
func TestFewURIs(t *testing.T) {
	w := &world{n: 15}
	if leaves, whole := scan.Run(w.config(1), w.ask); !whole || len(leaves) != 15 || w.sent > 0 {
		t.Errorf("%d leaves, %d requests", len(leaves), w.sent)
	}
}

// What grows until a cache is full is tried by itself, and is no leaf: a sweep would send
// thousands of requests to settle it. What goes on is one, also where other memory went.
func TestFullCachesAreNoLeaves(t *testing.T) {
	w := &world{n: 128, noise: 20e3, leaks: map[int]float64{5: 8 << 10}, rooms: map[int]int{9: 300, 70: 300, 100: 5000}}
	leaves, whole := scan.Run(w.config(1), w.ask)
	if got := uris(leaves); !whole || !slices.Equal(got, []int{5, 100}) {
		t.Errorf("came down to %v", got)
	}
}

// What others free while a group is sent hides what it leaks. And what is only kept for a
// while is no leaf: a sweep would follow it for thousands of requests.
func TestLeaksBesideWhatExpires(t *testing.T) {
	for seed := range uint64(40) {
		w := &world{n: 1024, noise: 2e3, leaks: map[int]float64{5: 6 << 10, 200: 3 << 10}, holds: map[int]float64{}}
		for i := 9; i < w.n; i += 71 {
			w.holds[i] = 4 << 10
		}
		c := w.config(seed)
		c.Noise, c.Target = []float64{2 << 10}, []float64{1 << 10}
		leaves, whole := scan.Run(c, w.ask)
		if got := uris(leaves); !whole || !slices.Equal(got, []int{5, 200}) {
			t.Errorf("seed %d: came down to %v", seed, got)
		}
	}
}

// Only URIs of which leaks are not excluded yet get more requests. Where what is free hides a leak
// from as many requests as are allowed, nobody does.
func TestNarrows(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		slack       float64
		step        map[int]float64
		least, most int // requests to each, on average
	}{
		"all are told":    {slack: 3 * mib, least: 64, most: 66},
		"some are not":    {slack: 3 * mib, step: map[int]float64{9: 8 * mib}, least: 64, most: 75},
		"none is told":    {slack: 10 * mib, least: 165, most: 185},
		"none will be so": {slack: 20 * mib, least: 64, most: 66},
	} {
		w := &world{n: 512, noise: 20e3, slack: c.slack, steps: c.step}
		config := w.config(1)
		config.Hides = true
		scan.Run(config, w.ask)
		if got := w.sent / w.n; got < c.least || got > c.most {
			t.Errorf("%s: %d requests to each, want %d to %d", name, got, c.least, c.most)
		}
	}
}

// What a group grew by once does not come again in its halves: no other halves are tried with twice
// the dose.
func TestStepsAreNotHalvedTwice(t *testing.T) {
	w := &world{n: 1024, noise: 20e3, rooms: map[int]int{}}
	for i := 0; i < w.n; i += 25 {
		w.rooms[i] = 20
	}
	scan.Run(w.config(1), w.ask)
	for _, q := range w.tests {
		if len(q.URIs) == 16 && q.Dose == 16 { // halves of a group that got 8 at a time
			t.Fatalf("%d to each of %d", q.Dose, len(q.URIs))
		}
	}
}

// A leak that is as small as the noise of each pass is told by all of them together, and with
// twice the dose where no half of its group grew.
func TestLeaksInNoise(t *testing.T) {
	found, sent := 0, 0
	for seed := range uint64(40) {
		w := &world{n: 1024, noise: 110e3, leaks: map[int]float64{int(seed*25) % 1024: 12 << 10}}
		leaves, _ := scan.Run(w.config(seed), w.ask)
		if slices.Contains(uris(leaves), int(seed*25)%1024) {
			found++
		}
		sent += w.sent
	}
	if found < 40 || sent/40 > 72*1024 {
		t.Errorf("%d of 40 found, with %d requests on average", found, sent/40)
	}
}

// The largest leak is found first, with the fewest requests.
func TestLargestFirst(t *testing.T) {
	w := &world{n: 1024, noise: 30e3, leaks: map[int]float64{7: 4 << 10, 400: 512 << 10, 900: 64 << 10}}
	leaves, _ := scan.Run(w.config(1), w.ask)
	var order []int
	for _, l := range leaves {
		order = append(order, l.URI)
	}
	if !slices.Equal(order, []int{400, 900, 7}) {
		t.Errorf("the order is %v", order)
	}
}

// What is asked next is a function of the outcomes so far: a scan that was interrupted
// anywhere goes on as if it had not been.
func TestSameOutcomesSameTests(t *testing.T) {
	w := &world{n: 200, noise: 30e3, leaks: map[int]float64{7: 16 << 10, 150: 64 << 10}}
	var outcomes []scan.Outcome
	scan.Run(w.config(3), func(q scan.Test) (scan.Outcome, bool) {
		o, ok := w.ask(q)
		outcomes = append(outcomes, o)
		return o, ok
	})
	for cut := range outcomes {
		k := 0
		var next scan.Test
		_, whole := scan.Run(w.config(3), func(q scan.Test) (scan.Outcome, bool) {
			if k == cut {
				next = q
				return scan.Outcome{}, false
			}
			k++
			return outcomes[k-1], true
		})
		if want := w.tests[cut]; whole || next.Dose != want.Dose || !slices.Equal(next.URIs, want.URIs) {
			t.Fatalf("after %d outcomes it asks for %v, and asked for %v", cut, next, want)
		}
	}
}

// Every URI gets as much as a scan gives at least, and none more than a dose at a time.
func TestDoses(t *testing.T) {
	w := &world{n: 300, noise: 30e3}
	scan.Run(w.config(5), w.ask)
	got := map[int]int{}
	for _, q := range w.tests {
		for _, u := range q.URIs {
			got[u] += q.Dose
		}
	}
	for u := range w.n {
		if got[u] < 64 || got[u] > 80 {
			t.Errorf("URI %d got %d requests", u, got[u])
		}
	}
}

// What most groups grow by is no sign of a leak. Where many URIs add a little, few groups grow by as
// little as the least of them: half of all URIs would be in doubt.
func TestFewAreInDoubt(t *testing.T) {
	again := 0
	for seed := range uint64(40) {
		w := &world{n: 1024, noise: 1e3, leaks: everyNth(1024, 8, 100)}
		c := w.config(seed)
		c.Noise = []float64{2 << 10}
		scan.Run(c, w.ask)
		for _, q := range w.tests {
			if q.Dose == 32 && len(q.URIs) > 1 { // half of what all passes gave
				again += len(q.URIs)
			}
		}
	}
	if again > 40*1024/50 {
		t.Errorf("%d URIs of %d were sent once more", again, 40*1024)
	}
}
