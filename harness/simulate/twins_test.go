package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"leakhunt/harness/record"
)

// table reads the rows of a file of testdata.
func table(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "#" {
			rows = append(rows, f)
		}
	}
	return rows
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// twin is a fixture as a world.
func twin(t *testing.T, seed uint64, runtime string) *World {
	t.Helper()
	name, _, _ := strings.Cut(runtime, " ")
	fresh := map[string]string{"ruby": "24MiB", "python": "25MiB", "node": "45MiB", "go": "8MiB", "java": "42MiB", "php": "18MiB"}[name]
	return parsed(t, fmt.Sprintf(`seed %d
runtime %s
memory fresh %s
limits time 0s
latency 1ms
uri clean
uri garbage garbage 500KB objects 1000
uri leak4k leak 4KiB
uri cache cache 300 x 4KiB keyed
uri bloat step 8MB at 150
`, seed, runtime, fresh))
}

// metric is the readings of a block.
func metric(t *testing.T, w *World, uri, n int) (v []float64) {
	t.Helper()
	for _, e := range do(t, w, record.Send{URI: uri, N: n}) {
		if e, ok := e.(record.Readings); ok {
			for _, m := range e.Metric {
				v = append(v, float64(m))
			}
		}
	}
	return v
}

// Fixtures and their twins, RSS alone. With -v the table is printed. What was
// measured must lie within what twins of twenty seeds show, or near it.
func TestTwins(t *testing.T) {
	const seeds = 20
	routes := []string{"clean", "garbage", "leak4k", "cache", "bloat"}
	seen := map[string][][3]float64{} // slope, grown, moves
	for _, row := range table(t, "rss.txt") {
		runtime := strings.TrimSuffix(row[0]+" "+row[1], " plain")
		key := runtime + " " + row[2]
		if seen[key] == nil {
			for seed := range uint64(seeds) {
				for route, v := range inARow(t, twin(t, seed, runtime), routes) {
					seen[runtime+" "+route] = append(seen[runtime+" "+route], v)
				}
			}
		}
		for i, what := range []string{"slope", "grown", "moves"} {
			measured := number(t, row[3+i])
			var all []float64
			for _, v := range seen[key] {
				all = append(all, v[i])
			}
			slices.Sort(all)
			low, middle, high := all[0], all[seeds/2], all[seeds-1]
			t.Logf("%-12s %-8s %-6s measured %8.0f, twins %8.0f (%.0f … %.0f)", runtime, row[2], what, measured, middle, low, high)
			room := []float64{300, 4096, 250}[i] + 0.2*math.Abs(measured)
			if measured < low-room || measured > high+room {
				t.Errorf("%s: %s was measured as %.0f, twins have %.0f … %.0f", key, what, measured, low, high)
			}
		}
	}
}

// inARow sends what was sent to the fixtures.
func inARow(t *testing.T, w *World, routes []string) map[string][3]float64 {
	t.Helper()
	r := rand.New(rand.NewPCG(w.spec.seed, 7))
	do(t, w, record.Open{})
	for _, n := range []int{68, 68, 68, 128, 128, 256, 512, 1024, 2048} {
		for _, u := range r.Perm(len(routes)) {
			metric(t, w, u, n)
		}
	}
	found := map[string][3]float64{}
	for u, route := range routes {
		before := float64(w.p.rss())
		v := metric(t, w, u, 4096)
		moves := 0.0
		for i := 1; i < len(v); i++ {
			if v[i] != v[i-1] {
				moves++
			}
		}
		last := v[len(v)-1]
		found[route] = [3]float64{(last - v[2048]) / 2047, (last - before) / 1024, moves * 1000 / 4096}
	}
	return found
}

// Fixtures and their twins with a counter: what was measured lies within what
// twins show, or is less, and the twins' scatter is no more than a few times that.
func TestCounterTwins(t *testing.T) {
	counter := map[string]string{"ruby": "agent", "python": "agent", "node": "agent", "go": "pprof", "java": "histogram"}
	const seeds = 20
	for _, row := range table(t, "counters.txt") {
		uri := slices.Index([]string{"clean", "garbage"}, row[1])
		var found [3][]float64
		for seed := range uint64(seeds) {
			for i, sd := range blocks(t, twin(t, seed, row[0]+" "+counter[row[0]]), uri) {
				found[i] = append(found[i], sd)
			}
		}
		for i, what := range []string{"objects", "bytes", "settled RSS"} {
			slices.Sort(found[i])
			measured := number(t, row[2+i])
			t.Logf("%-7s %-8s %-12s measured ±%8.1f, twins ±%8.1f (%.1f … %.1f)", row[0], row[1], what,
				measured, found[i][seeds/2], found[i][0], found[i][seeds-1])
			if measured > 2*found[i][seeds-1] {
				t.Errorf("%s %s: %s scattered by ±%.1f, twins by ±%.1f at most", row[0], row[1], what, measured, found[i][seeds-1])
			}
		}
	}
}

// blocks is the standard deviation of what 19 blocks of 50 requests added, to
// objects, bytes and settled RSS.
func blocks(t *testing.T, w *World, uri int) (sd [3]float64) {
	t.Helper()
	do(t, w, record.Open{})
	for u := range w.spec.routes {
		do(t, w, record.Send{URI: u, N: 100, Purpose: record.Warmup})
	}
	at := [2]int{0, 1}
	if w.spec.runtime == "go" {
		at = [2]int{1, 0}
	}
	var added [3][]float64
	for round := range 20 {
		for u := range w.spec.routes {
			events := do(t, w, record.Send{URI: u, N: 50, Purpose: record.Sweep, Settle: true})
			first, _ := events[0].(record.Began)
			last, _ := events[len(events)-1].(record.Finished)
			if u != uri || round == 0 {
				continue
			}
			for i, c := range at {
				added[i] = append(added[i], last.End.Counters[c]-first.Start.Counters[c])
			}
			added[2] = append(added[2], float64(last.End.RSS-first.Start.RSS))
		}
	}
	for i, v := range added {
		sd[i] = deviation(v)
	}
	return sd
}

func deviation(v []float64) float64 {
	var sum, squares float64
	for _, x := range v {
		sum += x
		squares += x * x
	}
	n := float64(len(v))
	return math.Sqrt(math.Max(0, squares/n-sum*sum/n/n))
}

// At its largest the scatter of one reading is that of the noisiest applications
// that were measured: blocks of 50 requests of Passenger and puma (objects), Flask,
// Express and net/http.
func TestScatter(t *testing.T) {
	for _, c := range []struct {
		runtime string
		column  int
		want    float64
	}{
		{"ruby agent", 0, 0.5}, {"python agent", 0, 1.5}, {"node agent", 1, 6000}, {"go pprof", 0, 3000}, {"ruby agent", -1, 100 << 10},
	} {
		w := parsed(t, "seed 5\nruntime "+c.runtime+"\nmemory scatter 100%\nuri /a\n")
		do(t, w, record.Open{})
		var v []float64
		for range 400 {
			w.p.live = amount{50e6, 500e3}
			e, ok := do(t, w, record.Measure{})[0].(record.Read)
			if !ok {
				t.Fatal("no reading")
			}
			if c.column < 0 {
				v = append(v, float64(e.Edge.RSS))
			} else {
				v = append(v, e.Edge.Counters[c.column])
			}
		}
		if got := deviation(v); got < 0.75*c.want || got > 1.3*c.want {
			t.Errorf("%s, column %d: ±%.2f, not ±%.2f", c.runtime, c.column, got, c.want)
		}
	}
}
