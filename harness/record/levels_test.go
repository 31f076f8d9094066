package record

import (
	"math"
	"slices"
	"testing"
)

// Levels gives back what it was given, whatever that is.
func TestLevels(t *testing.T) {
	for name, tt := range map[string]struct {
		levels []int64
		wide   bool
	}{
		"none":               {nil, false},
		"pages":              {[]int64{180 << 20, 180<<20 + 4096, 180<<20 - 8192, 0}, false},
		"whole KiB":          {[]int64{1024, 3072, 2048}, false},
		"bytes beside them":  {[]int64{1000, 1000 + 1024, 1000 - 1024}, false},
		"bytes":              {[]int64{4096, 4097, 4096}, true},
		"the largest":        {[]int64{math.MinInt64, math.MaxInt64, 0, -1}, true},
		"two TiB and more":   {[]int64{0, 2 << 40, 0}, true},
		"two TiB, but a KiB": {[]int64{0, 2<<40 - 1024, -2 << 40}, false},
	} {
		var one, all Levels
		all.reserve(2)
		for _, v := range tt.levels {
			one.add([]int64{v})
		}
		all.add(tt.levels)
		for _, l := range []*Levels{&one, &all} {
			if got := slices.Collect(l.All()); !slices.Equal(got, tt.levels) || l.Len() != len(tt.levels) || (l.wide != nil) != tt.wide {
				t.Errorf("%s: %d, wide %t", name, got, l.wide != nil)
			}
		}
	}
}
