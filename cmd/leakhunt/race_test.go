//go:build race

package main

// slowdown is how many times slower leakhunt is under the race detector, and larger.
const slowdown = 4
