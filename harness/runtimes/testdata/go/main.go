// Truth: /leak keeps 1 KiB for each request. / and /garbage (500 KB that die)
// keep nothing. net/http/pprof is served.
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"sync"
)

var (
	mu   sync.Mutex
	kept [][]byte
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	http.HandleFunc("/leak", leak)
	http.HandleFunc("/garbage", func(w http.ResponseWriter, _ *http.Request) {
		n := 0
		for range 100 {
			n += len(fmt.Sprint(make([]byte, 1000)))
		}
		fmt.Fprint(w, n)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(l, nil))
}

func leak(w http.ResponseWriter, _ *http.Request) {
	mu.Lock()
	defer mu.Unlock()
	kept = append(kept, make([]byte, 1024))
	fmt.Fprint(w, len(kept))
}
