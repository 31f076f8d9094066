package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
)

// What a probe or a settle hook reads is a page of the application: a login page
// that it is sent to is none, and one that never comes is not waited for.
func TestFetch(t *testing.T) {
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/login", http.StatusFound)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/hangs":
			<-done
		default:
			_, _ = w.Write([]byte("7"))
		}
	}))
	defer server.Close()
	defer close(done)
	address := strings.TrimPrefix(server.URL, "http://")
	for path, want := range map[string]string{
		"/": "", "/empty": "", "/moved": "status 302, expected 2xx", "/broken": "status 500", "/hangs": "no answer from " + address + " within 100ms",
	} {
		c := load.New(load.Endpoint{Network: "tcp", Address: address, Host: address}, true)
		timeout := time.Minute
		if path == "/hangs" {
			timeout = 100 * time.Millisecond
		}
		err := fetch(c, timeout)(t.Context(), path, io.Discard)
		c.Close()
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", path, err)
		case want != "" && (fault.KindOf(err) != fault.Measure || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
