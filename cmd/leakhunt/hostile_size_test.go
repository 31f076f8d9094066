package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// times writes a text so many times, and keeps no more than 64 kB of it.
func times(text string, n int) func(io.Writer) {
	many := max(1, 64<<10/len(text))
	return func(w io.Writer) {
		block := strings.Repeat(text, min(many, n))
		for left := n; left > 0; left -= many {
			if _, err := io.WriteString(w, block[:len(text)*min(left, many)]); err != nil {
				return
			}
		}
	}
}

// all writes texts, and what func(io.Writer) writes, one after the other.
func all(parts ...any) func(io.Writer) {
	return func(w io.Writer) {
		for _, part := range parts {
			switch part := part.(type) {
			case string:
				_, _ = io.WriteString(w, part)
			case func(io.Writer):
				part(w)
			}
		}
	}
}

// gzipped is so many bytes of spaces, packed: as many members as MiB (RFC 1952, section
// 2.2), since deflating all of it takes a minute.
func gzipped(size int) func(io.Writer) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = z.Close()
	return times(b.String(), size>>20)
}

const endlessly = 1 << 40

// vast answers without end, or nearly so.
func (h *hostile) vast(w http.ResponseWriter, page string, n int64) {
	switch page {
	case "vast-login":
		all("<form>", times("<p>x</p>", 1<<30/8), `<input name=csrf value="a-token-of-the-form"></form>`)(w)
	case "large-cookies":
		http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("c%d", n), Value: strings.Repeat("v", 64<<10)})
	case "vars":
		all(`{"cmdline":[],"memstats":{"n":[`, times(`{"a":1},`, endlessly))(w)
	case "metrics":
		times("# HELP x y\nx{a=\"b\"} 1\n", 1<<30/22)(w)
	}
}

// rawVast answers what is hardly HTTP, and without end.
func rawVast(_ net.Conn, b *bufio.ReadWriter, page string) {
	const ok = "HTTP/1.1 200 OK\r\n"
	switch page {
	case "no-end-of-headers":
		all(ok, times("X-A: "+strings.Repeat("y", 100)+"\r\n", endlessly))(b)
	case "large-header":
		all(ok, "X-A: ", times("y", 1<<20), "\r\nContent-Length: 0\r\n\r\n")(b)
	case "bad-chunk":
		_, _ = b.WriteString(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\nx\r\n0\r\n\r\n")
	case "no-end-of-chunk":
		all(ok, "Transfer-Encoding: chunked\r\n\r\n5;", times("x", endlessly))(b)
	}
}
