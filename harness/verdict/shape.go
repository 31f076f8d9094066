package verdict

import (
	"math"
	"slices"
)

// shape is what a series that does not grow forever looks like.
type shape struct {
	label Label
	grown float64 // what the troughs rose by in all, in bytes
	step  float64 // Bloat: its size in bytes
	at    int     // Bloat: the request of its largest change
	early float64 // Warmup: growth in bytes/request over the first quarter
}

const troughs = 24

// shapeOf names the shape over the troughs of 24 blocks of the whole series:
//   - growth below max(256 KiB, 6·median|d|), d the differences of the troughs
//     in the second half: stable
//   - one difference of more than 60 % of the growth: bloat
//   - otherwise warm-up
//
// A warm-up faster than a block looks like a step, and is called so.
func shapeOf(mem []float64) shape {
	ell := len(mem) / troughs
	if ell == 0 {
		return shape{label: Stable}
	}
	var m, d [troughs]float64
	for i := range m {
		end := (i + 1) * ell
		if i == troughs-1 {
			end = len(mem)
		}
		m[i] = lowest(mem[i*ell : end])
	}
	largest := 1
	for i := 1; i < troughs; i++ {
		d[i] = m[i] - m[i-1]
		if d[i] > d[largest] {
			largest = i
		}
	}
	late := append([]float64(nil), d[troughs/2:]...)
	for i := range late {
		late[i] = math.Abs(late[i])
	}
	slices.Sort(late)
	grown := m[troughs-1] - m[0]
	if grown < math.Max(256<<10, 6*late[len(late)/2]) {
		return shape{label: Stable}
	}
	s := shape{
		label: Warmup, grown: grown, step: d[largest],
		early: (m[troughs/4] - m[0]) / float64(troughs/4*ell),
		at:    jump(mem, (largest-1)*ell, min(len(mem), (largest+1)*ell)),
	}
	if d[largest] > 0.6*grown {
		s.label = Bloat
	}
	return s
}

// jump is the request (from 1) after which memory rose most within [from, to).
func jump(mem []float64, from, to int) int {
	at, rise := from, math.Inf(-1)
	for i := max(1, from); i < to; i++ {
		if r := mem[i] - mem[i-1]; r > rise {
			at, rise = i, r
		}
	}
	return at + 1
}
