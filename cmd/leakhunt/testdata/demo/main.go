// Command demo is the demo and nothing else: leakhunt demo --listen ADDRESS, of a program
// that starts at once, and has little in its heap profile besides what the demo makes.
// With TEST_DEMO_PAUSE it waits so long before each answer: runs that go on until a limit
// ends them leave the processors to others.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"leakhunt/harness/demo"
)

func main() {
	runtime.MemProfileRate = 16 << 10 // as leakhunt demo
	pause, _ := time.ParseDuration(os.Getenv("TEST_DEMO_PAUSE"))
	app := demo.Handler()
	server := &http.Server{
		Addr: os.Args[len(os.Args)-1], ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/debug/") {
				time.Sleep(pause)
			}
			app.ServeHTTP(w, r)
		}),
	}
	// Who runs the tests in the background has them ignore SIGINT, and so would the demo.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		os.Exit(0)
	}()
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}
