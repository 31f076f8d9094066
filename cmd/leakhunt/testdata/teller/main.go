// Teller is an application that gives away what it is told: with its last words,
// and in its answers. It ends at the 40th request to /page, once.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	died, pages := os.Args[2], 0
	http.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"token": "captured/token+1"}`)
	})
	http.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		if pages++; pages < 40 {
			_, _ = fmt.Fprint(w, "page")
			return
		}
		if _, err := os.Stat(died); err == nil {
			http.Redirect(w, r, "/login?"+r.URL.RawQuery+"&auth="+r.Header.Get("Authorization"), http.StatusFound)
			return
		}
		_ = os.WriteFile(died, nil, 0o600)
		log.Fatal("told: ", os.Args[1:], os.Environ(), r.URL, r.Header)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "ok") })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)) //nolint:gosec // a fixture on loopback
}
