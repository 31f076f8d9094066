//go:build !race

package demo

const raceStackBytes = 0
