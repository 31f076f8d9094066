// Package minimize finds the smallest subset of a flow's steps, or of a request's
// parts, that still leaks. It says which subset should be tested next, needs few
// tests, and some of them may be wrong. It sends and reads nothing: what comes next
// is a function of the results so far.
//
// The shortest prefix that leaks is found by bisection. Its last step is needed:
// the search goes on in the steps before it, with that step appended. A sweep then
// drops each step that is left once, and a last vote tests the result. Where the
// results contradict each other, the search begins anew, and in the end delta
// debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input,
// 2002) goes on. Each question is put to two tests, and to a third where they
// disagree.
package minimize

import "slices"

// Search looks for the smallest set of steps that leaks. The zero value has no steps.
type Search struct {
	Steps int // of the whole flow, numbered from 0
	// Bare says that there is something to test without any step: a request without
	// its parts.
	Bare    bool
	Results []bool // of the tests so far, in order: whether the subset leaked
}

// Status says where a search stands.
type Status int

// The states. A search that is Open wants another test.
const (
	Open   Status = iota
	Found         // Set leaks, and no step can be left out
	Never         // the whole does not leak
	Unsure        // the results contradict each other: Set leaked in most tests
)

// Outcome is what the results so far say.
type Outcome struct {
	Status Status
	Test   []int // Open: the steps to test next, in order
	Set    []int // the smallest set that leaks, as far as is known
}

// Next is the outcome so far. The same results always lead to the same one.
func (s *Search) Next() Outcome {
	r := &replay{results: s.Results, set: steps(s.Steps), bare: s.Bare}
	status := r.search()
	if r.short {
		return Outcome{Status: Open, Test: r.wanted, Set: r.set}
	}
	return Outcome{Status: status, Set: r.set}
}

// Tell adds the result of the test that Next asked for.
func (s *Search) Tell(leaks bool) { s.Results = append(s.Results, leaks) }

func steps(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// replay is a search carried out over the results that there are.
type replay struct {
	results []bool
	bare    bool
	short   bool  // they did not suffice; every answer since is void
	wanted  []int // then: the subset whose result is missing
	set     []int // the smallest that was seen to leak
}

// attempts are how many bisections are tried before delta debugging.
const attempts = 3

func (r *replay) search() Status {
	all := steps(len(r.set))
	if again := !r.leaks(all); again && !r.leaks(all) && !r.short { // that nothing leaks ends the search
		return Never
	}
	for range attempts {
		set, ok := r.bisect(all)
		if r.short {
			return Open
		}
		if !ok {
			continue
		}
		// That its first step is needed, the bisection has just seen.
		if swept := r.sweep(set, 1); len(swept) < len(set) {
			set = r.sweep(swept, 0)
		}
		if r.leaks(set) {
			r.set = set
			return Found
		}
		if r.short {
			return Open
		}
		r.set = all // what seemed to leak does not
	}
	set := r.sweep(r.ddmin(all), 0)
	leaks := r.leaks(set)
	switch {
	case r.short:
		return Open
	case leaks:
		r.set = set
		return Found
	}
	r.set = set
	return Unsure
}

// leaks puts a question to two tests, and to a third where they disagree.
func (r *replay) leaks(subset []int) bool {
	if len(subset) == 0 && !r.bare {
		return false
	}
	yes := r.test(subset)
	if yes != r.test(subset) {
		yes = r.test(subset)
	}
	if yes && !r.short && len(subset) < len(r.set) {
		r.set = subset
	}
	return yes
}

func (r *replay) test(subset []int) bool {
	switch {
	case r.short:
		return false
	case len(r.results) == 0:
		r.short, r.wanted = true, subset
		return false
	}
	yes := r.results[0]
	r.results = r.results[1:]
	return yes
}

// bisect finds needed steps from the last to the first. ok is false where the answers
// contradict each other.
func (r *replay) bisect(all []int) (set []int, ok bool) {
	prefix, tail := all, []int{}
	for !r.short {
		if r.leaks(tail) {
			return tail, true
		}
		if len(prefix) == 0 {
			break
		}
		lo, hi := 0, len(prefix) // as many steps of the prefix are too few, and enough
		for hi-lo > 1 {
			mid := (lo + hi) / 2
			if r.leaks(slices.Concat(prefix[:mid], tail)) {
				hi = mid
			} else {
				lo = mid
			}
		}
		// A prefix that only an answer of before calls enough is asked for again: were
		// that wrong, each step would turn out to be needed.
		if hi == len(prefix) && hi > 1 && !r.leaks(slices.Concat(prefix, tail)) {
			break
		}
		prefix, tail = prefix[:hi-1], slices.Concat(prefix[hi-1:hi], tail)
	}
	return nil, false
}

// sweep drops each step that is not needed, once, from the last to the one at from.
func (r *replay) sweep(set []int, from int) []int {
	for i := len(set) - 1; i >= from && !r.short; i-- {
		if less := slices.Delete(slices.Clone(set), i, i+1); r.leaks(less) {
			set = less
		}
	}
	return set
}
