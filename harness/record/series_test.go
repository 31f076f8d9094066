package record

import (
	"slices"
	"testing"
)

// A URI that hangs until its time-out is given up sooner than one that fails at once.
func TestHopeless(t *testing.T) {
	for name, c := range map[string]struct {
		each    float64 // seconds that a failure takes
		fails   int
		good    int // one in so many is none; 0: all fail
		broken  bool
		atLeast int
	}{
		"at once":           {0.001, 19, 0, false, 0},
		"at once, twenty":   {0.001, 20, 0, true, 20},
		"30 s each":         {30, 2, 0, false, 0},
		"30 s each, thrice": {30, 3, 0, true, 3},
		"2 s each":          {2, 4, 0, false, 0},
		"2 s each, five":    {2, 5, 0, true, 5},
		"now and then":      {30, 30, 3, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := &Series{}, &Block{Purpose: Sweep, Start: Edge{T: 100}}
			at := 100.0
			for i := range c.fails {
				at += c.each
				e := Readings{Metric: []int64{1}, At: []uint32{uint32(at * Ticks)}, Latency: []uint32{0}}
				if c.good > 0 && (i+1)%c.good == 0 {
					e.Latency[0] = 1
				}
				b.add(e, false)
				s.add(b, e)
			}
			if s.Broken != c.broken || s.InARow != c.atLeast {
				t.Errorf("broken: %t after %d, want %t after %d", s.Broken, s.InARow, c.broken, c.atLeast)
			}
		})
	}
}

// What the touched set grew by while others ran is none of a URI's: its third block does
// not follow upon its second.
func TestTouchedWithoutOthers(t *testing.T) {
	s, anew := &Series{}, int64(100)
	for i, block := range []struct {
		seq     int
		touched []Touch
	}{
		{4, []Touch{{10, 110}, {20, 120}}},
		{5, []Touch{{10, 130}}},
		{9, []Touch{{10, 1130}, {20, 1140}}},
	} {
		b := &Block{Purpose: Alone, Seq: block.seq}
		if i == 0 {
			s.begin(b, &anew)
		} else {
			s.begin(b, nil)
		}
		s.add(b, Readings{Touched: block.touched})
	}
	want := []Touch{{0, 100}, {10, 110}, {20, 120}, {30, 130}, {40, 130}, {50, 140}}
	if !slices.Equal(s.Touched, want) {
		t.Errorf("%v, want %v", s.Touched, want)
	}
}
