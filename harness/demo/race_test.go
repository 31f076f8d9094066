//go:build race

package demo

// raceStackBytes is by how much the race detector makes a waiting goroutine's
// stack larger: its calls do not fit the smallest one of 2 KiB.
const raceStackBytes = 2 << 10
