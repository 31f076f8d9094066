package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// hostile is an application that does what none should: each page another thing. What
// it does as a whole is in HOSTILE.
type hostile struct {
	n    atomic.Int64
	mu   sync.Mutex
	kept [][]byte

	conns []net.Conn // of forked: they stay open here, too
}

func hostileMain() {
	how := os.Getenv("HOSTILE")
	switch how {
	case "exits":
		fmt.Fprintln(os.Stderr, "no database")
		os.Exit(7)
	case "deaf":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	case "never listens":
		select {}
	case "plants":
		indiscreet()
		return
	case "floods":
		go func() {
			line := []byte(strings.Repeat("x", 1000) + "\n")
			for {
				_, _ = os.Stderr.Write(line)
			}
		}()
	case "daemons":
		for range 3 {
			_ = exec.Command("setsid", "sh", "-c", "sleep 600 & exec sleep 600").Start()
		}
	case "escapes":
		fmt.Fprint(os.Stderr, "\x1b]0;owned\x07\x1b[2J\x1b[31mred\n")
	case "tells":
		fmt.Fprintf(os.Stderr, "Authorization: Bearer app-only-token\nSet-Cookie: sid=app-only-cookie\n%s", os.Getenv("KEY")[:len(os.Getenv("KEY"))/2])
		fmt.Fprintln(os.Stderr, os.Getenv("KEY")[len(os.Getenv("KEY"))/2:])
	}
	if what, ok := strings.CutPrefix(how, "agent "); ok {
		hostileAgent(what)
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	h := &hostile{}
	switch {
	case os.Getenv("HOSTILE_CONN") != "": // of forked
		h.serveInherited()
		return
	case how == "forked":
		h.fork(l)
		return
	}
	_ = (&http.Server{Handler: h, MaxHeaderBytes: 8 << 20}).Serve(l) //nolint:gosec // a fixture on loopback
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := h.n.Add(1)
	switch page := strings.TrimPrefix(r.URL.Path, "/"); page {
	case "hang":
		<-r.Context().Done()
	case "exit":
		if n > 30 {
			fmt.Fprintln(os.Stderr, "\x1b[31mpanic: at last\x1b[0m; Cookie: sid=app-only-cookie")
			os.Exit(7)
		}
	case "kill":
		if n > 30 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	case "stop":
		if n > 30 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
	case "leak":
		h.mu.Lock()
		h.kept = append(h.kept, bytes.Repeat([]byte("x"), 64<<10))
		h.mu.Unlock()
	case "takes": // all that there is, with one request
		for n > 30 {
			h.kept = append(h.kept, bytes.Repeat([]byte("x"), 1<<20))
			time.Sleep(50 * time.Millisecond)
		}
	case "500":
		w.WriteHeader(500)
	case "cookies":
		http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("c%d", n), Value: strings.Repeat("v", 100)})
	case "cookie":
		w.Header().Set("Set-Cookie", "big="+strings.Repeat("v", 900<<10))
	case "login":
		all(`<form><input name=csrf value="a-token-of-the-form">`, times("<p>x</p>", 10<<20/8))(w)
	case "deep":
		_, _ = io.WriteString(w, strings.Repeat("<div>", 1<<20)+`<input name=csrf value="a-token-of-the-form">`)
	case "huge":
		times(string(make([]byte, 64<<10)), 1600)(w)
	case "endless":
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	case "loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "debug/pprof/heap", "debug/pprof/goroutine", "probe":
		h.profile(w, r)
	case "closes", "half", "garbage", "head", "headers", "interim", "smuggle":
		unlike(w, page, raw)
	case "bomb", "sets", "drips", "login.json", "refused":
		h.more(w, r, page)
	case "vast-login", "large-cookies", "vars", "metrics":
		h.vast(w, page, n)
	case "no-end-of-headers", "large-header", "bad-chunk", "no-end-of-chunk":
		unlike(w, page, rawVast)
	case "chunk", "length", "reset", "status", "words", "upgrade", "body":
		unlike(w, page, rawMore)
	default:
		_, _ = io.WriteString(w, "fine\n")
	}
}

