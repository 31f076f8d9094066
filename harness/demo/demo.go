// Package demo is a web application with known leaks and known innocents, to
// try leakhunt on and to test it with. Routes is the truth about it.
package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"text/tabwriter"
	"time"

	"leakhunt/harness/fault"
)

// Handler is a fresh demo application, with nothing kept yet. It serves every
// route of Routes by GET, and the Go profiles under /debug/pprof/.
func Handler() http.Handler {
	a, mux := newApp(), http.NewServeMux()
	for _, r := range Routes {
		mux.HandleFunc("GET "+pattern(r.Path), func(w http.ResponseWriter, req *http.Request) {
			a.mu.Lock()
			defer a.mu.Unlock()
			r.serve(a, r.BytesPerRequest, req.URL.Path)
			_, _ = io.WriteString(w, "ok\n") // a client that has gone needs no answer
		})
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	return mux
}

// pattern is path as http.ServeMux writes it.
func pattern(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return strings.ReplaceAll(path, "{{n}}", "{n}")
}

// Serve serves a fresh Handler on listen, host:port, until ctx ends; port 0
// takes a free one. It writes the address and the truth about each route to
// out. It returns nil when ctx ended, a *fault.Error when it cannot listen.
func Serve(ctx context.Context, listen string, out io.Writer) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return fault.Usagef("the demo cannot listen on %s", listen).Because(err).
			WithHint("Choose another address, or port 0 for a free one.")
	}
	if err := describe(out, ln.Addr().String()); err != nil {
		return errors.Join(err, ln.Close())
	}
	server := &http.Server{Handler: Handler(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// describe prints where the demo is, and Routes, in one write: a program that reads the
// address from it has all of it.
func describe(out io.Writer, address string) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "The demo answers on http://%s, with\n", address)
	for _, r := range Routes {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Path, r.Kind, r.Note)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := out.Write(text.Bytes())
	return err
}
