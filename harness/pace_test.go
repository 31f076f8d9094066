package harness

import (
	"testing"

	"leakhunt/harness/runtimes"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// A cache that is emptied by a third whenever it is full is no leak, whatever its
// size, in blocks of whatever length; in equal ones many would be.
func TestUnevenBlocks(t *testing.T) {
	accused := func(blocks []int, period int) bool {
		var edges []verdict.Edge
		n := 0
		for _, b := range blocks {
			n += b
			edges = append(edges, verdict.Edge{Requests: n, Value: float64(5 * (n % period))})
		}
		return verdict.Counter(edges, verdict.CounterParams{Unit: "objects", Exact: true, FixedN: true}).Label == verdict.Leak
	}
	equal, unequal, caches := 0, 0, 0
	for _, n := range []int{2500, 4096, 10_000} {
		for period := 20; period < n/10; period++ {
			caches++
			if accused(Blocks(n, settledRounds, false), period) {
				equal++
			}
			blocks, sum := Blocks(n, settledRounds, false), 0
			uneven(blocks)
			for _, b := range blocks {
				sum += b
			}
			if sum != n {
				t.Fatalf("%v are not %d", blocks, n)
			}
			if accused(blocks, period) {
				unequal++
			}
		}
	}
	if unequal > 0 || equal == 0 {
		t.Errorf("accused of %d: %d in equal blocks, %d in uneven ones", caches, equal, unequal)
	}
}

// roughCounter counts garbage, too.
type roughCounter struct{ fakeCounter }

func (roughCounter) Columns() []runtimes.Column {
	return []runtimes.Column{{Name: "heap", Unit: "bytes"}}
}

// Only an exact counter's blocks are uneven: a line is fitted to those of others.
func TestBlocksByCounter(t *testing.T) {
	sc := scenario(scenarios.Count{N: 250}, "/")
	for want, c := range map[int]Counter{60: fakeCounter{}, 50: roughCounter{}} {
		h := &hunt{session: session{counter: c, plan: &Plan{Scenario: sc}}}
		if got := h.pace().next(&track{Item: Item{URI: sc.URIs[0], Requests: sc.Requests}}, 1); got != want {
			t.Errorf("%T: %d requests in the first block, want %d", c, got, want)
		}
	}
}
