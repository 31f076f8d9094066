// Package memory reads how much memory one process holds: RSS through
// gopsutil, anonymous memory and swap beside it, exact figures from
// smaps_rollup where a verdict hangs on them.
package memory

// Reading is the memory of one process at one moment, in bytes.
type Reading struct {
	RSS  int64 // resident set size
	Anon int64 // anonymous resident memory (RssAnon)
	Swap int64 // swapped-out anonymous memory (VmSwap)
}
