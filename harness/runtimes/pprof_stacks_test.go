package runtimes

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Stacks of 4 KiB are counted as such once there are many, those of 2 KiB always, and
// what comes and goes leaves nothing behind.
func TestStacks(t *testing.T) {
	const first, spans = 8.0, 480 << 10
	for size, want := range map[float64]float64{2048: 2048, 4096: 4096, 8192: 8192, 3000: 2048, 5000: 4096} {
		var s stacks
		at := func(n float64) float64 {
			// Free stacks of each processor, and the rest of a span.
			return s.bytes(n, spans+(n-first)*size+100<<10)
		}
		if got := s.bytes(first, spans); got != first*stackMin {
			t.Errorf("%v: the first reading is %v", size, got)
		}
		at(200)
		before := at(300)
		if got := (at(1300) - before) / 1000; got != want {
			t.Errorf("stacks of %v bytes: %v, want %v", size, got, want)
		}
		high := at(1300)
		for range 10 {
			at(1000)
			at(1300)
		}
		if got := at(1300); got != high {
			t.Errorf("stacks of %v bytes: %v comes of goroutines that come and go", size, got-high)
		}
	}
	var s stacks
	s.bytes(8, -1)
	if got := s.bytes(1008, -1); got != 1008*stackMin {
		t.Errorf("without a size: %v", got)
	}
}

//go:noinline
func deepStack(n int, end <-chan struct{}) byte {
	var frame [512]byte
	frame[n] = byte(n)
	if n == 0 {
		<-end
		return 0
	}
	return deepStack(n-1, end) + frame[n]
}

// A real process: goroutines whose stacks have grown to 8 KiB.
func TestPprofStacks(t *testing.T) {
	p, err := NewPprof(t.Context(), whole(own), "")
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	defer close(end)
	var read [3]float64
	for i := range read {
		for range 500 {
			go deepStack(9, end)
		}
		values, err := p.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		read[i] = values[0]
	}
	// 8 KiB of stack, and some hundred bytes that the scheduler keeps for each.
	if d := (read[2] - read[1]) / 500; d < 8192 || d > 9300 {
		t.Errorf("%v bytes for a goroutine", d)
	}
}

// Each answer takes a second: goroutines that stay are not asked for thirty times.
func TestPprofSlowAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 8
		p, err := NewPprof(t.Context(), whole(func(_ context.Context, path string) ([]byte, error) {
			if strings.Contains(path, "goroutine") {
				time.Sleep(time.Second)
				return fmt.Appendf(nil, "goroutine profile: total %d\n", n), nil
			}
			return []byte("# HeapAlloc = 9\n# HeapObjects = 9\n"), nil
		}), "")
		if err != nil {
			t.Fatal(err)
		}
		n += 50
		began := time.Now()
		if _, err := p.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("a reading takes %s", took)
		}
	})
}
