package verdict_test

import (
	"encoding/binary"
	"math"
	"testing"

	"leakhunt/harness/verdict"
)

// floats reads data as float64s, so that NaN, infinities, denormals and
// negative values all occur.
func floats(data []byte) []float64 {
	out := make([]float64, 0, len(data)/8)
	for ; len(data) >= 8; data = data[8:] {
		out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(data)))
	}
	return out
}

func FuzzSeries(f *testing.F) {
	f.Add([]byte{}, 3, 0.0)
	f.Add(binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.NaN())), 4000, 1e9)
	f.Add([]byte("some bytes that are floats"), 17, -1.0)
	f.Fuzz(func(t *testing.T, data []byte, n int, param float64) {
		n = max(0, min(n, 5000))
		seeds := floats(data)
		wild, tame := make([]float64, n), make([]float64, n)
		for i := range wild {
			tame[i] = 20*mib + float64(i)*100
			if len(seeds) > 0 {
				wild[i] = seeds[i%len(seeds)]
				tame[i] += math.Mod(math.Abs(wild[i])*float64(i), 50*mib)
			}
			if math.IsNaN(tame[i]) {
				tame[i] = mib
			}
		}
		p := verdict.Params{MinSlope: param, Quantum: -param, Slack: param, Rise: param, BurnIn: n}
		for _, mem := range [][]float64{wild, tame} {
			check(t, verdict.Recorded(mem, p), n)
			check(t, verdict.Fixed(mem, p), n)
			check(t, verdict.Confirm(mem, param, n, p), n)
			check(t, verdict.Judge(mem, n/2, p), n)
		}
	})
}

func FuzzCounter(f *testing.F) {
	f.Add([]byte{}, 50, true, 0.0)
	f.Add([]byte("some bytes that are floats, or something like it, enough for six."), 0, false, 1.0)
	f.Fuzz(func(t *testing.T, data []byte, per int, exact bool, param float64) {
		values := floats(data)
		e, tame := make([]verdict.Edge, len(values)), make([]verdict.Edge, len(values))
		for i, v := range values {
			e[i] = verdict.Edge{Requests: i * per, Value: v}
			tame[i] = verdict.Edge{Requests: i * 50, Value: math.Mod(v, 1<<40)}
		}
		for _, unit := range []string{"bytes", "objects", ""} {
			p := verdict.CounterParams{Unit: unit, Exact: exact, Noise: param, Sure: param, MinSlope: param}
			for _, series := range [][]verdict.Edge{e, tame} {
				j := verdict.Counter(series, p)
				check(t, j, math.MaxInt)
				verdict.Fuse(j, []verdict.Evidence{{Name: "x", Unit: unit, Exact: exact, Judgement: j}})
			}
		}
	})
}
