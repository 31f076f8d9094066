package minimize_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"leakhunt/harness/strategy/minimize"
)

// world says whether a subset really leaks.
type world func(subset []int) bool

// needs is a world that leaks where all of these steps are sent.
func needs(needed ...int) world {
	return func(subset []int) bool {
		for _, n := range needed {
			if !slices.Contains(subset, n) {
				return false
			}
		}
		return true
	}
}

// run searches a world in which a share of the tests is wrong.
func run(t testing.TB, steps int, leaks world, wrong float64, seed uint64) (minimize.Outcome, int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 15))
	s := minimize.Search{Steps: steps}
	for range 5000 {
		o := s.Next()
		if o.Status != minimize.Open {
			return o, len(s.Results)
		}
		if !slices.IsSorted(o.Test) || len(o.Test) == 0 {
			t.Fatalf("seed %d: the steps to test are %v", seed, o.Test)
		}
		s.Tell(leaks(o.Test) != (rng.Float64() < wrong))
	}
	t.Fatalf("seed %d: no end after 5,000 tests", seed)
	return minimize.Outcome{}, 0
}

// figures are the mean number of tests and the share of exact results.
func figures(t testing.TB, runs, steps, needed int, wrong float64) (tests, exact float64) {
	for seed := range uint64(runs) {
		need := rand.New(rand.NewPCG(seed, 1)).Perm(steps)[:needed]
		slices.Sort(need)
		o, n := run(t, steps, needs(need...), wrong, seed)
		tests += float64(n)
		if o.Status == minimize.Found && slices.Equal(o.Set, need) {
			exact++
		}
	}
	return tests / float64(runs), exact / float64(runs)
}

// TestFigures holds what is promised: 128 steps of which two are needed,
// and one test of fifty wrong.
func TestFigures(t *testing.T) {
	tests, exact := figures(t, 400, 128, 2, 0.02)
	t.Logf("128 steps, 2 needed, 2 %% wrong, 400 runs: %.1f tests, %.2f %% exact", tests, 100*exact)
	if tests > 40 || exact < 0.99 {
		t.Errorf("%.1f tests and %.2f %% exact, want at most 40 and at least 99 %%", tests, 100*exact)
	}
	for _, c := range []struct {
		steps, needed int
		wrong, least  float64
	}{{20, 1, 0.02, 0.97}, {20, 3, 0.02, 0.97}, {20, 20, 0.02, 0.85}, {20, 2, 0.05, 0.95}, {1, 1, 0.02, 0.97}, {128, 5, 0.02, 0.97}} {
		const runs = 100
		tests, exact := figures(t, runs, c.steps, c.needed, c.wrong)
		t.Logf("%d steps, %d needed, %.0f %% wrong, %d runs: %.1f tests, %.2f %% exact", c.steps, c.needed, 100*c.wrong, runs, tests, 100*exact)
		if exact < c.least {
			t.Errorf("%d steps, %d needed: %.2f %% exact", c.steps, c.needed, 100*exact)
		}
	}
}

// TestUndone is a flow in which a step undoes the leak unless another one comes too:
// more steps do not always leak more.
func TestUndone(t *testing.T) {
	leaks := func(s []int) bool {
		undone := slices.Contains(s, 7) && !slices.Contains(s, 15)
		return needs(3, 11)(s) && !undone
	}
	for seed := range uint64(100) {
		o, _ := run(t, 20, leaks, 0, seed)
		if o.Status != minimize.Found || !slices.Equal(o.Set, []int{3, 11}) {
			t.Fatalf("%+v, want steps 3 and 11", o)
		}
	}
}

// TestParity is a flow that leaks for an odd number of visits to a page. Whatever is
// found must leak, and must not without any one step.
func TestParity(t *testing.T) {
	leaks := func(s []int) bool {
		n := 0
		for _, i := range s {
			if i%3 == 0 {
				n++
			}
		}
		return n%2 == 1 && slices.Contains(s, 10)
	}
	o, _ := run(t, 20-1, leaks, 0, 1)
	if o.Status != minimize.Found || !leaks(o.Set) {
		t.Fatalf("%+v does not leak", o)
	}
	for i := range o.Set {
		if leaks(slices.Delete(slices.Clone(o.Set), i, i+1)) {
			t.Errorf("%v leaks without %d too", o.Set, o.Set[i])
		}
	}
}

// TestBare is a request that leaks whatever its parts are, and one that does not.
func TestBare(t *testing.T) {
	for _, need := range [][]int{{}, {4}, {2, 7}} {
		s := minimize.Search{Steps: 9, Bare: true}
		o := s.Next()
		for ; o.Status == minimize.Open; o = s.Next() {
			s.Tell(needs(need...)(o.Test))
		}
		if o.Status != minimize.Found || !slices.Equal(o.Set, need) {
			t.Errorf("%+v, want %v", o, need)
		}
	}
}

// TestSmallest falls with the answers, for whoever watches.
func TestSmallest(t *testing.T) {
	s := minimize.Search{Steps: 64}
	var sizes []int
	o := s.Next()
	for ; o.Status == minimize.Open; o = s.Next() {
		if n := len(o.Set); len(sizes) == 0 || n != sizes[len(sizes)-1] {
			sizes = append(sizes, n)
		}
		s.Tell(needs(3, 50)(o.Test))
	}
	if len(sizes) < 5 || sizes[0] != 64 || !slices.IsSortedFunc(sizes, func(a, b int) int { return b - a }) {
		t.Errorf("the smallest had %v steps", sizes)
	}
}

func TestNever(t *testing.T) {
	o, tests := run(t, 12, func([]int) bool { return false }, 0, 1)
	if o.Status != minimize.Never || tests != 4 {
		t.Errorf("%+v after %d tests, want Never after 4", o, tests)
	}
	if o := (&minimize.Search{}).Next(); o.Status != minimize.Never {
		t.Errorf("no steps: %+v", o)
	}
}

// TestRandomAnswers ends whatever the answers are.
func TestRandomAnswers(t *testing.T) {
	for seed := range uint64(200) {
		run(t, 24, func([]int) bool { return true }, 0.5, seed)
	}
}

// FuzzSearch ends whatever the answers are, and asks for steps that exist.
func FuzzSearch(f *testing.F) {
	f.Add(uint8(7), []byte{0xff, 0x0f, 0xaa})
	f.Fuzz(func(t *testing.T, steps uint8, answers []byte) {
		s := minimize.Search{Steps: int(steps % 40), Bare: steps >= 128}
		for i := range 8 * len(answers) {
			o := s.Next()
			if o.Status != minimize.Open {
				return
			}
			if len(o.Test) == 0 && s.Bare {
				s.Tell(answers[i/8]>>(i%8)&1 == 1)
				continue
			}
			if len(o.Test) == 0 || o.Test[0] < 0 || o.Test[len(o.Test)-1] >= s.Steps || !slices.IsSorted(o.Test) {
				t.Fatalf("asks for %v of %d steps", o.Test, s.Steps)
			}
			s.Tell(answers[i/8]>>(i%8)&1 == 1)
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	tests, exact := 0.0, 0.0
	for b.Loop() {
		tests, exact = figures(b, 10, 128, 2, 0.02)
	}
	b.ReportMetric(tests, "tests/search")
	b.ReportMetric(100*exact, "%exact")
}
