package strategy

import "leakhunt/harness/judge"

// order is the URIs of the present segment in an order that the run's seed and
// what it is for decide: a part of the run, and a turn in it.
func order(st *judge.State, part, turn int) []*judge.URI {
	out := append([]*judge.URI{}, st.URIs...)
	x := uint64(st.Header.Seed)
	for _, v := range []int{len(st.Segments), part, turn} {
		x = mix(x ^ uint64(v)*0x9e3779b97f4a7c15)
	}
	for i := len(out) - 1; i > 0; i-- { // Fisher–Yates
		x = mix(x + 0x9e3779b97f4a7c15)
		k := int(x % uint64(i+1))
		out[i], out[k] = out[k], out[i]
	}
	return out
}

// mix is the output function of SplitMix64 (Steele, Lea, Flood: Fast splittable
// pseudorandom number generators, 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
