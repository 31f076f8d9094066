package strategy

import (
	"math"
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// The warm-up, from the measurements behind the verdict: three passes over all
// URIs and so many requests in all. One URI alone has nobody else to warm the
// process up for it.
const (
	warmupPasses = 3
	warmupAll    = 1024
	warmupAlone  = 2048
	// warmupCounted is enough for each URI where garbage is collected before
	// each reading: what the first requests load and cache is in, and the
	// heap's high-water mark does not matter.
	warmupCounted = 100
)

// Warmup is the number of requests that each of n URIs gets before the first round.
func Warmup(want record.Count, n int, counted bool) int {
	switch {
	case !want.Auto:
		return want.N
	case counted:
		return warmupCounted
	case n == 1:
		return warmupAlone
	}
	return max(warmupPasses, int(math.Ceil(warmupAll/float64(max(1, n)))))
}

// warmUp sends requests that are not judged to each new process: what the first
// requests load, compile and cache is no leak. The URIs take turns, so that each
// also meets the heap that the others leave behind.
func warmUp(st *judge.State) (record.Action, bool) {
	life := st.Life().Index
	if st.Counted() && !readSince(st, st.Life().T) {
		return record.Measure{}, true // a counter that counts anything moves through the warm-up
	}
	all := passes(st)
	for pass := leastWarmed(st, life); pass < len(all); pass++ {
		n := all[pass]
		for _, u := range order(st, life, pass) {
			if !u.Broken && warmed(u, life) <= pass {
				return record.Send{URI: u.Index, N: warmupBlock(st, u, n), Purpose: record.Warmup}, true
			}
		}
	}
	return nil, false
}

// leastWarmed is the fewest passes of the warm-up that any URI has had in that life.
func leastWarmed(st *judge.State, life int) int {
	least := math.MaxInt
	for _, u := range st.URIs {
		if !u.Broken {
			least = min(least, warmed(u, life))
		}
	}
	return least
}

// passes are the requests of each pass to each URI. The first is short: nobody knows yet how
// long a page takes. One that takes a descriptor with each request has used up all of them in
// a few hundred.
func passes(st *judge.State) []int {
	counted, more := st.Counted() && !st.Scans(), warmupPasses
	if counted {
		more-- // the heap's high-water mark does not matter
	}
	all := Warmup(st.Header.Plan.Warmup, len(st.URIs), counted)
	if st.Header.Plan.Warmup.Auto && all > warmupPasses*judge.LeastCareful {
		return append([]int{judge.LeastCareful}, Blocks(all-judge.LeastCareful, more, false)...)
	}
	return Blocks(all, warmupPasses, false)
}

// warmupBlock is how many of the n requests of a pass u gets: fewer where they take long, or
// take what the process has few of.
func warmupBlock(st *judge.State, u *judge.URI, n int) int {
	if !st.Header.Plan.Warmup.Auto {
		return n
	}
	return st.Spare(u, st.Brief(u, n, warmupTime(st)), judge.WarmupShare)
}

// warmupShare is how much of the time limit the warm-up takes by RSS alone: one part in so many.
const warmupShare = 4

// warmupTime is how many seconds a block of the warm-up takes at most.
func warmupTime(st *judge.State) float64 {
	limit := st.Header.Plan.Limits.Time
	switch {
	case st.Counted():
		return judge.BlockTime
	case limit <= 0:
		return math.Inf(1)
	}
	return limit / warmupShare / float64(warmupPasses*max(1, len(st.URIs)))
}

// warmupAhead is how many requests of its warm-up u still gets, of those passes.
func warmupAhead(st *judge.State, u *judge.URI, passes []int) (n int) {
	for _, each := range passes[min(warmed(u, st.Life().Index), len(passes)):] {
		n += warmupBlock(st, u, each)
	}
	return n
}

// readSince says that there was a reading between blocks since then.
func readSince(st *judge.State, since float64) bool {
	return slices.ContainsFunc(st.Segment().Reads, func(r record.Read) bool { return r.Edge.T >= since })
}

// warmed is how many blocks of the warm-up u has had in that life.
func warmed(u *judge.URI, life int) (n int) {
	for _, b := range u.Others {
		if b.Purpose == record.Warmup && b.Life == life {
			n++
		}
	}
	return n
}

// Blocks cuts total requests into rounds. Growth is judged on the last half of a
// series: doubling blocks make that one uninterrupted block. For a counter that is
// read at block edges, equal ones are made uneven.
func Blocks(total, rounds int, doubling bool) []int {
	rounds = min(rounds, total)
	if rounds <= 0 {
		return nil
	}
	edges := make([]int, rounds+1)
	for i := 1; i <= rounds; i++ {
		if doubling {
			edges[i] = int(math.Round(float64(total) * math.Pow(2, float64(i-rounds))))
		} else {
			edges[i] = total * i / rounds
		}
	}
	var out []int
	for i := 1; i <= rounds; i++ {
		if n := edges[i] - edges[i-1]; n > 0 {
			out = append(out, n)
		}
	}
	return out
}
