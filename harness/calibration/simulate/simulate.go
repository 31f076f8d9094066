// Package simulate makes memory series of processes that do not exist, each
// with its truth: how much leaks per request. It is deterministic: the same
// seed gives the same process.
//
// A process is made of what was seen in real ones:
//
//   - an allocator that takes memory in quanta and gives little back
//   - the saw-tooth of a garbage collector
//   - a heap that stays at its high-water mark
//   - creep with the logarithm of the requests
//   - warm-up that dies away exponentially
//   - caches that fill
//   - steps
//   - noise that remembers
package simulate

import (
	"math"
	"math/rand/v2"
)

// Kind is what memory does beside leaking.
type Kind string

// The kinds of process.
const (
	Flat   Kind = "flat"    // nothing but noise
	Creep  Kind = "creep"   // a·ln(requests)
	WarmUp Kind = "warm-up" // A·(1−exp(−requests/τ))
	Cache  Kind = "cache"   // a cache of at most 1,500 entries, new or random keys
	Step   Kind = "step"    // one allocation that stays, at any request
	Wave   Kind = "wave"    // work that comes and goes, as from a timer
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Flat, Creep, WarmUp, Cache, Step, Wave} }

// World is how noisy a process is.
type World string

// The worlds, after what was seen of runtimes. Quiet is CPython or Ruby with a small
// payload. Mid is Node or Ruby with a payload that varies. Noisy is a moving collector
// with a heap that keeps its high-water mark.
const (
	Quiet World = "quiet"
	Mid   World = "mid"
	Noisy World = "noisy"
)

// Worlds are all of them.
func Worlds() []World { return []World{Quiet, Mid, Noisy} }

// Leak is what a process never frees.
type Leak struct {
	Bytes float64 // per request, on average
	Every int     // it happens once in so many requests, at random; 0 and 1: each time
}

// Process is one simulated process: RSS in bytes from the fresh process
// (index 0) on, one reading after each request.
type Process struct {
	RSS      []float64
	Resident float64 // true growth of RSS that goes on, in bytes/request
}

const mib = 1 << 20

// New simulates requests requests to a process.
func New(seed uint64, w World, k Kind, l Leak, requests int) Process {
	r := rand.New(rand.NewPCG(seed, 0x6c65616b))
	n := noiseOf(w, r)
	grow := growthOf(k, w, r, requests)
	p := Process{RSS: make([]float64, requests+1), Resident: l.Bytes * n.headroom}

	base := between(r, 8, 60) * mib
	var leaked, garbage, wander, high float64
	period := n.period(r)
	for i := range p.RSS {
		if i > 0 {
			leaked += l.once(r)
			garbage += n.garbage / period * between(r, 0.5, 1.5)
		}
		if garbage >= n.garbage {
			garbage, period = 0, n.period(r)
		}
		wander += -wander/n.memory + n.wander*math.Sqrt(2/n.memory)*r.NormFloat64()
		need := base + (leaked+grow(i))*n.headroom + garbage + math.Max(0, wander+2*n.wander)
		// The allocator takes whole quanta and gives back only what it holds
		// beyond its keep; a high-water heap keeps everything.
		if taken := math.Ceil(need/n.quantum) * n.quantum; taken > high {
			high = taken
		} else if high-taken > n.keep {
			high = taken + n.keep
		}
		p.RSS[i] = math.Round((high+n.jitter*r.Float64())/4096) * 4096
	}
	return p
}

func (l Leak) once(r *rand.Rand) float64 {
	if l.Every <= 1 {
		return l.Bytes
	}
	if r.IntN(l.Every) == 0 {
		return l.Bytes * float64(l.Every)
	}
	return 0
}

// noise is a process's memory behaviour; sizes in bytes, times in requests.
type noise struct {
	quantum  float64 // by which the allocator takes memory
	keep     float64 // what it keeps back of what was freed
	garbage  float64 // made between two collections
	cycle    float64 // mean length of such a cycle
	wander   float64 // standard deviation of what is alive by chance
	memory   float64 // for how long that lasts
	jitter   float64 // of a single reading
	headroom float64 // resident bytes for each byte alive: 1 + GOGC/100 in Go
}

func (n noise) period(r *rand.Rand) float64 { return math.Max(1, n.cycle*between(r, 0.7, 1.3)) }

func noiseOf(w World, r *rand.Rand) noise {
	switch w {
	case Quiet:
		return noise{
			quantum: 4096 * float64(int(1)<<r.IntN(6)), keep: between(r, 0.1, 1) * mib,
			garbage: between(r, 0, 0.3) * mib, cycle: between(r, 2, 30),
			wander: between(r, 0, 0.03) * mib, memory: between(r, 5, 50), jitter: 4096, headroom: 1,
		}
	case Mid:
		return noise{
			quantum: 131072, keep: between(r, 0.5, 3) * mib,
			garbage: between(r, 0.5, 3) * mib, cycle: between(r, 10, 80),
			wander: between(r, 0.05, 0.3) * mib, memory: between(r, 20, 200), jitter: 32768, headroom: between(r, 1, 1.3),
		}
	default:
		return noise{
			quantum: 65536 * float64(int(1)<<r.IntN(5)), keep: between(r, 2, 12) * mib,
			garbage: between(r, 2, 16) * mib, cycle: between(r, 30, 300),
			wander: between(r, 0.2, 1.0) * mib, memory: between(r, 50, 500), jitter: 65536, headroom: between(r, 1, 2),
		}
	}
}

// growthOf is what stays alive after i requests, for a reason that ends.
func growthOf(k Kind, w World, r *rand.Rand, requests int) func(i int) float64 {
	size := map[World]float64{Quiet: 1, Mid: 3, Noisy: 8}[w] * mib
	switch k {
	case Creep:
		a := between(r, 0.03, 0.12) * size
		return func(i int) float64 { return a * math.Log1p(float64(i)) }
	case WarmUp:
		a, tau := between(r, 0.5, 2)*size, between(r, 30, 700)
		return func(i int) float64 { return a * -math.Expm1(-float64(i)/tau) }
	case Cache:
		entries, each := between(r, 100, 1500), between(r, 0.5, 8)*1024
		if r.IntN(2) == 0 { // new keys: full after so many requests
			return func(i int) float64 { return each * math.Min(float64(i), entries) }
		}
		return func(i int) float64 { return each * entries * -math.Expm1(-float64(i)/entries) }
	case Step:
		at, a := r.IntN(requests), between(r, 0.5, 4)*size
		return func(i int) float64 {
			if i < at {
				return 0
			}
			return a
		}
	case Wave:
		a, period, phase := between(r, 0.1, 0.6)*size, between(r, 200, 3000), between(r, 0, 2*math.Pi)
		return func(i int) float64 { return a * (1 + math.Sin(2*math.Pi*float64(i)/period+phase)) }
	}
	return func(int) float64 { return 0 }
}

func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }
