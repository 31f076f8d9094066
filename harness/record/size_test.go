package record

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
)

// bigRun calls emit with the events of a run as a session records it: so many
// URIs, 100 requests of warm-up to each and then so many in five rounds, with a
// counter of two columns, Readings of at most a second. A request takes 1 to 5 ms;
// one in fifty changes RSS, by a page or some.
func bigRun(uris, requests int, emit func(Event)) (Header, int) {
	rng := rand.New(rand.NewPCG(1, 2))
	h := Header{
		Version: Version, Tool: "1.0.0", StartedAt: "2026-11-28T16:45:10Z", Seed: 7, Command: []string{"leakhunt", "run", "shop.yaml"},
		Environment: Environment{OS: "linux", Kernel: "6.1.0-18-amd64", CPUs: 2, PageBytes: page},
		Plan:        Plan{Target: "command", Runtime: "auto", Metric: "rss", Rounds: 5, Warmup: Count{Auto: true}, Stay: 6},
	}
	for i := range uris {
		h.Items = append(h.Items, Item{Name: fmt.Sprintf("page %d", i), Method: "GET", URI: fmt.Sprintf("/shop/section-%d/item?id={{n}}", i), Requests: Count{N: requests}})
	}
	now, rss, n := 1.0, int64(180<<20), 0 // s, bytes
	edge := func() Edge {
		now += 0.03
		return Edge{T: now, RSS: rss, Anon: rss - 31<<20, Metric: rss, Counters: []float64{float64(rng.IntN(2_000_000)), float64(rng.IntN(100 << 20))}}
	}
	block := func(uri, round, size int, purpose Purpose) {
		emit(Began{T: now, URI: uri, Purpose: purpose, Round: round, N: size, Start: edge()})
		mean := 1000 + rng.IntN(3000) // µs
		var r Readings
		flush := func() {
			r.Sent, r.Answers = len(r.Metric), Answers{Status: map[int]int{200: len(r.Metric)}, Bytes: int64(8431 * len(r.Metric))}
			emit(r)
			r = Readings{}
		}
		for last := now; size > 0; size-- {
			us := min(5000, max(1000, mean+int(300*rng.NormFloat64())))
			if now += float64(us) / 1e6; rng.IntN(50) == 0 {
				rss += page * int64(rng.IntN(40)-12)
			}
			r.Metric, r.At, r.Latency = append(r.Metric, rss), append(r.At, uint32(now*Ticks)), append(r.Latency, uint32(us))
			n++
			if now-last >= 1 {
				flush()
				last = now
			}
		}
		flush()
		emit(Finished{End: edge()})
	}
	for i := range uris {
		block(i, 0, 100, Warmup)
	}
	for round := range 5 {
		for _, i := range rng.Perm(uris) {
			block(i, round+1, requests*(round+1)/5-requests*round/5, Sweep)
		}
	}
	return h, n
}

// A run of 100 URIs at 4,096 requests each takes less than 8 MiB, and is read
// again in memory for what it says and a line.
func TestJournalIsSmall(t *testing.T) {
	const want = 8 << 20
	var events []Event
	h, n := bigRun(100, 4096, func(ev Event) { events = append(events, ev) })
	raw := written(t, h, events...)
	t.Logf("%d requests, %d lines: %.2f MiB, %.2f B/request", n, 1+len(events), float64(len(raw))/(1<<20), float64(len(raw))/float64(n))
	if len(raw) > want {
		t.Errorf("%d bytes, want at most %d", len(raw), want)
	}
	gotH, got, _, err := read(raw)
	if err != nil {
		t.Fatal(err)
	}
	sameLines(t, written(t, gotH, got...), raw)
}

// zeros is a file without an end in which nothing stands.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Memory is bounded, however long a line is and whatever a line says of itself.
func TestReaderTakesBoundedMemory(t *testing.T) {
	h, _ := small()
	head := written(t, h)
	// The shortest numbers make the most values of a line.
	e := NewEncoder(page)
	body := func(n int) []byte { return bytes.Repeat([]byte("A"), n*4/3) }
	const n = MaxLine / 5
	full := fmt.Appendf(nil, `{"e":"readings","n":%d,"unit":4096,"metric":"%s","at":"%[2]s","latency":"%[2]s"`, n/3*3, body(n/3*3))
	line, err := e.Header(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	if line, err = e.seal(line, append(line, full...)); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]io.Reader{
		"without an end": io.MultiReader(bytes.NewReader(head), zeros{}),
		"full":           bytes.NewReader(line),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := r.Next()
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 12*MaxLine {
			t.Errorf("%s: %d MiB were allocated", name, took>>20)
		}
		if got, ok := ev.(Readings); (name == "full") != ok || ok && len(got.Metric) != n/3*3 || !ok && err == nil {
			t.Errorf("%s: %T, %v", name, ev, err)
		}
	}
}

// BenchmarkEncode writes Readings of a second at 5,000 requests/s; the figure to
// look at is ns/request. A percent of the run is 2,000.
func BenchmarkEncode(b *testing.B) {
	r := second(5000)
	e := NewEncoder(page)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = e.Append(buf[:0], r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(r.Metric)), "ns/request")
	b.ReportMetric(float64(len(buf))/float64(len(r.Metric)), "B/request")
}

// BenchmarkDecode reads a run of 100 URIs at 4,096 requests.
func BenchmarkDecode(b *testing.B) {
	var events []Event
	h, n := bigRun(100, 4096, func(ev Event) { events = append(events, ev) })
	raw := written(b, h, events...)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, _, _, err := read(raw); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/request")
}

// second is a second of requests at so many a second.
func second(rate int) Readings {
	rng := rand.New(rand.NewPCG(3, 4))
	r := Readings{Sent: rate, Answers: Answers{Status: map[int]int{200: rate}, Bytes: int64(rate) * 5000}}
	rss := int64(180 << 20)
	for i := range rate {
		if rng.IntN(50) == 0 {
			rss += page * int64(rng.IntN(40)-12)
		}
		r.Metric, r.At = append(r.Metric, rss), append(r.At, uint32(i*Ticks/rate))
		r.Latency = append(r.Latency, uint32(1e6/rate+rng.IntN(60)-30))
	}
	return r
}
