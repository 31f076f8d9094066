package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// more answers what is HTTP, and not what anybody would want.
func (h *hostile) more(w http.ResponseWriter, r *http.Request, page string) {
	switch page {
	case "bomb":
		w.Header().Set("Content-Encoding", "gzip")
		bomb()(w)
	case "sets":
		for i := range 3000 {
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=%s; Path=/", i, strings.Repeat("v", 100)))
		}
	case "drips":
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	case "login.json":
		_, _ = io.WriteString(w, strings.Repeat(`{"token":`, 1<<20))
	case "refused": // it repeats what it was sent
		w.Header().Set("Set-Cookie", "sid=app-only-cookie")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "no, %s, with Authorization: Bearer app-only-token\n", r.FormValue("password"))
	}
}

// rawMore answers what is no HTTP, either.
func rawMore(conn net.Conn, b *bufio.ReadWriter, page string) {
	const ok = "HTTP/1.1 200 OK\r\n"
	switch page {
	case "chunk":
		_, _ = b.WriteString(ok + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nx")
	case "length":
		_, _ = b.WriteString(ok + "Content-Length: 9223372036854775807\r\n\r\nx")
	case "reset":
		if c, is := conn.(*net.TCPConn); is {
			_ = c.SetLinger(0)
		}
		return
	case "status":
		_, _ = b.WriteString("HTTP/1.1 -1 \r\nContent-Length: 0\r\n\r\n")
	case "words":
		_, _ = b.WriteString("HTTP/1.1 500 \x1b[2J\x07owned\r\nX-\x1b[31m: y\r\nContent-Length: 0\r\n\r\n")
	case "upgrade":
		_, _ = b.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
	case "body":
		_, _ = b.WriteString("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
	}
}

// hostileAgent listens where this process's agent would, in the folder AGENT.
func hostileAgent(what string) {
	l, err := net.Listen("unix", filepath.Join(os.Getenv("AGENT"), strconv.Itoa(os.Getpid())+".sock"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines, n := bufio.NewScanner(conn), 0; lines.Scan(); n++ {
					if !answerBadly(conn, what, n) {
						return
					}
				}
			}()
		}
	}()
}

const agentAnswer = `{"leakhunt":1,"runtime":"ruby","counters":[%s]}` + "\n"

func oneCounter(name, value string) string {
	return fmt.Sprintf(`{"name":"%s","unit":"objects","exact":true,"value":%s}`, name, value)
}

// answerBadly answers the n-th line; false closes the connection.
func answerBadly(w io.Writer, what string, n int) bool {
	good := fmt.Sprintf(agentAnswer, oneCounter("live objects", "12"))
	many := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, oneCounter(strconv.Itoa(i), "1"))
		}
		return fmt.Sprintf(agentAnswer, strings.Join(all, ","))
	}
	var text string
	switch what {
	case "of 2,000 counters":
		text = many(2000)
	case "of 50,000 counters":
		text = many(50_000)
	case "silent":
		return true
	case "endless":
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 64<<10)); err != nil {
				return false
			}
		}
	case "of counters without end":
		all(`{"leakhunt":1,"runtime":"ruby","counters":[`, times(oneCounter("x", "1")+",", endlessly))(w)
		return false
	case "of garbage":
		text = "\x1b[2J\x07\x00 no JSON\n"
	case "that fails":
		text = `{"leakhunt":1,"error":"\u001b[2J Authorization: Bearer app-only-token"}` + "\n"
	case "of another version":
		text = `{"leakhunt":7}` + "\n"
	case "negative":
		text = fmt.Sprintf(agentAnswer, oneCounter("live objects", "-1"))
	case "vast":
		text = fmt.Sprintf(agentAnswer, oneCounter("live objects", "1e308"))
	case "that answers twice":
		text = good + good
	case "that goes":
		if n > 0 {
			return false
		}
		text = good
	case "that changes":
		text = good
		if n > 2 {
			text = fmt.Sprintf(agentAnswer, oneCounter("dead objects", "12"))
		}
	}
	_, err := io.WriteString(w, text)
	return err == nil
}
