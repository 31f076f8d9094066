package record

import (
	"iter"
	"slices"
)

// Levels are readings of memory in bytes, one after the other. A kernel tells whole KiB,
// and pages are that, too: such a reading takes four bytes. Where one is anything else, all take
// eight. Its zero value is empty and ready.
type Levels struct {
	first int64
	steps []int32 // KiB above first
	wide  []int64 // all of them, where steps cannot hold one
}

// Len is how many there are.
func (l *Levels) Len() int { return max(len(l.steps), len(l.wide)) }

// At is the i-th.
func (l *Levels) At(i int) int64 {
	if l.wide != nil {
		return l.wide[i]
	}
	return l.first + int64(l.steps[i])<<10
}

// All are all of them, in order.
func (l *Levels) All() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range l.Len() {
			if !yield(l.At(i)) {
				return
			}
		}
	}
}

// reserve makes room for so many.
func (l *Levels) reserve(n int) { l.steps = make([]int32, 0, n) }

// add takes up more.
func (l *Levels) add(levels []int64) {
	for _, v := range levels {
		if l.wide == nil && len(l.steps) == 0 {
			l.first = v
		}
		step := (v - l.first) >> 10
		switch {
		case l.wide != nil:
			l.wide = append(l.wide, v)
		case int64(int32(step)) == step && l.first+step<<10 == v: //nolint:gosec // that is what is looked at
			l.steps = append(l.steps, int32(step)) //nolint:gosec // as above
		default:
			l.wide = append(slices.Grow(slices.Collect(l.All()), len(levels)), v)
			l.steps = nil
		}
	}
}
