// Leakhunt finds the request that makes a web application grow.
package main

import (
	"os"
	"runtime/debug"
)

// gcPercent keeps leakhunt small beside the process it measures: a run of 100
// URIs at 4,096 requests each peaks at about 31 MB instead of 44, in about the same time.
const gcPercent = 25

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
