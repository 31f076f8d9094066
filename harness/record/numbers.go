package record

import (
	"iter"
	"slices"
)

// Numbers are whole numbers one after the other that lie close together: readings of memory
// in bytes, moments, latencies. Each takes two bytes where all are within 32,767 units of the
// first one, four where that holds them, and eight where nothing else does. A unit is 1, or
// what was reserved with. Its zero value is empty and ready.
type Numbers struct {
	first int64
	shift uint8   // a unit is 1 << shift
	two   []int16 // units above first
	four  []int32 // all of them, where two cannot hold one
	eight []int64 // all of them as they are, where four cannot hold one, or one is no whole unit away
}

// kib is the shift of KiB: a kernel tells memory in whole ones, and pages are that, too.
const kib = 10

// Len is how many there are.
func (l *Numbers) Len() int { return max(len(l.two), len(l.four), len(l.eight)) }

// At is the i-th.
func (l *Numbers) At(i int) int64 {
	switch {
	case l.eight != nil:
		return l.eight[i]
	case l.four != nil:
		return l.first + int64(l.four[i])<<l.shift
	}
	return l.first + int64(l.two[i])<<l.shift
}

// All are all of them, in order.
func (l *Numbers) All() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range l.Len() {
			if !yield(l.At(i)) {
				return
			}
		}
	}
}

// reserved has room for n of units of 1 << shift.
func reserved(n int, shift uint8) Numbers { return Numbers{two: make([]int16, 0, n), shift: shift} }

// add takes up one more.
func (l *Numbers) add(v int64) {
	if l.four == nil && l.eight == nil {
		if len(l.two) == 0 {
			l.first = v
		}
		if steps := (v - l.first) >> l.shift; l.first+steps<<l.shift == v && steps == int64(int16(steps)) { //nolint:gosec // that is what is looked at
			l.two = append(l.two, int16(steps)) //nolint:gosec // as above
			return
		}
	}
	l.addWide(v)
}

// addWide takes up one that two bytes do not hold, or that comes after such a one.
func (l *Numbers) addWide(v int64) {
	if l.eight == nil {
		if steps := (v - l.first) >> l.shift; l.first+steps<<l.shift == v && steps == int64(int32(steps)) { //nolint:gosec // that is what is looked at
			if l.four == nil {
				l.four = make([]int32, len(l.two), cap(l.two)+1)
				for i, s := range l.two {
					l.four[i] = int32(s)
				}
				l.two = nil
			}
			l.four = append(l.four, int32(steps)) //nolint:gosec // as above
			return
		}
		l.eight = slices.AppendSeq(make([]int64, 0, max(cap(l.two), cap(l.four))+1), l.All())
		l.two, l.four = nil, nil
	}
	l.eight = append(l.eight, v)
}
