package harness

import (
	"testing"

	"leakhunt/harness/verdict"
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
			blocks, sum := uneven(Blocks(n, settledRounds, false)), 0
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
