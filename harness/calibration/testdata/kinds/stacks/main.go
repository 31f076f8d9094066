// Command stacks leaves a goroutine behind for each request to /wait, whose stack has
// grown to 4 KiB at least. / keeps nothing.
package main

import (
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
)

var never = make(chan struct{})

//go:noinline
func deep(n int) byte {
	var frame [256]byte
	frame[n] = byte(n)
	if n == 0 {
		<-never
		return 0
	}
	return deep(n-1) + frame[n]
}

func main() {
	http.HandleFunc("/wait", func(w http.ResponseWriter, _ *http.Request) {
		go deep(7)
		fmt.Fprint(w, "ok")
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
