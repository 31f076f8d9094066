package record

import (
	"math"
	"slices"
	"testing"
)

// Numbers gives back what it was given, whatever that is, in as few bytes as hold it.
func TestNumbers(t *testing.T) {
	for name, tt := range map[string]struct {
		shift   uint8
		numbers []int64
		bytes   int // each
	}{
		"none":                 {kib, nil, 2},
		"pages":                {kib, []int64{18 << 20, 18<<20 + 4096, 18<<20 - 8192, 0}, 2},
		"whole KiB":            {kib, []int64{1024, 3072, 2048}, 2},
		"bytes beside them":    {kib, []int64{1000, 1000 + 1024, 1000 - 1024}, 2},
		"32 MiB more":          {kib, []int64{0, 32<<20 - 1024, -32 << 20}, 2},
		"a KiB above that":     {kib, []int64{0, 1024, 32 << 20, 2048}, 4},
		"bytes":                {kib, []int64{4096, 4097, 4096}, 8},
		"bytes after all":      {kib, []int64{4096, 64 << 20, 4097, 4096}, 8},
		"the largest":          {kib, []int64{math.MinInt64, math.MaxInt64, 0, -1}, 8},
		"two TiB and more":     {kib, []int64{0, 2 << 40, 0}, 8},
		"two TiB, but a KiB":   {kib, []int64{0, 2<<40 - 1024, -2 << 40}, 4},
		"latencies":            {0, []int64{450, 455, 0, 32000}, 2},
		"a request of a while": {0, []int64{450, 455, 0, math.MaxUint32}, 8},
		"a minute of ticks":    {0, []int64{100000, 100005, 700000}, 4},
	} {
		small := Numbers{shift: tt.shift}
		large := reserved(2, tt.shift)
		for _, v := range tt.numbers {
			small.add(v)
			large.add(v)
		}
		for _, l := range []*Numbers{&small, &large} {
			bytes := 2
			if l.four != nil {
				bytes = 4
			}
			if l.eight != nil {
				bytes = 8
			}
			if got := slices.Collect(l.All()); !slices.Equal(got, tt.numbers) || l.Len() != len(tt.numbers) || bytes != tt.bytes {
				t.Errorf("%s: %d, %d bytes each, want %d", name, got, bytes, tt.bytes)
			}
		}
	}
}

// A block of usual requests keeps six bytes of each, and makes room for them once.
func TestReadingsAreSmall(t *testing.T) {
	const n = 2000
	h, _ := small()
	l := NewLog(h)
	r := Readings{Sent: 1, Metric: []int64{180 << 20}, At: []uint32{10000}, Latency: []uint32{400}}
	for _, e := range []Event{Opened{}, Began{N: n + 10, Purpose: Sweep}} {
		if err := l.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	var next Event = r
	allocated := testing.AllocsPerRun(n, func() {
		r.At[0] += 5
		r.Metric[0] += 4096
		r.Latency[0] ^= 3
		if err := l.Append(next); err != nil {
			t.Fatal(err)
		}
	})
	if b := l.Open(); allocated > 0 || cap(b.At.two) != n+10 || cap(b.Latency.two) != n+10 || cap(b.Metric.two) != n+10 {
		t.Errorf("%.0f allocations a request; At %d, Latency %d, Metric %d", allocated, cap(b.At.two), cap(b.Latency.two), cap(b.Metric.two))
	}
}
