// Command weather serves yesterday's weather.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
)

var (
	mu      sync.Mutex
	history [][]float64
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "sunny") })
	http.HandleFunc("/wind", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "calm") })
	http.HandleFunc("/forecast", forecast)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func forecast(w http.ResponseWriter, _ *http.Request) {
	day := make([]float64, 512)
	mu.Lock()
	history = append(history, day)
	mu.Unlock()
	fmt.Fprintln(w, "rain,", len(day))
}
