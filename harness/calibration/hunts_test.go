package main

import (
	"testing"
	"time"
)

// BenchmarkHunt is one whole hunt by a counter, and one by RSS alone.
func BenchmarkHunt(b *testing.B) {
	for _, world := range []string{"counter/ruby", "rss/tight/go"} {
		b.Run(world, func(b *testing.B) {
			for i := range b.N {
				h := hunts{n: 1, seed: uint64(i + 1), world: world}
				if _, err := h.run(b.Context(), time.Now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
