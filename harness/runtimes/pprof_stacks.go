package runtimes

import "math"

// stackMin is the least that a goroutine's stack takes, in bytes (runtime/stack.go).
const stackMin = 2048

// stacks counts what the stacks of goroutines take. They are no heap objects.
// runtime.MemStats counts them in spans of 32 KiB, with the free ones that each processor
// keeps. That is too coarse for a few. So the goroutines are counted, and each is taken
// for the least that one takes. Once there are many more than at first, the spans tell
// whether theirs are larger.
type stacks struct {
	begun        bool
	first, spans float64 // goroutines at the first reading, and bytes of the spans then
	last, sum    float64 // goroutines at the last reading, and what it said of their stacks
	each         float64 // bytes that one which comes or goes is taken for
}

const (
	// manyStacks are so many goroutines that what spans have too much, about 128 KiB,
	// is no more than half of what their stacks take.
	manyStacks = 128
	// largerStacks is how much larger than they were taken for stacks must seem.
	largerStacks = 1.75
)

// bytes is what n goroutines' stacks take, where their spans have inUse bytes, below 0
// where that is not said. A stack is a power of two. Of stacks of several sizes it is the
// power of two next to their mean. What was counted before a size was known is not
// counted again: that would look like a step.
func (s *stacks) bytes(n, inUse float64) float64 {
	if !s.begun {
		*s = stacks{begun: true, first: n, spans: inUse, last: n, sum: n * stackMin, each: stackMin}
	}
	if more := n - s.first; inUse >= 0 && s.spans >= 0 && more >= manyStacks {
		mean := max(stackMin, (inUse-s.spans)/more)
		if mean > largerStacks*s.each || mean < s.each/largerStacks {
			s.each = math.Exp2(math.Round(math.Log2(mean)))
		}
	}
	s.sum = max(n*stackMin, s.sum+(n-s.last)*s.each)
	s.last = n
	return s.sum
}