// profile is what HOSTILE says that profiles, and probes, are.
func (h *hostile) profile(w http.ResponseWriter, r *http.Request) {
	const totals = "\n# HeapAlloc = 4194304\n# HeapObjects = 4096\n"
	switch os.Getenv("HOSTILE") {
	case "bomb":
		bomb()(w)
	case "large profile":
		_, _ = io.WriteString(w, "heap profile: 1: 1 [1: 1] @ heap/1048576\n")
		line := []byte("1: 1 [1: 1] @ 0x1 0x2 0x3\n#\t0x1\tmain.f+0x1\t/app/main.go:1\n")
		for range 40 << 20 / len(line) {
			_, _ = w.Write(line)
		}
		_, _ = io.WriteString(w, totals)
	case "profile of one line":
		times("x", 64<<20)(w)
	case "large probe":
		all(`{"a":"`, times("x", 40<<20), `","n":1}`)(w)
	case "probe of words":
		_, _ = io.WriteString(w, `{"n":"\u001b[2Jmany"}`)
	case "negative probe":
		_, _ = io.WriteString(w, `{"n":-1}`)
	case "vast probe":
		_, _ = io.WriteString(w, `{"n":1e300}`)
	case "deep probe":
		_, _ = io.WriteString(w, strings.Repeat(`{"n":`, 100_000))
	case "probe of 100,000 lines":
		for i := range 100_000 {
			_, _ = fmt.Fprintf(w, "n{a=\"%d\"} 1\n", i)
		}
	default:
		http.NotFound(w, r)
	}
}

// bomb is 4 GiB in 4 MiB, packed once: packing all of it would take minutes.
var bomb = sync.OnceValue(func() func(io.Writer) { return gzipped(4 << 30) })

// unlike has a page answered by what is written to the connection itself.
func unlike(w http.ResponseWriter, page string, write func(net.Conn, *bufio.ReadWriter, string)) {
	conn, b, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	write(conn, b, page)
	_ = b.Flush()
}

// raw answers what is no HTTP.
func raw(_ net.Conn, b *bufio.ReadWriter, page string) {
	switch page {
	case "half":
		_, _ = b.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	case "garbage":
		_, _ = b.WriteString("\x00\x01\x02 SSH-2.0 \x1b[2J\r\n\r\n")
	case "head":
		for range 1 << 10 {
			_, _ = b.WriteString(strings.Repeat("x", 64<<10))
		}
	case "headers":
		_, _ = b.WriteString("HTTP/1.1 200 OK\r\n")
		for i := range 1 << 20 {
			_, _ = fmt.Fprintf(b, "X-%d: y\r\n", i)
		}
	case "interim":
		for range 1 << 16 {
			_, _ = b.WriteString("HTTP/1.1 100 Continue\r\n\r\n")
		}
	case "smuggle":
		_, _ = b.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// fork has a child serve every connection, and keeps it open itself.
func (h *hostile) fork(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		h.conns = append(h.conns, conn)
		f, err := conn.(*net.TCPConn).File()
		if err != nil {
			return
		}
		child := exec.Command("/proc/self/exe")
		child.Args = []string{"hostile"}
		child.Env = append(os.Environ(), "HOSTILE_CONN=3", "PORT=0")
		child.ExtraFiles = []*os.File{f}
		_ = child.Start()
		_ = f.Close()
		go func() { _ = child.Wait() }()
	}
}

func (h *hostile) serveInherited() {
	conn, err := net.FileConn(os.NewFile(3, "connection"))
	if err != nil {
		return
	}
	l := &once{conn: conn, done: make(chan struct{})}
	_ = (&http.Server{Handler: h, ConnState: func(_ net.Conn, s http.ConnState) { //nolint:gosec // a fixture
		if s == http.StateClosed {
			close(l.done)
		}
	}}).Serve(l)
}

// once is a listener of one connection.
type once struct {
	conn net.Conn
	done chan struct{}
}

func (o *once) Accept() (net.Conn, error) {
	if c := o.conn; c != nil {
		o.conn = nil
		return c, nil
	}
	<-o.done
	return nil, net.ErrClosed
}
func (o *once) Close() error   { return nil }
func (o *once) Addr() net.Addr { return &net.TCPAddr{} }
