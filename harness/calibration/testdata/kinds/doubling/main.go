// Command doubling appends 1 KiB to a buffer with each request to /append. The buffer
// doubles when it is full. / keeps nothing.
package main

import (
	"bytes"
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
)

func main() {
	var log bytes.Buffer
	line := bytes.Repeat([]byte("x"), 1024)
	http.HandleFunc("/append", func(w http.ResponseWriter, _ *http.Request) {
		log.Write(line)
		fmt.Fprint(w, "ok")
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
