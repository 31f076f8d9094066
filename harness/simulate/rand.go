package simulate

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// xorshift is the generator for what happens in each request: xorshift64* of
// Vigna (2016), An experimental exploration of Marsaglia's xorshift generators,
// scrambled. It takes about a nanosecond.
type xorshift uint64

// newXorshift is a generator for a seed and a stream of it.
func newXorshift(seed, stream uint64) xorshift {
	return xorshift(rand.NewPCG(seed, stream).Uint64() | 1)
}

func (x *xorshift) next() uint64 {
	v := uint64(*x)
	v ^= v >> 12
	v ^= v << 25
	v ^= v >> 27
	*x = xorshift(v)
	return v * 0x2545f4914f6cdd1d
}

// below is a number from 0 to n−1; 0 for n of 1 or less.
func (x *xorshift) below(n int64) int64 {
	if n <= 1 {
		return 0
	}
	hi, _ := bits.Mul64(x.next(), uint64(n))
	return int64(hi)
}

// chance says yes once in n times.
func (x *xorshift) chance(n int64) bool { return x.below(n) == 0 }

// unit is a number in [0, 1).
func (x *xorshift) unit() float64 { return float64(x.next()>>11) / (1 << 53) }

// normal is a number with mean 0 and variance 1, near enough: Irwin–Hall of four
// parts of one draw, within ±3.5.
func (x *xorshift) normal() float64 {
	v := x.next()
	sum := v&0xffff + v>>16&0xffff + v>>32&0xffff + v>>48
	return (float64(sum)/65536 - 2) * math.Sqrt(3)
}

// draw is what a world and a process are put together with.
type draw struct{ *rand.Rand }

func newDraw(seed, stream uint64) draw { return draw{rand.New(rand.NewPCG(seed, stream))} }

// between is a number from low to high, each as likely.
func (d draw) between(low, high float64) float64 { return low + (high-low)*d.Float64() }

// scale is a number from low to high, each order of magnitude as likely.
func (d draw) scale(low, high float64) float64 {
	return low * math.Exp(d.Float64()*math.Log(high/low))
}

// size is a number of bytes from low to high, each order of magnitude as likely,
// of four leading bits, so that it reads well.
func (d draw) size(low, high float64) int64 { return rounded(d.scale(low, high), 4) }

// rounded is v with so many leading bits.
func rounded(v float64, leading int) int64 {
	n := int64(v)
	if drop := bits.Len64(uint64(n)) - leading; drop > 0 {
		n = n >> drop << drop
	}
	return max(1, n)
}

// number is a whole number from low to high, each order of magnitude as likely,
// of two decimal digits.
func (d draw) number(low, high float64) int {
	v := d.scale(low, high)
	if step := math.Pow(10, math.Floor(math.Log10(v))-1); step > 1 {
		v = math.Round(v/step) * step
	}
	return int(math.Round(v))
}

// yes says yes with that chance.
func (d draw) yes(chance float64) bool { return d.Float64() < chance }

// pick is one of them.
func pick[T any](d draw, of ...T) T { return of[d.IntN(len(of))] }
