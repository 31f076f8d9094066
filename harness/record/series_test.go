package record

import "testing"

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
