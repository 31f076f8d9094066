package imports

import (
	"bytes"
	"slices"
	"strings"
)

// maxTarget is how long a request target may be, in bytes.
const maxTarget = 2048

// safe are the bytes of a URI that stay as they are. The braces are not among
// them: {{ and ${ mean something in a scenario.
var safe = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range []byte("-._~!$&'()*+,;=:@/?[]") {
		t[c] = true
	}
	return t
}()

const hexDigits = "0123456789ABCDEF"

// clean makes a path and query of a request target: without host, fragment and
// session ids, everything else percent-encoded. It appends to buf where it must
// write, and returns false for what is no path ("*", "host:443") or too long.
func clean(buf, target []byte) ([]byte, bool) {
	if len(target) == 0 || len(target) > maxTarget {
		return nil, false
	}
	if target[0] != '/' {
		_, rest, found := bytes.Cut(target, []byte("://"))
		if !found {
			return nil, false
		}
		switch slash := bytes.IndexAny(rest, "/?#"); {
		case slash < 0:
			target = []byte("/")
		case rest[slash] == '/':
			target = rest[slash:]
		default:
			target = append([]byte("/"), rest[slash:]...)
		}
	}
	plain := true
	for i, c := range target {
		if !safe[c] && (c != '%' || !encoded(target[i:])) || c == ';' {
			plain = false
			break
		}
	}
	if plain {
		return target, true
	}
	target = withoutSession(target)
	for i, c := range target {
		switch {
		case c == '#':
			return buf, true
		case safe[c] || c == '%' && encoded(target[i:]):
			buf = append(buf, c)
		default:
			buf = append(buf, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return buf, true
}

// encoded is whether b begins with %XX.
func encoded(b []byte) bool {
	return len(b) >= 3 && b[0] == '%' && isHex(b[1]) && isHex(b[2])
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// withoutSession cuts off the session id that servlets and PHP put into a path
// after a semicolon.
func withoutSession(target []byte) []byte {
	at := bytes.IndexByte(target, ';')
	if at < 0 {
		return target
	}
	rest := target[at+1:]
	end := bytes.IndexAny(rest, "/?#;")
	if end < 0 {
		end = len(rest)
	}
	name, _, _ := bytes.Cut(rest[:end], []byte("="))
	if !bytes.EqualFold(name, []byte("jsessionid")) && !secretName(string(name)) {
		return target
	}
	return slices.Concat(target[:at], withoutSession(rest[end:]))
}

// assets are the endings of files that a server hands out as they are.
var assets = func() map[string]bool {
	m := map[string]bool{}
	for _, e := range strings.Fields(`png jpg jpeg gif webp avif svg svgz ico bmp tif tiff css scss less js mjs cjs
		map woff woff2 ttf otf eot mp3 mp4 m4a m4v webm ogg ogv oga wav flac avi mov wasm swf webmanifest`) {
		m[e] = true
	}
	return m
}()

// isAsset is whether a path names such a file.
func isAsset(path []byte) bool {
	dot := bytes.LastIndexByte(path, '.')
	if dot < 0 || len(path)-dot > 12 || bytes.IndexByte(path[dot:], '/') >= 0 {
		return false
	}
	var lower [12]byte
	e := path[dot+1:]
	for i, c := range e {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return assets[string(lower[:len(e)])]
}
