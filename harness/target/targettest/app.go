package targettest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// maxEcho is the largest body that /echo hands back, in bytes.
const maxEcho = 64 << 10

// Echo is what /echo answers.
type Echo struct {
	Method    string            `json:"method"`
	URI       string            `json:"uri"`
	Headers   map[string]string `json:"headers"` // lower-case names
	BodyBytes int               `json:"body_bytes"`
	SHA256    string            `json:"body_sha256"`
	Body      string            `json:"body,omitempty"`
}

// Handler is the fixture application in Go.
func Handler() http.Handler { return &app{} }

type app struct {
	mu    sync.Mutex
	count int
	last  string // the request before, for who looks into one that is not the test's
	kept  [][]byte
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.count++
	count, last := a.count, a.last
	a.last = r.Method + " " + r.RequestURI + " of " + r.RemoteAddr + " by " + r.UserAgent()
	a.mu.Unlock()
	w.Header().Set("X-App-Last", last)
	w.Header().Set("X-App-Pid", strconv.Itoa(os.Getpid()))
	w.Header().Set("X-App-Count", strconv.Itoa(count))
	bytes, err := strconv.Atoi(r.URL.Query().Get("bytes"))
	if err != nil {
		bytes = 0
	}
	if n, ok := strings.CutPrefix(r.URL.Path, "/status/"); ok {
		a.status(w, n)
		return
	}
	switch r.URL.Path {
	case "/pid":
		text(w, http.StatusOK, strconv.Itoa(os.Getpid()))
	case "/count":
		text(w, http.StatusOK, strconv.Itoa(count))
	case "/", "/clean":
		text(w, http.StatusOK, "clean")
	case "/leak":
		text(w, http.StatusOK, "kept "+strconv.Itoa(a.keep(or(bytes, 1<<10))))
	case "/echo":
		a.echo(w, r)
	case "/big":
		text(w, http.StatusOK, strings.Repeat("x", or(bytes, 10<<20)))
	case "/empty":
		text(w, http.StatusOK, "")
	case "/chunked":
		for _, piece := range []string{"one\n", "two\n", "three\n"} {
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
		}
	case "/redirect":
		w.Header().Set("Location", "/clean")
		text(w, http.StatusFound, "")
	case "/crash":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	default:
		text(w, http.StatusNotFound, "no such route")
	}
}

func (a *app) keep(n int) int {
	block := make([]byte, n)
	for i := range block {
		block[i] = 'x'
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept = append(a.kept, block)
	return len(a.kept)
}

func (a *app) status(w http.ResponseWriter, n string) {
	code, err := strconv.Atoi(n)
	switch {
	case err != nil || code < 200 || code > 999:
		text(w, http.StatusNotFound, "no such route")
	case code == http.StatusNoContent || code == http.StatusNotModified:
		w.WriteHeader(code)
	default:
		text(w, code, "status "+n)
	}
}

func (a *app) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		text(w, http.StatusBadRequest, err.Error())
		return
	}
	said := Echo{
		Method: r.Method, URI: r.URL.RequestURI(), Headers: map[string]string{"host": r.Host},
		BodyBytes: len(body), SHA256: sum(body),
	}
	for name, values := range r.Header {
		said.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	if len(body) <= maxEcho {
		said.Body = string(body)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(said)
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func or(n, fallback int) int {
	if n > 0 {
		return n
	}
	return fallback
}

func sum(body []byte) string {
	s := sha256.Sum256(body)
	return hex.EncodeToString(s[:])
}
