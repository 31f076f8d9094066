// Command main serves 512 routes, three of which keep what they make; every fourth has a
// bounded cache.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
)

var (
	mu     sync.Mutex
	kept   = map[int][][]byte{}
	caches = map[int][][]byte{}
	leaks  = map[int]int{77: 32 << 10, 300: 16 << 10, 451: 8 << 10}
)

func main() {
	for i := range 512 {
		n := 0
		http.HandleFunc(fmt.Sprintf("/r%d", i), func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			n++
			if size := leaks[i]; size > 0 {
				b := make([]byte, size)
				for k := 0; k < size; k += 512 {
					b[k] = 1
				}
				kept[i] = append(kept[i], b)
			}
			if i%4 == 0 {
				c := append(caches[i], make([]byte, 1024))
				if len(c) > 40 {
					c = c[1:]
				}
				caches[i] = c
			}
			mu.Unlock()
			rows := make([]map[string]any, 20)
			for k := range rows {
				rows[k] = map[string]any{"id": k, "route": i, "name": "somebody"}
			}
			json.NewEncoder(w).Encode(rows)
		})
	}
	http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}
