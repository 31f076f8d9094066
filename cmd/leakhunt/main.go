// Leakhunt finds the request that makes a web application grow.
package main

import (
	"os"
	"runtime/debug"
)

// gcPercent keeps leakhunt small beside the process it measures: a run of 100
// URIs at 4,096 requests each peaks at about 34 MiB, and 3 MiB higher with 25, in the same time.
const gcPercent = 10

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
