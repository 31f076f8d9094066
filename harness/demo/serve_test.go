package demo

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"leakhunt/harness/fault"
)

// started serves the demo until the test ends, and returns its base URL and
// what it printed.
func started(t *testing.T) (base, printed string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, "127.0.0.1:0", w) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve after its context ended: %v, want nil", err)
		}
	})
	buf := make([]byte, 16<<10)
	n, err := r.Read(buf) // Serve writes all of it at once
	if err != nil {
		t.Fatal(err)
	}
	printed = string(buf[:n])
	_, after, _ := strings.Cut(printed, "http://")
	address, _, found := strings.Cut(after, ",")
	if !found {
		t.Fatalf("no address in %q", printed)
	}
	return "http://" + address, printed
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", url, res.Status)
	}
	return string(body)
}

func TestServe(t *testing.T) {
	base, printed := started(t)
	for _, r := range Routes {
		if got := get(t, base+strings.ReplaceAll(r.Path, "{{n}}", "1")); got != "ok\n" {
			t.Errorf("GET %s: %q", r.Path, got)
		}
		if !strings.Contains(printed, "  "+r.Path+" ") || !strings.Contains(printed, r.Note) {
			t.Errorf("%s and its note are not in what Serve prints:\n%s", r.Path, printed)
		}
	}
	if heap := get(t, base+"/debug/pprof/heap?gc=1&debug=1"); !strings.Contains(heap, "# HeapAlloc = ") {
		t.Errorf("the heap profile has no HeapAlloc line")
	}
}

func TestServeCannotListen(t *testing.T) {
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, listen := range []string{taken.Addr().String(), "127.0.0.1:99999", "nonsense"} {
		err := Serve(t.Context(), listen, io.Discard)
		if fault.KindOf(err) != fault.Usage || fault.HintOf(err) == "" || !strings.Contains(err.Error(), listen) {
			t.Errorf("Serve on %q: %v, want a usage fault with a hint", listen, err)
		}
	}
}

// A user's browser beside a run must not make the demo lie or crash.
func TestConcurrentRequests(t *testing.T) {
	h := Handler()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, r := range Routes {
				(&client{t: t, handler: h}).send(r.Path, 50)
			}
		})
	}
	wg.Wait()
}

func TestUnknownPathIsNotFound(t *testing.T) {
	for _, path := range []string{"/nothing", "/leak/6k", "/cache/", "/warmup/x"} {
		if got := status(Handler(), http.MethodGet, path); got != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", path, got)
		}
	}
	if got := status(Handler(), http.MethodPost, "/leak/1k"); got != http.StatusMethodNotAllowed {
		t.Errorf("POST /leak/1k: status %d, want 405", got)
	}
}
