package simulate

import (
	"fmt"
	"strings"
	"testing"

	"leakhunt/harness/record"
)

// What the last part of the last URI has alive after what is done to it: "100 a" is
// so many requests to /a, "6s" so long a wait.
func TestParts(t *testing.T) {
	for _, c := range []struct {
		world string
		want  []string // what is done, and the entries alive after it
	}{
		{"uri /a leak 1KiB", []string{"100 a: 100", "6s: 100"}},
		{"uri /a leak 1KiB every 7", []string{"6 a: 0", "1 a: 1", "70 a: 11"}},
		{"uri /a leak 1KiB keys 5", []string{"3 a: 3", "9 a: 5"}},
		{"uri /a leak 1KiB visitor", []string{"9 a: 1"}},
		{"uri /a visitors, leak 1KiB visitor", []string{"9 a: 9"}},
		{"uri /a fails every 4, leak 1KiB failing", []string{"9 a: 2"}},
		{"uri /a fails every 4, leak 1KiB", []string{"9 a: 7"}},
		{"uri /a leak 1KiB after 1s", []string{"9 a: 0", "500ms: 0", "600ms: 9"}},
		{"uri /a hold 1KiB expires 2s", []string{"10 a: 10", "1s: 10", "3 a: 13", "1100ms: 3", "1s: 0"}},
		{"uri /a hold 1KiB expires 1s swept 5s", []string{"10 a: 10", "6500ms: 0"}},
		{"uri /a hold 1KiB expires 1s on use", []string{"8 a: 8", "9s: 8", "1 a: 7", "1 a: 6", "99 a: 101"}},
		{"uri /a cache 5 x 1KiB", []string{"3 a: 3", "9 a: 5"}},
		{"uri /a cache 6 x 1KiB drops third", []string{"6 a: 6", "1 a: 5", "2 a: 5"}},
		{"uri /a cache 6 x 1KiB drops all", []string{"6 a: 6", "1 a: 1"}},
		{"uri /a cache 9 x 1KiB keys 4", []string{"30 a: 4"}},
		{"uri /a cache 9 x 1KiB of 4", []string{"99 a: 4"}},
		{"uri /a cache 9 x 1KiB expires 1s", []string{"5 a: 5", "500ms: 5", "5 a: 9", "600ms: 5", "1s: 0"}},
		{"uri /a pool 4 x 1KiB", []string{"2 a: 2", "9 a: 4"}},
		{"uri /a batch 5 x 1KiB", []string{"4 a: 4", "1 a: 0", "7 a: 2"}},
		{"uri /a batch 5 x 1KiB each 3s", []string{"4 a: 4", "4s: 0", "2 a: 2"}},
		{"uri /a step 1KiB at 4", []string{"3 a: 0", "9 a: 1"}},
		{"uri /a ring 5 x 1KiB", []string{"3 a: 3", "9 a: 5"}},
		{"subscribers 3\nuri /b publish 10B\nuri /a subscribe 10B\nuri /c publish 10B", []string{"9 c: 0", "2 a: 0", "2 c: 4", "9 a: 4", "1 c: 7"}},
		{"uri /b\nuri /a remains 1KiB", []string{"3 a: 1", "6s: 1", "1 b: 0", "1 a: 1"}},
		{"background each 1s leak 1KiB\nuri /a", []string{"10s: 10", "9 a: 10"}},
		{"uri /a\nuri /b\nshared ring 5 x 1KiB", []string{"3 a: 3", "9 b: 5"}},
		{"uri /a\nuri /b keyed\nshared cache 9 x 1KiB keyed", []string{"3 a: 1", "4 b: 5", "3 a: 5"}},
	} {
		w := parsed(t, "runtime python\nlatency 100us\n"+c.world+"\n")
		do(t, w, record.Open{})
		s := lastPart(w.p)
		for _, line := range c.want {
			what, alive, _ := strings.Cut(line, ": ")
			act(t, w, what)
			if got := fmt.Sprint(s.n); got != alive {
				t.Errorf("%s: %s entries after %s, not %s", c.world, got, what, alive)
			}
		}
	}
}

func lastPart(p *process) *state {
	if len(p.shared) > 0 {
		return &p.shared[len(p.shared)-1]
	}
	if len(p.timed) > 0 {
		return &p.timed[len(p.timed)-1]
	}
	parts := p.routes[len(p.routes)-1].parts
	return &parts[len(parts)-1]
}

func act(t *testing.T, w *World, what string) {
	t.Helper()
	n, uri := 0, ""
	if _, err := fmt.Sscanf(what, "%d %s", &n, &uri); err != nil {
		span := words{list: []string{what}}
		do(t, w, record.Measure{Wait: float64(span.span()) / 1e6})
		return
	}
	for i := range w.spec.routes {
		if w.spec.routes[i].name == "/"+uri {
			do(t, w, record.Send{URI: i, N: n})
		}
	}
}

// Code is dropped with the third collection since it ran, and compiled anew when it runs.
func TestCode(t *testing.T) {
	w := parsed(t, "runtime node agent\nlatency 1ms\nuri /a code 1KiB unused 2\nuri /b\n")
	do(t, w, record.Open{})
	s := &w.p.routes[0].parts[0]
	alive := ""
	for _, uri := range []int{0, 1, 1, 0, 1, 1, 1, 0} {
		do(t, w, record.Send{URI: uri, N: 1, Settle: true})
		alive += fmt.Sprint(s.n)
	}
	if alive != "11011001" {
		t.Errorf("alive after each block: %s", alive)
	}
}

