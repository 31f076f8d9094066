//go:build !linux

package fault

// Every package that reads processes builds on this one. The line below is not meant
// to compile: its error says why nothing else does.
const _ int = "leakhunt reads processes through /proc, and so it builds and runs on Linux alone"
