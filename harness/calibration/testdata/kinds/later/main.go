// Command later has a queue: /queue keeps 3,000 bytes within a second of its answer.
// / keeps nothing.
package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

var kept [][]byte

func main() {
	queue := make(chan struct{}, 100000)
	go func() {
		for range queue {
			kept = append(kept, make([]byte, 3000))
		}
	}()
	http.HandleFunc("/queue", func(w http.ResponseWriter, _ *http.Request) {
		time.AfterFunc(time.Duration(rand.Int64N(int64(time.Second))), func() { queue <- struct{}{} })
		fmt.Fprint(w, "ok")
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
