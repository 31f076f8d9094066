// Command lines keeps what released packages warn of. /orders/N counts with a label
// value of its own, for which client_golang keeps a series that is never freed. /visit
// puts a value beside its request, which gorilla/context keeps until Clear is called
// ("or else you will leak memory"). / and /garbage (500 KB that die) keep nothing.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strings"

	"github.com/gorilla/context"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var seen = promauto.NewCounterVec(prometheus.CounterOpts{Name: "orders_seen_total"}, []string{"order"})

func main() {
	http.HandleFunc("/orders/", func(w http.ResponseWriter, r *http.Request) {
		seen.WithLabelValues(r.URL.Path + strings.Repeat("x", 800)).Inc()
		fmt.Fprint(w, "order")
	})
	http.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		context.Set(r, "basket", make([]byte, 1024))
		fmt.Fprint(w, "visit")
	})
	var last []byte
	http.HandleFunc("/garbage", func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			last = make([]byte, 500)
		}
		fmt.Fprint(w, len(last))
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
