package simulate

import (
	"context"
	"syscall"
	"testing"

	"leakhunt/harness/record"
)

// eight is an ordinary application of eight URIs.
const eight = `seed 1
latency 2ms
uri /a garbage 40KiB objects 200 spread 20%, warmup 40KiB over 50, leak 1KiB
uri /b garbage 300KiB objects 3000, cache 300 x 4KiB keyed
uri /c garbage 20KiB objects 200
uri /d garbage 8KiB objects 100, cache 500 x 1KiB of 800
uri /e garbage 64KiB objects 900 spread 50%, warmup 100KiB over 100
uri /f garbage 16KiB objects 100, hold 1KiB expires 2s
uri /g garbage 16KiB objects 100, pool 10 x 4KiB 1 in 30
uri /h garbage 30KiB objects 100, leak 200B 1 in 10
`

// BenchmarkHunt is what a hunt asks of a simulation, without judging it: eight
// URIs with a counter (about 10,000 requests) and by RSS alone (100,000).
func BenchmarkHunt(b *testing.B) {
	for _, runtime := range []string{"ruby agent", "node agent", "go pprof", "python agent", "java histogram", "ruby", "python tight", "go", "node", "java tight"} {
		b.Run(runtime, func(b *testing.B) {
			requests, began := 0, spent(b)
			for b.Loop() {
				w := parsed(b, "runtime "+runtime+"\n"+eight)
				requests = 0
				send := func(a record.Action) {
					if err := w.Do(context.Background(), a, func(record.Event) {}); err != nil {
						b.Fatal(err)
					}
				}
				send(record.Open{})
				blocks, n := 12, 100
				if w.spec.counter == "" {
					blocks, n = 8, 1536
				}
				for range blocks {
					for u := range 8 {
						send(record.Send{URI: u, N: n, Purpose: record.Sweep, Settle: true})
						requests += n
					}
				}
			}
			cpu := (spent(b) - began) / float64(b.N)
			b.ReportMetric(cpu*1e9/float64(requests), "cpu-ns/request")
			b.ReportMetric(cpu*1e3, "cpu-ms/hunt")
			b.ReportMetric(float64(requests), "requests")
		})
	}
}

// BenchmarkNew is a random world, and its first process.
func BenchmarkNew(b *testing.B) {
	seed := uint64(0)
	for b.Loop() {
		w := must(b, seed, "")
		seed++
		if err := w.Do(context.Background(), record.Open{}, func(record.Event) {}); err != nil {
			b.Fatal(err)
		}
	}
}

// spent is the CPU time of this process in seconds: on a machine that others use
// the time that passes says little.
func spent(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
