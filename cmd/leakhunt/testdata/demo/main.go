// Command demo is the demo and nothing else: leakhunt demo --listen ADDRESS, of a program
// that starts at once, and has little in its heap profile besides what the demo makes.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"leakhunt/harness/demo"
)

func main() {
	runtime.MemProfileRate = 16 << 10 // as leakhunt demo
	if err := demo.Serve(context.Background(), os.Args[len(os.Args)-1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