// A buffer that doubles has room for the next power of two, and what it replaces
// is garbage.
func TestDoubling(t *testing.T) {
	w := parsed(t, "runtime go pprof\nuri /a leak 100B doubling\n")
	do(t, w, record.Open{}, record.Send{N: 1000})
	if s := lastPart(w.p); s.room != 1024 {
		t.Errorf("room for %d", s.room)
	}
}

// In a ring that all share, who writes long lines grows it, and neighbours drop
// them.
func TestUnevenRing(t *testing.T) {
	w := parsed(t, "runtime go pprof\nuri /long line 10KiB\nuri /short\nuri /none line 0B\nshared ring 100 x 100B\n")
	do(t, w, record.Open{})
	for _, c := range []struct{ uri, n, held int }{{1, 300, 100 * 100}, {0, 50, 50*100 + 50*10240}, {2, 50, 50*100 + 50*10240}, {1, 75, 75*100 + 25*10240}, {0, 500, 100 * 10240}} {
		do(t, w, record.Send{URI: c.uri, N: c.n})
		if s := lastPart(w.p); s.held != int64(c.held) || len(s.lines) > 600 {
			t.Errorf("after %d to %d it holds %d B, not %d", c.n, c.uri, s.held, c.held)
		}
	}
}

// Native memory is in RSS and in no counter but those that say so; a goroutine's
// stack likewise.
func TestNative(t *testing.T) {
	for _, c := range []struct {
		runtime string
		column  int
		counted bool
	}{{"ruby agent", 1, false}, {"python agent", 1, true}, {"go pprof", 0, false}} {
		w := parsed(t, "seed 4\nruntime "+c.runtime+"\nmemory scatter 0%\nuri /a leak 16KiB native\n")
		log := logged(t, w, do(t, w, record.Open{}, record.Send{N: 500}, record.Send{N: 2000, Settle: true}))
		b := log.Segment().Series[0].Others[1]
		const native = 2000 * 16 << 10
		if rose := b.Rise(); rose < native*9/10 || rose > native*11/10 {
			t.Errorf("%s: RSS rose by %d", c.runtime, rose)
		}
		if grew := b.End.Counters[c.column] - b.Start.Counters[c.column]; (grew > native/2) != c.counted {
			t.Errorf("%s: the counter grew by %v", c.runtime, grew)
		}
	}
	w := parsed(t, "runtime go pprof\nuri /a leak 400B goroutine\n")
	log := logged(t, w, do(t, w, record.Open{}, record.Send{N: 100, Settle: true}))
	b := log.Segment().Series[0].Others[0]
	if d := b.End.Counters[2] - b.Start.Counters[2]; d != 100 {
		t.Errorf("%v goroutines", d)
	}
}

// A counter that is late counts what was freed for one reading more.
func TestLate(t *testing.T) {
	w := parsed(t, "runtime ruby agent late\nmemory scatter 0%\nuri /a cache 10 x 1KiB objects 5\n")
	log := logged(t, w, do(t, w, record.Open{}, record.Send{N: 10, Settle: true}, record.Send{N: 30, Settle: true}, record.Measure{}))
	b := log.Segment().Series[0].Others
	if d := b[1].End.Counters[0] - b[1].Start.Counters[0]; d != 150 {
		t.Errorf("30 entries that were replaced are %v objects", d)
	}
	if d := log.Reading.Counters[0] - b[0].End.Counters[0]; d != 0 {
		t.Errorf("in the end there are %v more", d)
	}
}

// The touched set saturates where a URI uses the same memory again, and grows where
// it leaks, also into what a neighbour has freed.
func TestTouched(t *testing.T) {
	for _, runtime := range []string{"python", "php", "ruby"} {
		w := parsed(t, "runtime "+runtime+"\nuri /leak garbage 20KiB, leak 4KiB\nuri /clean garbage 20KiB\nuri /rows garbage 4MiB objects 20000\n")
		do(t, w, record.Open{}, record.Send{URI: 2, N: 200})
		for uri, want := range []int64{1024 * 4 << 10, 0} {
			log := logged(t, w, append([]record.Event{w.p.opened()}, do(t, w, record.Send{
				URI: uri, N: 2048, Purpose: record.Alone, Settle: true, Touched: record.Touching{Anew: true, Every: 64},
			})...))
			r := log.Segment().Series[uri].Touched
			if len(r) != 33 {
				t.Fatalf("%s: %d readings", runtime, len(r))
			}
			grew := r[32].Bytes - r[16].Bytes
			if grew < want*9/10 || runtime != "ruby" && grew > want*11/10 { // Ruby wanders
				t.Errorf("%s, %d: the touched set grew by %d, not %d", runtime, uri, grew, want)
			}
		}
	}
	if w := parsed(t, "runtime go\nuri /a\n"); w.p != nil || start(&w.spec, 0, 0, nil).touch.able {
		t.Error("Go has a touched set")
	}
}
