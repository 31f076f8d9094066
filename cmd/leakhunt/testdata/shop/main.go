// Shop is an application to hunt in: pages that keep nothing, but for those
// that it is told to leak in.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof" // serves /debug/pprof on the default mux
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// leaks are the bytes that each page keeps with every request.
type leaks map[string]int

func (l leaks) String() string { return fmt.Sprint(map[string]int(l)) }

func (l leaks) Set(s string) error {
	page, bytes, _ := strings.Cut(s, "=")
	n, err := strconv.Atoi(bytes)
	l[page] = n
	return err
}

// shop serves every page alike.
type shop struct {
	leaks leaks
	wait  time.Duration // before each answer
	mu    sync.Mutex
	kept  [][]byte
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.wait)
	s.mu.Lock()
	defer s.mu.Unlock()
	garbage := make([]byte, 16<<10)
	if n := s.leaks[r.URL.Path]; n > 0 {
		s.kept = append(s.kept, make([]byte, n))
	}
	_, _ = fmt.Fprintf(w, "%s keeps %d pages, and made %d bytes of garbage\n", r.URL.Path, len(s.kept), len(garbage))
}

func main() {
	s := &shop{leaks: leaks{}}
	flag.Var(s.leaks, "leak", "/page=BYTES that it keeps with every request; repeatable")
	flag.DurationVar(&s.wait, "wait", 0, "what it waits before each answer")
	flag.Parse()
	http.Handle("/", s)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)) //nolint:gosec // a fixture on loopback
}
