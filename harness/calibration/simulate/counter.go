package simulate

import (
	"math"
	"math/rand/v2"
)

// Meter is what a counter counts, and how.
type Meter string

// The counters, after what was seen of them in blocks of 50 requests.
const (
	RubyObjects   Meter = "ruby objects"   // live slots after a full collection
	PythonObjects Meter = "python objects" // allocated blocks
	NodeBytes     Meter = "node bytes"     // heapUsed + external after a collection
	GoBytes       Meter = "go bytes"       // HeapAlloc after a collection
	SettledRSS    Meter = "settled rss"    // RSS after a collection and malloc_trim
)

// Meters are all of them.
func Meters() []Meter {
	return []Meter{RubyObjects, PythonObjects, NodeBytes, GoBytes, SettledRSS}
}

// Edges is what a counter read at the edges of blocks of a fixed length.
type Edges struct {
	Values []float64
	Rate   float64 // what leaks, in the counter's unit per request
}

// Counter simulates blocks blocks of per requests each, after burn-in requests
// that are not read. l.Bytes leak each time as one object.
func Counter(seed uint64, m Meter, k Kind, l Leak, burnIn, blocks, per int) Edges {
	r := rand.New(rand.NewPCG(seed, 0x636f756e))
	shift, keep, object := meterOf(m)
	grow := survivors(k, r, blocks*per)
	e := Edges{Values: make([]float64, blocks+1), Rate: l.Bytes}
	if object {
		e.Rate = math.Min(1, l.Bytes) / math.Max(1, float64(l.Every))
	}
	base, first := between(r, 1e5, 1e6), between(r, 0, 40)*keep
	leaked, kept := 0.0, 0.0
	each := between(r, 0, 1) * keep * 3 / 50 // what survives by accident fades with requests
	for b := range e.Values {
		if b == 1 {
			kept += first // the first block still finds things to set up
		}
		for i := 0; b > 0 && i < per; i++ {
			n := (b-1)*per + i
			if once := l.once(r); once > 0 && object {
				leaked++
			} else {
				leaked += once
			}
			if r.Float64() < each/keep {
				kept += keep * 250 / float64(250+n)
			}
		}
		e.Values[b] = math.Round(base + leaked + kept + keep*grow(burnIn+b*per) + shift*r.NormFloat64())
	}
	return e
}

// meterOf is the scatter of one reading, the size of one survivor, and whether
// objects are counted.
func meterOf(m Meter) (shift, keep float64, object bool) {
	switch m {
	case RubyObjects:
		return 0.5, 1, true
	case PythonObjects:
		return 1.5, 3, true
	case NodeBytes:
		return 6000, 300, false
	case GoBytes:
		return 3000, 100, false
	default:
		return 100 << 10, 4096, false
	}
}

// survivors is what stays alive for a reason that ends, counted in objects.
func survivors(k Kind, r *rand.Rand, requests int) func(i int) float64 {
	switch k {
	case Creep:
		a := between(r, 1, 8)
		return func(i int) float64 { return a * math.Log1p(float64(i)) }
	case WarmUp:
		a, tau := between(r, 10, 300), between(r, 20, 150)
		return func(i int) float64 { return a * -math.Expm1(-float64(i)/tau) }
	case Step:
		at, a := r.IntN(requests+1), between(r, 10, 1000)
		return func(i int) float64 {
			if i < at {
				return 0
			}
			return a
		}
	case Wave:
		a, period := between(r, 1, 10), between(r, 50, 1000)
		return func(i int) float64 { return a * math.Sin(2*math.Pi*float64(i)/period) }
	}
	return func(int) float64 { return 0 }
}
