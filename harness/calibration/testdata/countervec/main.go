// Command countervec counts into a counter with a new label value for each order: each
// new N of /orders/N leaks a series. / and /garbage (500 KB that die) keep nothing.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

func main() {
	seen := promauto.NewCounterVec(prometheus.CounterOpts{Name: "orders_seen_total"}, []string{"order"})
	http.HandleFunc("/orders/", func(w http.ResponseWriter, r *http.Request) {
		seen.WithLabelValues(r.URL.Path).Inc()
		fmt.Fprint(w, "order")
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
