package judge

// How many requests the evidence needs. Strategies send by these, and verdicts say
// what they mean.
const (
	// SweepBlock, SweepRounds: by a counter a few blocks settle that a URI grows;
	// whether it goes on is another question, which needs the Horizon.
	SweepBlock  = 50
	SweepRounds = 5
	// Horizon is for how many requests a counter is followed before a bounded cache
	// is no longer thought of.
	Horizon = 2048
	// MaxSweep is where the sweep ends, per URI: by RSS alone the search for late growth,
	// by a counter what readings that scatter may get.
	MaxSweep = 4096
	// LeastAlone and MostAlone: a suspect runs alone for four times the requests at
	// which its growth was seen, within these.
	LeastAlone = 2048
	MostAlone  = 8192
	// MaxAlone: what surely grows is followed so far, as long as it is quick.
	MaxAlone = 32768
	// Stirs is how many requests follow a wait: a cache drops what has expired when it
	// is used next (Guava a quarter of its segments each time), not before.
	Stirs = 20
	// Plausible is how many bytes a bounded cache may hold, from what was seen in
	// released software: page, statement and LRU caches of up to 31 MB.
	Plausible = 64 << 20
)
